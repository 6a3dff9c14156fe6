import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pipe } from '#fp/function.js'
import { type Expr, input } from '../../src/graph/Expr.js'
import * as Layer from '../../src/nn/Layer.js'
import * as Net from '../../src/nn/Net.js'
import { mul } from '../../src/op/arithmetic.js'
import { sum } from '../../src/op/broadcast.js'
import { normal, uniform } from '../../src/op/random.js'
import { tensorType } from '../../src/shape/TensorType.js'
import { grad } from '../../src/transform/Grad.js'
import { assertBits, assertClose, expectLeft, expectRight } from '../support/assert.js'
import { exact, inputOf, kernels, meaning, noise, type Values } from './support.js'

const test = suite('dropout')

const layers = {
  dropout: Layer.dropout,
  spatialDropout: Layer.spatialDropout,
  alphaDropout: Layer.alphaDropout,
  gaussianDropout: Layer.gaussianDropout,
  gaussianNoise: Layer.gaussianNoise,
}
const key = (name: string, k: number): Values => ({ [`key ${name}1`]: [k, 2, 3, 4] })
const moments = (y: readonly number[]) => {
  const mean = y.reduce((a, b) => a + b, 0) / y.length
  return { mean, variance: y.reduce((a, b) => a + (b - mean) ** 2, 0) / y.length }
}

for (const [name, layer] of Object.entries(layers)) {
  test(`${name} of strength 0, in a model or frozen is the input itself, bit for bit`, () => {
    const none = pipe(Net.input(5), layer(0))
    const some = pipe(Net.input(5), layer(0.5))
    const x = Float32Array.of(1, -0, Number.POSITIVE_INFINITY, 1.4e-45, 3)
    for (const net of [meaning(none), meaning(none, 'infer'), meaning(some, 'infer'), meaning(Net.freeze(some))]) {
      assert.equal(net.draws, [])
      assertBits(Float32Array.from(kernels([net.output], { input: x }, 1)[0] ?? []), x)
    }
    assert.equal(meaning(some).draws, [`${name}1`])
  })

  test(`${name} draws anew with every key, and the same with the same, in the gradient too`, () => {
    const net = pipe(Net.input(64), layer(0.5))
    const { output } = meaning(net)
    const x = noise(128)
    const at = (k: number) => kernels([output], { input: x, ...key(name, k) }, 2)[0]
    assert.equal(at(1), at(1))
    assert.not.equal(at(1), at(2))
    const { gradients } = expectRight(grad(sum(mul(output, output)), [inputOf(net)]))
    const [y = [], g = []] = kernels([output, ...gradients], { input: x, ...key(name, 7) }, 2)
    const slope =
      name === 'gaussianNoise'
        ? () => 1
        : name === 'alphaDropout'
          ? slopeOfAlpha
          : (i: number) => (y[i] as number) / (x[i] as number)
    assertClose(
      g,
      y.map((v, i) => 2 * v * slope(i, v)),
      { rel: 1e-5, abs: 1e-6 },
    )
  })

  test(`${name} refuses strengths out of range`, () => {
    const bad = name === 'gaussianNoise' ? [-1, Number.NaN, Number.POSITIVE_INFINITY] : [-0.1, 1, 1.5, Number.NaN]
    for (const s of bad)
      assert.match(expectLeft(Net.check(pipe(Net.input(2), layer(s)))).message, /(rate|deviation) must be a number/)
  })
}

/** For rate 1/2: q = 1/2, l = -1.7580993408473768. */
const scaleOfAlpha = 1 / Math.sqrt(0.5 + 1.7580993408473768 ** 2 * 0.25)
const offsetOfAlpha = scaleOfAlpha * 0.5 * 1.7580993408473768
const droppedByAlpha = -scaleOfAlpha * 1.7580993408473768 + offsetOfAlpha
const slopeOfAlpha = (_i: number, v: number): number => (Math.abs(v - droppedByAlpha) < 1e-5 ? 0 : scaleOfAlpha)

test('dropout: the share kept is 1 - rate, what is kept is scaled up, and the mean stays, at both extremes too', () => {
  for (const rate of [0.001, 0.1, 0.5, 0.9, 0.999]) {
    const { output } = meaning(pipe(Net.input(40_000), Layer.dropout(rate)))
    const [y = []] = kernels([output], { input: new Float32Array(40_000).fill(2), ...key('dropout', 5) }, 1)
    const up = Math.fround(2 * Math.fround(1 / (1 - rate)))
    assert.ok(y.every(v => v === 0 || v === up))
    const kept = y.filter(v => v !== 0).length
    const deviation = Math.sqrt(40_000 * rate * (1 - rate))
    assert.ok(Math.abs(kept - 40_000 * (1 - rate)) < 4 * deviation, `${kept} of 40000 at ${rate}`)
  }
})

test('an element is kept if its draw is below 1 - rate, and dropped if it is equal', () => {
  const draws = uniform(input('key', tensorType('i32', [4])), [1, 64])
  const [u = []] = exact([draws], { key: [4, 2, 3, 4] }, 1)
  for (const name of ['dropout', 'alphaDropout'] as const) {
    const { output } = meaning(pipe(Net.input(64), layers[name](1 - (u[5] as number))))
    const [y = []] = exact([output], { input: new Float32Array(64), ...key(name, 4) }, 1)
    const [z = []] = exact([output], { input: new Float32Array(64).fill(1), ...key(name, 4) }, 1)
    assert.equal(
      y.map((v, i) => v !== z[i]),
      u.map(v => v < (u[5] as number)),
    )
  }
})

test('over all 2^k masks, a linear net behind dropout is on average the net without it', () => {
  const k = 6
  const rate = 0.3
  const [w, x] = [noise(2 * k, 3), noise(k, 4)]
  const net = pipe(Net.input(k), Layer.dropout(rate), Layer.dense(2, { name: 'd' }))
  const { output } = meaning(net)
  const bindings = { input: x, 'd/w': w, 'd/b': [0.5, -1] }
  const full = exact([meaning(net, 'infer').output], bindings, 1)[0] ?? []
  const average = [0, 0]
  const found = new Map<string, readonly number[]>()
  const [dropped] = [meaning(pipe(Net.input(k), Layer.dropout(rate))).output]
  for (let n = 0; found.size < 2 ** k && n < 20_000; n++) {
    const bound = { ...bindings, ...key('dropout', n) }
    const [mask = [], y = []] = exact([dropped, output], bound, 1)
    found.set(mask.map(v => (v === 0 ? '0' : '1')).join(''), y)
  }
  assert.is(found.size, 2 ** k)
  for (const [mask, y] of found) {
    const kept = [...mask].filter(c => c === '1').length
    const p = (1 - rate) ** kept * rate ** (k - kept)
    y.forEach((v, j) => {
      average[j] = (average[j] as number) + p * v
    })
  }
  assertClose(average, full, { rel: 1e-10, abs: 1e-10 })
})

test('spatialDropout drops whole channels of a row, and is dropout for vectors', () => {
  const [rows, h, w, c] = [3, 4, 5, 64] as const
  const { output } = meaning(pipe(Net.input(h, w, c), Layer.spatialDropout(0.25)))
  const x = new Float32Array(rows * h * w * c).fill(3)
  const [y = []] = kernels([output], { input: x, ...key('spatialDropout', 9) }, rows)
  assert.ok(y.every(v => v === 0 || v === 4))
  const masks = Array.from({ length: rows }, (_, r) => y.slice(r * h * w * c, r * h * w * c + c))
  y.forEach((v, i) => {
    assert.is(v, masks[Math.floor(i / (h * w * c))]?.[i % c])
  })
  assert.not.equal(masks[0], masks[1])
  const kept = masks.flat().filter(v => v !== 0).length
  assert.ok(Math.abs(kept - 144) < 4 * Math.sqrt(192 * 0.25 * 0.75), `${kept} of 192 channels`)
  const vector = (layer: (x: Net.Net<readonly [64], readonly [64]>) => Net.AnyNet, name: string) =>
    kernels([meaning(layer(Net.input(64))).output], { input: noise(128), ...key(name, 9) }, 2)[0]
  assert.equal(vector(Layer.spatialDropout(0.25), 'spatialDropout'), vector(Layer.dropout(0.25), 'dropout'))
})

test('alphaDropout is the affine map of the paper', () => {
  const { output } = meaning(pipe(Net.input(1000), Layer.alphaDropout(0.1)))
  const x = noise(1000)
  const [y = []] = kernels([output], { input: x, ...key('alphaDropout', 1) }, 1)
  const [a, b] = [0.921285, 0.16197]
  const left = a * -1.7580993408473768 + b
  const kept = y.filter((v, i) => Math.abs(v - (a * (x[i] as number) + b)) < 2e-5).length
  const dropped = y.filter(v => Math.abs(v - left) < 2e-5).length
  assert.is(kept + dropped, 1000)
  assert.ok(dropped > 60 && dropped < 140, `${dropped} of 1000`)
})

/** Standard normal numbers, by the library's own draw. */
const normals = (n: number, seed: number): readonly number[] => {
  const [y = []] = kernels(
    [meaning(pipe(Net.input(n), Layer.gaussianNoise(1))).output],
    { input: new Float32Array(n), 'key gaussianNoise1': [seed, 0, 0, 0] },
    1,
  )
  return y
}

test('alphaDropout keeps mean 0 and variance 1, which dropout does not', () => {
  const x = normals(100_000, 8)
  for (const rate of [0.05, 0.1, 0.5, 0.9]) {
    const [y = []] = kernels(
      [meaning(pipe(Net.input(100_000), Layer.alphaDropout(rate))).output],
      { input: x, ...key('alphaDropout', 3) },
      1,
    )
    const { mean, variance } = moments(y)
    assertClose([mean, variance], [0, 1], { abs: 0.03 }, `rate ${rate}`)
  }
  const [y = []] = kernels(
    [meaning(pipe(Net.input(100_000), Layer.dropout(0.5))).output],
    { input: x, ...key('dropout', 3) },
    1,
  )
  assertClose([moments(y).variance], [2], { abs: 0.06 })
})

test('gaussianNoise and gaussianDropout have the moments they promise', () => {
  const ones = new Float32Array(100_000).fill(3)
  const at = (output: Expr, name: string) => moments(kernels([output], { input: ones, ...key(name, 2) }, 1)[0] ?? [])
  const added = at(meaning(pipe(Net.input(100_000), Layer.gaussianNoise(0.5))).output, 'gaussianNoise')
  assertClose([added.mean, added.variance], [3, 0.25], { abs: 0.008 })
  const scaled = at(meaning(pipe(Net.input(100_000), Layer.gaussianDropout(0.2))).output, 'gaussianDropout')
  assertClose([scaled.mean, scaled.variance], [3, 9 * 0.25], { rel: 0.02 })
})

test('gaussianNoise adds its draws', () => {
  const draws = mul(normal(input('key gaussianNoise1', tensorType('i32', [4])), [1, 64]), 0.5)
  const noisy = meaning(pipe(Net.input(64), Layer.gaussianNoise(0.5))).output
  const bound = { input: new Float32Array(64), ...key('gaussianNoise', 4) }
  const [wanted, y] = exact([draws, noisy], bound, 1)
  assert.equal(y, wanted)
})

test('the masks of two layers differ', () => {
  const net = pipe(Net.input(64), Layer.dropout(0.5, { name: 'a' }), Layer.dropout(0.5, { name: 'b' }))
  assert.equal(meaning(net).draws, ['a', 'b'])
  const bound = { input: new Float32Array(64).fill(1), 'key a': [1, 0, 0, 0], 'key b': [2, 0, 0, 0] }
  const [y = []] = kernels([meaning(net).output], bound, 1)
  assert.ok(y.every(v => v === 0 || v === 4))
  const kept = y.filter(v => v === 4).length
  assert.ok(kept > 4 && kept < 30, `${kept} of 64`)
})

test.run()
