/**
 * The normal quantile in float64, for the reference of the random operations: Newton's method on Phi, whose tail is
 * summed as a continued fraction (Abramowitz & Stegun 26.2.14) and whose middle as a series (26.2.10).
 */
const density = (x: number): number => 0.3989422804014327 * Math.exp((-x * x) / 2)

/** P(X > x) for x >= 0 */
const upperTail = (x: number): number => {
  if (x < 2.5) {
    let term = x
    let total = x
    for (let n = 1; n < 80; n++) {
      term *= (-x * x) / (2 * n)
      total += term / (2 * n + 1)
    }
    return 0.5 - 0.3989422804014327 * total
  }
  let fraction = x
  for (let n = 160; n > 0; n--) fraction = x + n / fraction
  return density(x) / fraction
}

/** x with Phi(x) = p, 0 < p < 1. */
export const quantile = (p: number): number => {
  if (p === 0.5) return 0
  const tail = p < 0.5 ? p : 1 - p
  let x = 0
  for (let i = 0; i < 60; i++) {
    const step = (upperTail(x) - tail) / density(x)
    x += Math.min(step, 1)
    if (Math.abs(step) < 1e-15 * (1 + x)) break
  }
  return p < 0.5 ? -x : x
}
