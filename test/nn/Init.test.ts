import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as t from '#io/index.js'
import { evaluate as run } from '../../src/backend/evaluate.js'
import { evaluate } from '../../src/backend/reference.js'
import { input } from '../../src/graph/Expr.js'
import * as Init from '../../src/nn/Init.js'
import * as random from '../../src/op/random.js'
import { tensorType } from '../../src/shape/TensorType.js'
import { assertClose, expectLeft, expectRight } from '../support/assert.js'

const test = suite('Init')

const draw = (init: Init.Init, shape: readonly number[], k = 11): readonly number[] => {
  const values = Init.values(init, shape, input('key', tensorType('i32', [4])))
  const [v] = expectRight(evaluate([values], { key: [k, 22, 0, 0] }))
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

// --- orthogonal and identity ------------------------------------------------------------------------------------------
const ofKernels = (init: Init.Init, size: readonly number[], k = 11): readonly number[] =>
  Array.from(
    expectRight(run(Init.values(init, size, input('key', tensorType('i32', [4]))), { key: [k, 22, 0, 0] })).values,
  )

/** The inner products of the columns of a matrix [m, n]. */
const products = (q: readonly number[], m: number, n: number): readonly number[] =>
  Array.from({ length: n * n }, (_, i) => {
    let total = 0
    for (let r = 0; r < m; r++) total += (q[r * n + Math.floor(i / n)] as number) * (q[r * n + (i % n)] as number)
    return total
  })
const transposed = (q: readonly number[], m: number, n: number): readonly number[] =>
  Array.from({ length: m * n }, (_, i) => q[(i % m) * n + Math.floor(i / m)] as number)
const unit = (n: number, gain = 1): readonly number[] =>
  Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? gain * gain : 0))

for (const [m, n] of [
  [1, 1],
  [2, 2],
  [3, 3],
  [5, 3],
  [17, 16],
  [100, 100],
  [200, 30],
] as const)
  test(`orthogonal [${m}, ${n}]: Q^t Q = I to 1e-5 from the kernels, transposed too`, () => {
    assertClose(products(ofKernels(Init.orthogonal(), [m, n]), m, n), unit(n), { abs: 2e-6 })
    const wide = ofKernels(Init.orthogonal({ gain: 3 }), [n, m])
    assertClose(products(transposed(wide, n, m), m, n), unit(n, 3), { abs: 2e-5 })
  })

test('orthogonal is the product of the reflections of its header', () => {
  const [m, n] = [6, 4]
  const key = input('key', tensorType('i32', [4]))
  const [normal] = expectRight(evaluate([random.normal(key, [m, n])], { key: [5, 6, 0, 0] }))
  const q: number[] = Array.from({ length: m * n }, (_, i) => (Math.floor(i / n) === i % n ? 1 : 0))
  for (let j = n - 1; j >= 0; j--) {
    const v = Array.from({ length: m }, (_, r) => (r < j ? 0 : (normal?.values[r * n + j] as number)))
    const sign = (v[j] as number) < 0 ? -1 : 1
    v[j] = (v[j] as number) + sign * Math.sqrt(v.reduce((a, x) => a + x * x, 0))
    const squared = v.reduce((a, x) => a + x * x, 0)
    for (let c = 0; c < n; c++) {
      const along = v.reduce((a, x, r) => a + x * (q[r * n + c] as number), 0)
      for (let r = 0; r < m; r++) q[r * n + c] = (q[r * n + c] as number) - (2 * along * (v[r] as number)) / squared
      if (c === j) for (let r = 0; r < m; r++) q[r * n + c] = -sign * (q[r * n + c] as number)
    }
  }
  const [got] = expectRight(evaluate([Init.values(Init.orthogonal(), [m, n], key)], { key: [5, 6, 0, 0] }))
  assertClose(got?.values ?? [], q, { abs: 1e-12 })
})

test('orthogonal is uniform: E q = 0, E q^2 = 1/m, E q^4 = 3/(m (m + 2)), and both determinants occur', () => {
  const [count, m] = [600, 3]
  const all = Array.from({ length: count }, (_, k) => draw(Init.orthogonal(), [m, m], k))
  for (let i = 0; i < m * m; i++) {
    const power = (p: number) => all.reduce((a, q) => a + (q[i] as number) ** p, 0) / count
    assertClose([power(1), power(2), power(4)], [0, 1 / 3, 1 / 5], { abs: 0.075 }, `element ${i}`)
  }
  const positive = all.filter(([a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0, i = 0]) => {
    return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g) > 0
  }).length
  assert.ok(Math.abs(positive - count / 2) < 60, `${positive} of ${count}`)
})

test('a kernel is orthogonal as the matrix [field x in, out]', () => {
  assertClose(products(draw(Init.orthogonal(), [2, 2, 3, 4]), 12, 4), unit(4), { abs: 1e-12 })
})

test('identity: of a matrix, of one that is not square, of a kernel in the middle of its field', () => {
  assert.equal(draw(Init.identity(), [2, 2]), [1, 0, 0, 1])
  assert.equal(draw(Init.identity({ gain: -2 }), [2, 3]), [-2, 0, 0, 0, -2, 0])
  const kernel = draw(Init.identity(), [3, 5, 2, 2])
  assert.is(kernel.filter(v => v !== 0).length, 2)
  assert.equal(kernel.slice(4 * (1 * 5 + 2), 4 * (1 * 5 + 2) + 4), [1, 0, 0, 1])
})

test('orthogonal and identity refuse vectors', () => {
  for (const init of [Init.orthogonal(), Init.identity()]) {
    const e = Init.values(init, [3], input('key', tensorType('i32', [4])))
    assert.ok(e._tag === 'Invalid')
    assert.match(e.error.message, /is for matrices and kernels, but the parameter is \[3\]; choose another initializer/)
  }
})

test('the same key gives the same values from the kernels, another other ones', () => {
  for (const init of [Init.orthogonal(), Init.heNormal(), Init.varianceScaling()]) {
    assert.equal(ofKernels(init, [4, 4]), ofKernels(init, [4, 4]))
    assert.not.equal(ofKernels(init, [4, 4]), ofKernels(init, [4, 4], 12))
  }
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
  const others = [Init.zeros(), Init.ones(), Init.constant(2), Init.orthogonal({ gain: 2 }), Init.identity()]
  for (const init of [...spread.map(([, init]) => init), ...others]) {
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
  for (const init of [
    Init.normal(0),
    Init.uniform(NaN),
    Init.varianceScaling({ scale: -1 }),
    Init.orthogonal({ gain: 0 }),
  ])
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
