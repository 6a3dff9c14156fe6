/** Elementary functions by arithmetic alone, against those of the host, and the symmetric beta distribution. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { symmetricBeta } from '../../src/random/Beta.js'
import { direction, exp, expm1, log } from '../../src/random/elementary.js'
import { keyOf } from '../../src/random/Key.js'
import { words } from '../../src/random/Philox.js'

const test = suite('elementary')

const steps = (from: number, to: number, n = 5000): readonly number[] =>
  Array.from({ length: n + 1 }, (_, i) => from + ((to - from) * i) / n)
const worst = (xs: readonly number[], f: (x: number) => number, g: (x: number) => number): number =>
  Math.max(...xs.map(x => Math.abs(f(x) - g(x)) / Math.abs(g(x) || 1)))

test('log, exp and expm1 keep their bounds', () => {
  const positive = [...steps(1e-3, 4), ...steps(-700, 700).map(Math.exp), 2 ** -33, 5e-324, Number.MAX_VALUE]
  assert.ok(worst(positive, log, Math.log) < 1e-15)
  assert.ok(worst([...steps(-708, 709), ...steps(-1, 1)], exp, Math.exp) < 1e-15)
  assert.ok(worst([...steps(-1, 1), ...steps(-30, 30), 1e-12, -1e-300], expm1, Math.expm1) < 1e-15)
  assert.equal(
    [exp(800), exp(-800), exp(0), log(1), expm1(0), exp(Infinity), expm1(Infinity)],
    [Infinity, 0, 1, 0, 0, Infinity, Infinity],
  )
})

test('cos and sin keep theirs', () => {
  for (const a of steps(-Math.PI, Math.PI)) {
    const [cosine, sine] = direction(a)
    assert.ok(Math.abs(cosine - Math.cos(a)) < 1e-14 && Math.abs(sine - Math.sin(a)) < 1e-14, `${a}`)
  }
})

const n = 20_000
const draws = (a: number): Float64Array => {
  const u = words(keyOf(1, 'beta', 'test'), 0, 0, 2 * n)
  const of = (i: number) => ((u[i] as number) + 0.5) / 2 ** 32
  return Float64Array.from({ length: n }, (_, i) => symmetricBeta(a, of(2 * i), of(2 * i + 1)))
}
const mean = (xs: Float64Array): number => xs.reduce((s, x) => s + x, 0) / n

/** Central moments of Beta(a, a). */
const [second, fourth] = [(a: number) => 1 / (8 * a + 4), (a: number) => 3 / (16 * (2 * a + 1) * (2 * a + 3))]
const eighth = (a: number) => 105 / (256 * (2 * a + 1) * (2 * a + 3) * (2 * a + 5) * (2 * a + 7))

for (const a of [0.05, 0.2, 0.5, 1, 1.7, 4, 30, 1e4])
  test(`Beta(${a}, ${a}): moments within four standard errors`, () => {
    const xs = draws(a)
    const near = (got: number, want: number, variance: number, what: string) =>
      assert.ok(Math.abs(got - want) < 4 * Math.sqrt(variance / n), `${what} ${got}, expected ${want}`)
    near(mean(xs), 0.5, second(a), 'mean')
    near(mean(xs.map(x => (x - 0.5) ** 2)), second(a), fourth(a) - second(a) ** 2, 'second')
    near(mean(xs.map(x => (x - 0.5) ** 4)), fourth(a), eighth(a) - fourth(a) ** 2, 'fourth')
    assert.ok(xs.every(x => x >= 0 && x <= 1))
  })

const distributions: readonly (readonly [number, (x: number) => number])[] = [
  [0.5, x => (2 / Math.PI) * Math.asin(Math.sqrt(x))],
  [1, x => x],
  [2, x => x * x * (3 - 2 * x)],
  [3, x => x ** 3 * (10 - 15 * x + 6 * x * x)],
]
for (const [a, of] of distributions)
  test(`Beta(${a}, ${a}): Kolmogorov-Smirnov at 0.1 %`, () => {
    const sorted = draws(a).sort()
    const distance = Math.max(...sorted.map((x, i) => Math.max(of(x) - i / n, (i + 1) / n - of(x))))
    assert.ok(distance < 1.95 / Math.sqrt(n), `${distance}`)
  })

test('the ends of a are no trouble', () => {
  for (const a of [5e-324, 1e-300, 1e-9]) assert.ok(draws(a).every(x => x === 0 || x === 1))
  for (const a of [1e300, Number.MAX_VALUE]) assert.ok(draws(a).every(x => Math.abs(x - 0.5) < 1e-9))
  for (const v of [0.25, 0.75]) assert.ok(Math.abs(symmetricBeta(1e-300, 2 ** -33, v) - 0.5) <= 0.5)
})

test.run()
