import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { batchNorm } from '../../examples/figures/batchNorm.js'
import { width } from '../../examples/figures/deep.js'
import { initialization } from '../../examples/figures/initialization.js'
import { selu } from '../../examples/figures/selu.js'
import { assertClose } from '../support/assert.js'
import { drawn, stands } from './support.js'

/** n Var w: by how much a linear layer multiplies the variance. */
const gains: Readonly<Record<string, number>> = {
  'U(±1/√n)': 1 / 3,
  Glorot: 1,
  orthogonal: 1,
  He: 2,
  'N(0, 0.2²)': 0.04 * width,
}

/** The mean factor from one of the numbers to the next. */
const factor = (xs: readonly number[]): number =>
  ((xs.at(-1) ?? Number.NaN) / (xs[0] ?? Number.NaN)) ** (1 / (xs.length - 1))

const { exp, PI, sqrt } = Math

/** The expectation of f over a normal distribution of mean 0, by the trapezoidal rule. */
const expectation = (variance: number, f: (x: number) => number): number => {
  const h = 1 / 64
  let sum = 0 // local mutation
  for (let z = -10; z <= 10; z += h) sum += (h * exp((-z * z) / 2) * f(z * sqrt(variance))) / sqrt(2 * PI)
  return sum
}
const seluOf = (x: number): number => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * (exp(x) - 1))

const nets = initialization.data()

const test = suite('figures of deep nets')

test('initialization: behind ReLUs variances go with n Var w / 2, forwards and backwards', async () => {
  const all = await nets
  assert.is(all.length, 2 * 5)
  for (const layers of all.filter(([l]) => l?.of === 'ReLU')) {
    const gain = (gains[layers[0]?.init ?? ''] ?? Number.NaN) / 2
    assertClose([factor(layers.map(l => l.activation))], [gain], { rel: 0.12 }, layers[0]?.init)
    // the top layer's gradient comes from the loss, not through a ReLU and weights
    const backwards = layers
      .slice(0, -1)
      .map(l => l.gradient)
      .toReversed()
    assertClose([factor(backwards)], [gain], { rel: 0.25 }, layers[0]?.init)
  }
  stands(initialization, await drawn(initialization, all, { line: 2 * 2 * 5 }))
})

test('initialization: behind tanh they go with n Var w where the signal is small, and hardly with Glorot', async () => {
  const [uniform, glorot] = (await nets).filter(([l]) => l?.of === 'tanh')
  assertClose([factor(uniform?.slice(4).map(l => l.activation) ?? [])], [1 / 3], { rel: 0.05 })
  assertClose([factor(uniform?.slice(0, -1).map(l => 1 / l.gradient) ?? [])], [1 / 3], { rel: 0.1 })
  assert.ok(factor(glorot?.map(l => l.activation) ?? []) > 0.75)
  assert.ok(factor(glorot?.map(l => 1 / l.gradient) ?? []) > 0.75)
})

test('selu: each layer moves the variance as the map of the paper does, to the fixed point; ReLU halves it', async () => {
  const runs = await selu.data()
  const [large, unit, small, tanh, relu] = runs.map(r => r.layers)
  for (const layers of [large, unit, small]) {
    for (const [i, { mean, variance }] of (layers ?? []).slice(0, 8).entries()) {
      const second = variance + mean * mean
      const next = layers?.[i + 1]
      const expected = expectation(second, seluOf)
      const spread = expectation(second, x => seluOf(x) ** 2) - expected * expected
      assertClose([next?.variance ?? Number.NaN], [spread], { rel: 0.1 })
      assertClose([next?.mean ?? Number.NaN], [expected], { abs: 0.06 })
    }
    for (const { mean, variance } of (layers ?? []).slice(-10)) {
      assertClose([variance], [1], { abs: 0.2 })
      assertClose([mean], [0], { abs: 0.06 })
    }
  }
  const variances = (layers: typeof relu): readonly number[] => (layers ?? []).slice(1).map(l => l.variance)
  assertClose([factor(variances(relu))], [0.5], { rel: 0.1 })
  assert.ok(variances(tanh).every((v, i) => i < 4 || v < 0.2) && (variances(tanh).at(-1) ?? 1) < 0.05)
  await drawn(selu, runs, { line: 2 * 5, rule: 2, text: 3 })
})

test('batch norm: it trains with it and not without, and the deepest layer is broader', async () => {
  const runs = await batchNorm.data()
  const [without, normalized] = runs
  assert.ok((without?.accuracy ?? 1) < 0.2 && (normalized?.accuracy ?? 0) > 0.95)
  for (const { layers } of runs) {
    assert.is(layers.length, 5)
    for (const { histogram, count } of layers)
      assert.is(
        histogram.counts.reduce((a, b) => a + b),
        count,
      )
  }
  const deepest = runs.map(r => r.layers.at(-1)?.variance ?? Number.NaN)
  assert.ok((deepest[1] ?? 0) > 4 * (deepest[0] ?? 0), deepest.join())
  await drawn(batchNorm, runs, { rect: 2 * 5 * 40 })
})

test.run()
