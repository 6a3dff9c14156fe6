/**
 * exp, log, cos and pow of float64 arguments to about 70 decimal digits, in integers: a value is m 2^e, and sums are
 * taken in units of 2^-P. What the f64 kernels are measured against, `Math` being off by up to an ULP itself.
 */

export interface Exact {
  readonly m: bigint
  readonly e: number
}

const P = 256
const one = 1n << BigInt(P)
const shift = (m: bigint, by: number): bigint => (by >= 0 ? m << BigInt(by) : m >> BigInt(-by))
const times = (a: bigint, b: bigint): bigint => (a * b) >> BigInt(P)
const over = (a: bigint, b: bigint): bigint => (a << BigInt(P)) / b
const abs = (a: bigint): bigint => (a < 0n ? -a : a)

/** A finite double, exactly. */
export const of = (x: number): Exact => {
  const bits = new BigUint64Array(Float64Array.of(x).buffer)[0] as bigint
  const exponent = Number((bits >> 52n) & 2047n)
  const fraction = bits & ((1n << 52n) - 1n)
  const m = exponent === 0 ? fraction : fraction | (1n << 52n)
  return { m: x < 0 ? -m : m, e: Math.max(exponent, 1) - 1075 }
}
const fixed = ({ m, e }: Exact): bigint => shift(m, e + P)

/** The sum of t, t z / d(1), t z^2 / (d(1) d(2)), ... */
const series = (first: bigint, z: bigint, d: (n: number) => number): bigint => {
  let [term, total] = [first, first]
  for (let n = 1; term !== 0n && term !== -1n; n++) {
    term = times(term, z) / BigInt(d(n))
    total += term
  }
  return total
}
/** s + z s / 3 + z^2 s / 5 + ... */
const artanh = (s: bigint, z = times(s, s)): bigint => {
  let [power, total] = [s, s]
  for (let n = 3; power !== 0n && power !== -1n; n += 2) {
    power = times(power, z)
    total += power / BigInt(n)
  }
  return total
}
const arctan = (s: bigint): bigint => artanh(s, -times(s, s))
const ln2 = 2n * artanh(one / 3n)
const pi = 4n * (4n * arctan(one / 5n) - arctan(one / 239n))

const rounded = (a: bigint, b: bigint): bigint => (2n * a + b) / (2n * b) - ((2n * a + b) % (2n * b) < 0n ? 1n : 0n)

const expFixed = (x: bigint): Exact => {
  const n = rounded(x, ln2)
  const r = x - n * ln2
  return { m: series(one, r, k => k), e: Number(n) - P }
}
const logFixed = (x: number): bigint => {
  const { m, e } = of(x)
  const bits = m.toString(2).length
  const f = shift(m, P - bits + 1) // in [1, 2)
  return 2n * artanh(over(f - one, f + one)) + BigInt(e + bits - 1) * ln2
}

export const exp = (x: number): Exact => expFixed(fixed(of(x)))
export const log = (x: number): Exact => ({ m: logFixed(x), e: -P })
export const pow = (x: number, y: number): Exact => {
  const { m, e } = of(y)
  return expFixed(shift(logFixed(x) * m, e))
}
export const cos = (x: number): Exact => {
  const n = rounded(fixed(of(x)), pi)
  const r = fixed(of(x)) - n * pi
  const value = series(one, -times(r, r), k => 2 * k * (2 * k - 1))
  return { m: n % 2n === 0n ? value : -value, e: -P }
}

/** The error of a finite double in units of the last place of a double near the exact value. */
export const ulps64 = (actual: number, exact: Exact): number => {
  const a = of(actual)
  const e = Math.min(a.e, exact.e)
  const difference = abs(shift(a.m, a.e - e) - shift(exact.m, exact.e - e))
  const place = Math.max(abs(exact.m).toString(2).length + exact.e - 53, -1074)
  return Number(shift(difference, e - place + 40)) / 2 ** 40
}
