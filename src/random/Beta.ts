/**
 * Beta(a, a) from two uniform numbers, without rejection, for any a > 0:
 *
 *     t = sqrt(2 a (u^(-1/a) - 1)) cos(2 pi v)      Student's t with 2 a degrees of freedom (Bailey 1994)
 *     x = 1/2 + t / (2 sqrt(2 a + t^2))             Beta(a, a) (Devroye 1986, IX.3)
 *
 * Mean 1/2, variance 1 / (8 a + 4). For small a most of it lies at 0 and 1, for large a at 1/2.
 */
import { direction, expm1, log, PI } from './elementary.js'

/** @param u,v - within (0, 1), independent and uniform */
export const symmetricBeta = (a: number, u: number, v: number): number => {
  const [cosine] = direction(PI * (2 * v - 1))
  const square = expm1(-log(u) / a) * cosine * cosine // t^2 / 2a; NaN only for Infinity * 0
  const half = square > 0 ? 0.5 / Math.sqrt(1 + 1 / square) : 0
  return cosine < 0 ? 0.5 - half : 0.5 + half
}
