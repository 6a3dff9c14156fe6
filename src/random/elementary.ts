/**
 * Elementary functions of float64 by + - * / alone, so that every engine computes the same bits, which `Math` does not
 * promise. Errors: log and exp below 1e-15 of the value, expm1 of it or of 1; cos and sin below 1e-14 absolute.
 */

/** ln 2 in two parts; whole multiples of the first, below 2^20 of it, are exact (Cody & Waite 1980). */
const [LN2_HIGH, LN2_LOW] = [0.6931471803691238, 1.9082149292705877e-10]
const HALF_ROOT = Math.sqrt(0.5)
export const PI = 2 * 1.5707963267948966

/** The natural logarithm of x > 0, finite. */
export const log = (x: number): number => {
  let [m, k] = [x, 0] // local mutation: x = m 2^k with m within [sqrt(1/2), sqrt(2))
  for (; m < HALF_ROOT; k--) m *= 2
  for (; m >= 2 * HALF_ROOT; k++) m /= 2
  const s = (m - 1) / (m + 1)
  let sum = 0 // of s^(2n) / (2n + 1), the smallest term first
  for (let n = 10; n >= 1; n--) sum = (sum + 1 / (2 * n + 1)) * s * s
  return k * LN2_HIGH + (2 * s + (2 * s * sum + k * LN2_LOW))
}

/** e^x - 1 for |x| at most 0.35. */
const small = (x: number): number => {
  let sum = 0 // of x^n / n!, the smallest term first
  for (let n = 18; n >= 1; n--) sum = (x / n) * (1 + sum)
  return sum
}

/** e^x; 0 and Infinity where it leaves the range of float64. */
export const exp = (x: number): number => {
  if (x > 710) return Number.POSITIVE_INFINITY
  if (x < -746) return 0
  const k = Math.floor(x / LN2_HIGH + 0.5)
  let y = 1 + small(x - k * LN2_HIGH - k * LN2_LOW)
  for (let i = 0; i < k; i++) y *= 2
  for (let i = 0; i > k; i--) y /= 2
  return y
}

/** e^x - 1, exact also near 0. */
export const expm1 = (x: number): number => (x > -0.35 && x < 0.35 ? small(x) : exp(x) - 1)

/** cos and sin of an angle in [-pi, pi]. */
export const direction = (angle: number): readonly [number, number] => {
  let [cosine, sine, term] = [0, 0, 1]
  for (let n = 0; n < 34; n += 2) {
    const odd = (term * angle) / (n + 1)
    cosine += term
    sine += odd
    term = (-odd * angle) / (n + 2)
  }
  return [cosine, sine]
}
