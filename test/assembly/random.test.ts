/** Philox4x32-10: published known answers, a scalar model of the layout, and the distributions' moments and quantiles. */

import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { compile } from '../support/asc.js'
import { assertBits } from '../support/assert.js'

const { memory, call } = await compile("export * from './assembly/random'", 128)
const [key, output] = [64, 1024]

type Draw = {
  readonly key: readonly [number, number]
  readonly step: readonly [number, number]
  readonly stream: number
}
const zero: Draw = { key: [0, 0], step: [0, 0], stream: 0 }

const draw = (kernel: string, count: number, { key: k, step, stream }: Draw = zero): Float32Array<ArrayBuffer> => {
  new Uint32Array(memory.buffer, key, 4).set([...k, ...step])
  new Uint32Array(memory.buffer, 0, 4).set([key, output, count, stream])
  call(kernel)(0)
  return new Float32Array(memory.buffer, output, count).slice()
}

/** Philox4x32-10 of one counter, word by word in 64-bit integers. */
const philox = (counter: readonly number[], [k0, k1]: readonly [number, number]): readonly number[] => {
  let c = counter.map(x => BigInt(x >>> 0))
  for (let round = 0n; round < 10n; round++) {
    const [c0 = 0n, c1 = 0n, c2 = 0n, c3 = 0n] = c
    const [p, q] = [c0 * 0xd2511f53n, c2 * 0xcd9e8d57n]
    const ka = BigInt.asUintN(32, BigInt(k0 >>> 0) + round * 0x9e3779b9n)
    const kb = BigInt.asUintN(32, BigInt(k1 >>> 0) + round * 0xbb67ae85n)
    c = [(q >> 32n) ^ c1 ^ ka, BigInt.asUintN(32, q), (p >> 32n) ^ c3 ^ kb, BigInt.asUintN(32, p)]
  }
  return c.map(Number)
}
const model = (count: number, { key: k, step, stream }: Draw): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length: count }, (_, e) => {
    const words = philox([e >> 2, stream, ...step], k)
    return ((words[e & 3] as number) >>> 8) * 2 ** -24
  })

const test = suite('random')

/** Random123's kat_vectors for philox4x32-10: counter, key, result. */
const known = [
  [
    [0, 0, 0, 0],
    [0, 0],
    [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  ],
  [
    [~0, ~0, ~0, ~0],
    [~0, ~0],
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  ],
  [
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  ],
] as const

test('the model gives the published known answers', () => {
  for (const [counter, k, words] of known) assert.equal(philox(counter, k), [...words])
})

test('the kernel gives the first of them, whose block is 0', () => {
  const words = known[0][2]
  assertBits(
    draw('uniform', 4),
    Float32Array.from(words, x => (x >>> 8) * 2 ** -24),
  )
})

test('the kernel agrees with the model for any key, step and stream', () => {
  const draws: readonly Draw[] = [
    { key: [0xa4093822, 0x299f31d0], step: [0x13198a2e, 0x03707344], stream: 0x85a308d3 },
    { key: [0xffffffff, 0xffffffff], step: [0xffffffff, 0xffffffff], stream: 0xffffffff },
    { key: [1, 0], step: [2, 0], stream: 3 },
    { key: [0, 1], step: [0, 2], stream: 0 },
  ]
  for (const at of draws) assertBits(draw('uniform', 1003, at), model(1003, at))
})

test('exactly count elements are written, and a prefix does not depend on the count', () => {
  const all = draw('normal', 100)
  const canary = 0x7fc12345
  for (let count = 0; count <= 37; count++) {
    new Uint32Array(memory.buffer, output, 64).fill(canary)
    assertBits(draw('normal', count), all.slice(0, count), `count ${count}`)
    const rest = new Uint32Array(memory.buffer, output + count * 4, 64 - count)
    assert.ok(
      rest.every(x => x === canary),
      `written beyond ${count}`,
    )
  }
})

const count = 1 << 20
const at: Draw = { key: [7, 11], step: [13, 0], stream: 5 }
const moment = (x: Float32Array, power: number): number => x.reduce((sum, y) => sum + y ** power, 0) / x.length
const within = (actual: number, expected: number, deviation: number, what: string): void => {
  if (!(Math.abs(actual - expected) <= 5 * deviation)) assert.unreachable(`${what}: ${actual}, expected ${expected}`)
}

/** The standard normal distribution function, by the series of erf. */
const normalCdf = (z: number): number => {
  let term = z
  let sum = z
  for (let n = 1; n < 200; n++) {
    term *= (-z * z) / (2 * n)
    sum += term / (2 * n + 1)
  }
  return 0.5 + sum / Math.sqrt(2 * Math.PI)
}
const density = (z: number): number => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)

test('uniform: mean, variance, range, and no correlation between neighbors', () => {
  const x = draw('uniform', count, at)
  within(moment(x, 1), 1 / 2, 1 / Math.sqrt(12 * count), 'mean')
  within(moment(x, 2), 1 / 3, Math.sqrt(4 / 45 / count), 'second moment')
  assert.ok(x.every(y => y >= 0 && y < 1))
  for (const lag of [1, 2, 4, 16]) {
    let sum = 0
    for (let i = lag; i < count; i++) sum += ((x[i] as number) - 0.5) * ((x[i - lag] as number) - 0.5)
    within(sum / (count - lag), 0, 1 / 12 / Math.sqrt(count), `covariance at lag ${lag}`)
  }
})

test('normal: moments, and every value is the quantile of its uniform', () => {
  const z = draw('normal', count, at)
  const u = draw('uniform', count, at)
  const moments = [0, 1, 0, 3]
  const variances = [1, 2, 15, 96]
  moments.forEach((expected, i) => {
    within(moment(z, i + 1), expected, Math.sqrt((variances[i] as number) / count), `moment ${i + 1}`)
  })
  for (let i = 0; i < count; i += 13) {
    const x = z[i] as number
    const error = (normalCdf(x) - ((u[i] as number) + 2 ** -25)) / density(x)
    // the second term is what the series itself loses in the tails
    const allowed = 5e-7 * Math.abs(x) + 1e-14 / density(x)
    if (!(Math.abs(error) <= allowed)) assert.unreachable(`normal ${x} of ${u[i]} is off by ${error}`)
  }
})

test('truncatedNormal: bounds, variance, and every value is the quantile of its uniform', () => {
  const z = draw('truncatedNormal', count, at)
  const u = draw('uniform', count, at)
  const mass = 2 * normalCdf(2) - 1
  const variance = 1 - (4 * density(2)) / mass
  within(moment(z, 1), 0, Math.sqrt(variance / count), 'mean')
  within(moment(z, 2), variance, Math.sqrt(1 / count), 'variance')
  assert.ok(z.every(x => x >= -2 && x <= 2))
  for (let i = 0; i < count; i += 13) {
    const x = z[i] as number
    const target = normalCdf(-2) + mass * ((u[i] as number) + 2 ** -25)
    const error = (normalCdf(x) - target) / density(x)
    if (!(Math.abs(error) <= 4e-7 * Math.abs(x) + 1e-13)) assert.unreachable(`${x} of ${u[i]} is off by ${error}`)
  }
})

test.run()
