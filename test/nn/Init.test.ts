import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as t from '#io/index.js'
import { evaluate } from '../../src/backend/reference.js'
import { input } from '../../src/graph/Expr.js'
import * as Init from '../../src/nn/Init.js'
import { tensorType } from '../../src/shape/TensorType.js'
import { assertClose, expectLeft, expectRight } from '../support/assert.js'

const test = suite('Init')

const draw = (init: Init.Init, shape: readonly number[]): readonly number[] => {
  const values = Init.values(init, shape, input('key', tensorType('i32', [4])))
  const [v] = expectRight(evaluate([values], { key: [11, 22, 0, 0] }))
  assert.equal(v?.shape, shape)
  return [...(v?.values ?? [])]
}
const moments = (x: readonly number[]) => {
  const mean = x.reduce((a, b) => a + b, 0) / x.length
  return { mean, deviation: Math.sqrt(x.reduce((a, b) => a + (b - mean) ** 2, 0) / x.length) }
}
const largest = (x: readonly number[]) => x.reduce((a, b) => Math.max(a, Math.abs(b)), 0)

/** A kernel whose fans are 60 and 180. */
const shape = [60, 180]

test('fills', () => {
  assert.equal(draw(Init.zeros(), [3]), [0, 0, 0])
  assert.equal(draw(Init.ones(), [2]), [1, 1])
  assert.equal(draw(Init.constant(0.25), []), [0.25])
})

const spread: readonly (readonly [string, Init.Init, number, number])[] = [
  ['uniform', Init.uniform(-1, 1), 1 / Math.sqrt(3), 1],
  ['normal', Init.normal(2), 2, Infinity],
  ['truncatedNormal', Init.truncatedNormal(1), 0.8796256610342398, 2],
  ['glorotUniform', Init.glorotUniform(), Math.sqrt(2 / 240), Math.sqrt(6 / 240)],
  ['glorotNormal', Init.glorotNormal(), Math.sqrt(2 / 240), Infinity],
  ['heUniform', Init.heUniform(), Math.sqrt(2 / 60), Math.sqrt(6 / 60)],
  ['heNormal', Init.heNormal(), Math.sqrt(2 / 60), Infinity],
  ['lecunNormal', Init.lecunNormal(), Math.sqrt(1 / 60), Infinity],
  ['lecunUniform', Init.lecunUniform(), Math.sqrt(1 / 60), Math.sqrt(3 / 60)],
  [
    'varianceScaling fanOut, corrected',
    Init.varianceScaling({ mode: 'fanOut' }),
    Math.sqrt(1 / 180),
    (2 * Math.sqrt(1 / 180)) / 0.8796256610342398,
  ],
  [
    'varianceScaling fanOut, uncorrected',
    Init.varianceScaling({ mode: 'fanOut', corrected: false }),
    0.8796256610342398 * Math.sqrt(1 / 180),
    2 * Math.sqrt(1 / 180),
  ],
  ['forActivation logistic', Init.forActivation('logistic'), Math.sqrt(2 / 240), Math.sqrt(6 / 240)],
  ['forActivation tanh', Init.forActivation('tanh'), 4 * Math.sqrt(2 / 240), 4 * Math.sqrt(6 / 240)],
  ['forActivation relu, normal', Init.forActivation('relu', 'normal'), Math.sqrt(4 / 240), Infinity],
]
for (const [name, init, deviation, limit] of spread)
  test(`${name} has its deviation and limit`, () => {
    const x = draw(init, shape)
    const got = moments(x)
    assertClose([got.mean], [0], { abs: deviation / 25 })
    assertClose([got.deviation], [deviation], { rel: 0.02 })
    assert.ok(largest(x) <= limit * (1 + 1e-12))
    if (Number.isFinite(limit)) assert.ok(largest(x) > 0.98 * limit, 'reaches near its limit')
  })

test('fans of vectors, matrices and kernels', () => {
  assert.equal(Init.fansOf([]), { in: 1, out: 1 })
  assert.equal(Init.fansOf([7]), { in: 7, out: 7 })
  assert.equal(Init.fansOf([3, 5]), { in: 3, out: 5 })
  assert.equal(Init.fansOf([3, 3, 8, 16]), { in: 72, out: 144 })
})

test('the same settings are the same data', () => {
  assert.equal(Init.he(), Init.varianceScaling({ scale: 2, distribution: 'normal' }))
  assert.equal(Init.codec.encode(Init.lecun()), Init.codec.encode(Init.lecunNormal()))
})

test('decode . encode = id, and decoding binds the definition', () => {
  for (const [, init] of spread) {
    const decoded = expectRight(Init.codec.decode(JSON.parse(JSON.stringify(Init.codec.encode(init)))))
    assert.equal(decoded.config, init.config)
    assert.is(decoded.def, init.def)
  }
})

test('a standard kind needs no definition, another does', () => {
  assert.is(expectRight(Init.resolve({ of: 'init', kind: 'gradus/ones', config: null })), Init.ones().def)
  assert.match(expectLeft(Init.resolve({ of: 'init', kind: 'acme/x', config: null })), /"acme\/x" has no definition/)
})

test('refuses impossible settings', () => {
  for (const init of [Init.normal(0), Init.uniform(NaN), Init.varianceScaling({ scale: -1 })])
    expectLeft(Init.resolve(init))
  expectLeft(Init.codec.decode({ of: 'loss', kind: 'gradus/ones', config: null }))
  expectLeft(Init.codec.decode({ of: 'init', kind: 'gradus/constant', config: { value: 'x' } }))
})

test('a user declares one', () => {
  const twice = Init.define({
    kind: 'acme/twice',
    config: t.type({ x: t.number }),
    make: ({ x }, s, fans, key) => Init.values(Init.constant(2 * x * fans.in), s, key),
  })
  assert.equal(draw(twice({ x: 3 }), [2]), [12, 12])
})

test.run()
