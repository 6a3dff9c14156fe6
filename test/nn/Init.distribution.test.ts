/**
 * Every random initializer against its exact distribution: mean, variance, and the Kolmogorov-Smirnov distance from the
 * cumulative distribution function, for fixed keys.
 */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { evaluate } from '../../src/backend/evaluate.js'
import { input } from '../../src/graph/Expr.js'
import * as Init from '../../src/nn/Init.js'
import { tensorType } from '../../src/shape/TensorType.js'
import { assertClose, expectRight } from '../support/assert.js'

const test = suite('Init distributions')

/** Phi by Abramowitz & Stegun 7.1.26, to 1.5e-7. */
const phi = (x: number): number => {
  const z = Math.abs(x) / Math.SQRT2
  const t = 1 / (1 + 0.3275911 * z)
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
  const erf = 1 - series * Math.exp(-z * z)
  return x < 0 ? (1 - erf) / 2 : (1 + erf) / 2
}

interface Distribution {
  readonly mean: number
  readonly variance: number
  readonly cdf: (x: number) => number
}
const uniform = (low: number, high: number): Distribution => ({
  mean: (low + high) / 2,
  variance: (high - low) ** 2 / 12,
  cdf: x => Math.min(Math.max((x - low) / (high - low), 0), 1),
})
const even = (limit: number) => uniform(-limit, limit)
const normal = (deviation: number, mean = 0): Distribution => ({
  mean,
  variance: deviation ** 2,
  cdf: x => phi((x - mean) / deviation),
})
/** A normal distribution of this deviation cut at +-2 of it, which leaves a variance of 1 - 4 phi(2) / (2 Phi(2) - 1). */
const cut = (deviation: number, mean = 0): Distribution => ({
  mean,
  variance: deviation ** 2 * (1 - (4 * Math.exp(-2)) / Math.sqrt(2 * Math.PI) / (2 * phi(2) - 1)),
  cdf: x => Math.min(Math.max((phi((x - mean) / deviation) - phi(-2)) / (2 * phi(2) - 1), 0), 1),
})
/** The deviation before the cut that leaves this one after it. */
const widened = (deviation: number) => cut(deviation / 0.87962566103423978)

const [fanIn, fanOut] = [80, 240]
const sum = fanIn + fanOut
const cases: { readonly [name: string]: readonly [Init.Init, Distribution] } = {
  'uniform by default': [Init.uniform(), even(0.05)],
  uniform: [Init.uniform(-1, 3), uniform(-1, 3)],
  'normal by default': [Init.normal(), normal(0.05)],
  normal: [Init.normal(0.5, 2), normal(0.5, 2)],
  'truncatedNormal by default': [Init.truncatedNormal(), cut(0.05)],
  truncatedNormal: [Init.truncatedNormal(0.5, -1), cut(0.5, -1)],
  'varianceScaling by default': [Init.varianceScaling(), widened(Math.sqrt(1 / fanIn))],
  'varianceScaling uncorrected': [
    Init.varianceScaling({ scale: 2, mode: 'fanOut', corrected: false }),
    cut(Math.sqrt(2 / fanOut)),
  ],
  'varianceScaling fanAvg, uniform': [
    Init.varianceScaling({ scale: 3, mode: 'fanAvg', distribution: 'uniform' }),
    even(Math.sqrt((3 * 3 * 2) / sum)),
  ],
  'varianceScaling fanOut, normal': [
    Init.varianceScaling({ scale: 0.5, mode: 'fanOut', distribution: 'normal' }),
    normal(Math.sqrt(0.5 / fanOut)),
  ],
  glorotUniform: [Init.glorotUniform(), even(Math.sqrt(6 / sum))],
  glorotNormal: [Init.glorotNormal(), normal(Math.sqrt(2 / sum))],
  he: [Init.he(), normal(Math.sqrt(2 / fanIn))],
  heUniform: [Init.heUniform(), even(Math.sqrt(6 / fanIn))],
  heNormal: [Init.heNormal(), normal(Math.sqrt(2 / fanIn))],
  'he, truncated': [Init.he({ distribution: 'truncatedNormal' }), widened(Math.sqrt(2 / fanIn))],
  lecun: [Init.lecun(), normal(Math.sqrt(1 / fanIn))],
  lecunUniform: [Init.lecunUniform(), even(Math.sqrt(3 / fanIn))],
  lecunNormal: [Init.lecunNormal(), normal(Math.sqrt(1 / fanIn))],
  'the lecture, logistic': [Init.forActivation('logistic'), even(Math.sqrt(6 / sum))],
  'the lecture, tanh': [Init.forActivation('tanh'), even(4 * Math.sqrt(6 / sum))],
  'the lecture, relu': [Init.forActivation('relu'), even(Math.SQRT2 * Math.sqrt(6 / sum))],
  'the lecture, logistic, normal': [Init.forActivation('logistic', 'normal'), normal(Math.sqrt(2 / sum))],
  'the lecture, tanh, normal': [Init.forActivation('tanh', 'normal'), normal(4 * Math.sqrt(2 / sum))],
  'the lecture, relu, normal': [Init.forActivation('relu', 'normal'), normal(Math.SQRT2 * Math.sqrt(2 / sum))],
}

const draw = (init: Init.Init, key: number): Float64Array => {
  const values = Init.values(init, [fanIn, fanOut], input('key', tensorType('i32', [4])))
  return Float64Array.from(expectRight(evaluate(values, { key: [key, 7, 0, 0] })).values)
}

for (const [name, [init, { mean, variance, cdf }]] of Object.entries(cases))
  test(`${name}: mean, variance, distribution`, () => {
    for (const key of [1, 2]) {
      const x = draw(init, key).sort()
      const n = x.length
      const average = x.reduce((a, b) => a + b, 0) / n
      const spread = x.reduce((a, b) => a + (b - average) ** 2, 0) / n
      assertClose([average], [mean], { abs: 3 * Math.sqrt(variance / n) }, 'mean') // three standard errors
      assertClose([spread], [variance], { rel: 3 * Math.sqrt(2 / n) }, 'variance')
      const distance = x.reduce((d, v, i) => Math.max(d, cdf(v) - i / n, (i + 1) / n - cdf(v)), 0)
      assert.ok(distance < 1.63 / Math.sqrt(n), `Kolmogorov-Smirnov distance ${distance}, 1% of samples exceed 0.0118`)
    }
  })

const drawn = (init: Init.Init, fans: Init.Fans): ArrayLike<number> => {
  const values = Init.values(init, [9], input('key', tensorType('i32', [4])), fans)
  return Float64Array.from(expectRight(evaluate(values, { key: [1, 2, 3, 4] })).values)
}
const times = (values: ArrayLike<number>, by: number) => Array.from(values, x => x * by)

test('a truncated normal is widened by the standard deviation that the cut leaves', () => {
  const fans = { in: 7, out: 3 }
  const plain = drawn(Init.varianceScaling({ corrected: false }), fans)
  const left = Math.sqrt(1 - (4 * Math.exp(-2)) / Math.sqrt(2 * Math.PI) / 0.9544997361036416)
  assertClose(drawn(Init.varianceScaling(), fans), times(plain, 1 / left), { rel: 2e-7 })
})

test('a fan below 1 counts as 1, and 1 as 1', () => {
  const of = (n: number) => drawn(Init.heNormal(), { in: n, out: 9 })
  assertClose(of(0), of(1), { rel: 0 })
  assertClose(of(1), times(of(2), Math.SQRT2), { rel: 2e-7 })
})

test.run()
