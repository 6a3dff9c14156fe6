/**
 * exp, log, pow and cos of one f64, without tables, by the reductions of fdlibm (Sun Microsystems, 1993) with minimax
 * polynomials of our own; pow carries the logarithm in two f64, whose sum has about 60 bits.
 */

/** 2^n x for -2044 <= n <= 2046, rounded once. */
@inline
function scale(x: f64, n: i64): f64 {
  const half = n >> 1
  return x * reinterpret<f64>((half + 1023) << 52) * reinterpret<f64>((n - half + 1023) << 52)
}

/** The bits of x less those of sqrt(1/2): their upper 12 are the exponent. */
@inline
function exponent(x: f64): i64 {
  return (reinterpret<i64>(x) - 0x3fe6a09e667f3bcd) >> 52
}

/** x with its last 27 bits of significand cleared: a product of two such numbers is exact. */
@inline
function upper(x: f64): f64 {
  return reinterpret<f64>(reinterpret<i64>(x) & ~0x7ffffff)
}

/** a b - product, where product is a b rounded: exact (Dekker, 1971) while nothing over- or underflows. */
@inline
function productError(a: f64, b: f64, product: f64): f64 {
  const x = upper(a)
  const y = upper(b)
  return x * y - product + x * (b - y) + (a - x) * y + (a - x) * (b - y)
}

/** (log((1 + s) / (1 - s)) - 2s) / s^3 of z = s^2, for z <= 0.02945, to 2e-18 of the logarithm. */
@inline
function artanhTail(z: f64): f64 {
  let p = z * 0.14796623168670564 + 0.15313986923267903
  p = z * p + 0.18183566662641232
  p = z * p + 0.22222198531274642
  p = z * p + 0.2857142874276451
  p = z * p + 0.3999999999941314
  return z * p + 0.6666666666666735
}

/**
 * e^(x + low) for a finite x and a low under an ulp of it: with x = n ln 2 + r and c = r - r^2 P(r^2),
 * e^r = 1 + r + r c / (2 - c).
 */
@inline
function expSum(x: f64, low: f64): f64 {
  const bounded = max(min(x, 710), -746)
  const n = nearest(bounded * 1.4426950408889634)
  const high = bounded - n * 0.6931471804855391
  const tail = n * 7.440617110012397e-11 - low
  const r = high - tail
  const z = r * r
  let p = z * 4.136039203100374e-8 - 1.6533836967162704e-6
  p = z * p + 6.613756249983606e-5
  p = z * p - 2.7777777776696027e-3
  p = z * p + 0.16666666666666555
  const c = r - z * p
  return scale(1 - (tail - r * c / (2 - c) - high), <i64>n)
}

/** e^x. At most 0.84 ULP over 50,000 x. */
export function exp_f64(x: f64): f64 {
  return select(x, expSum(x, 0), x != x)
}

/** log x; -infinity of a zero, NaN below. At most 0.76 ULP over 50,000 x. */
export function log_f64(x: f64): f64 {
  if (!(x >= 0)) return NaN
  if (x == 0) return -Infinity
  if (x == Infinity) return x
  const tiny = x < 2.2250738585072014e-308
  const y = select(x * 18014398509481984, x, tiny)
  const e = exponent(y)
  const f = reinterpret<f64>(reinterpret<i64>(y) - (e << 52)) - 1
  const k = <f64>(e - select(54, 0, tiny))
  const s = f / (2 + f)
  const z = s * s
  const half = 0.5 * f * f
  return k * 0.6931471804855391 - (half - (s * (half + z * artanhTail(z)) + k * 7.440617110012397e-11) - f)
}

/**
 * x^y, with the special cases of C's pow: 1 where y = 0 or x = 1 (even of a NaN); a negative x needs an integer y (else
 * NaN), and an odd y keeps its sign; powers of zeros and infinities. Over 50,000 pairs at
 * most 1.11 ULP where 2^-32 <= x^y <= 2^32, and 23.86 ULP anywhere: the error of y log x grows with it.
 */
export function pow_f64(x: f64, y: f64): f64 {
  if (y == 0 || x == 1) return 1
  if (x != x || y != y) return NaN
  const a = abs(x)
  const whole = trunc(y) == y
  const odd = whole && trunc(y * 0.5) != y * 0.5
  const sign: f64 = select(copysign(1, x), 1, odd)
  if (a == 0 || a == Infinity) return sign * select<f64>(Infinity, 0, (a == 0) == (y < 0))
  if (a == 1) return select(sign, NaN, whole)
  if (abs(y) == Infinity) return select<f64>(Infinity, 0, (a > 1) == (y > 0))
  if (x < 0 && !whole) return NaN

  const tiny = a < 2.2250738585072014e-308
  const m = select(a * 18014398509481984, a, tiny)
  const e = exponent(m)
  const one = reinterpret<f64>(reinterpret<i64>(m) - (e << 52))
  const k = <f64>(e - select(54, 0, tiny))
  const f = one - 1
  const d = one + 1
  const s = f / d
  const product = s * d
  const sLow = (f - product - productError(s, d, product) - s * (one - (d - 1))) / d
  const z = s * s
  // k ln 2 + 2 (s + sLow) + s^3 (2/3 + ...) as high + low
  const leading = k * 0.6931471804855391
  const sum = leading + 2 * s
  const lost = select(leading - sum + 2 * s, 2 * s - sum + leading, k != 0)
  const rest = lost + (2 * sLow + k * 7.440617110012397e-11 + s * z * artanhTail(z))
  const high = sum + rest
  const low = sum - high + rest
  // beyond 1e20 the result is 0 or infinite whatever the last bits, and the products below stay finite
  const bounded = max(min(y, 1e20), -1e20)
  const t = bounded * high
  return sign * expSum(t, productError(bounded, high, t) + bounded * low)
}

/** cos(r + low), |r| <= pi/4. */
@inline
function cosReduced(r: f64, low: f64): f64 {
  const z = r * r
  let p = z * -1.1359553456534358e-11 + 2.0875721513930486e-9
  p = z * p - 2.755731433987958e-7
  p = z * p + 2.480158728944088e-5
  p = z * p - 1.3888888888874062e-3
  p = z * p + 0.0416666666666666
  const half = 0.5 * z
  const near = 1 - half
  return near + (1 - near - half + (z * z * p - r * low))
}

/** sin(r + low), |r| <= pi/4. */
@inline
function sinReduced(r: f64, low: f64): f64 {
  const z = r * r
  let p = z * 1.5896657696870737e-10 - 2.505075581430658e-8
  p = z * p + 2.7557313677760585e-6
  p = z * p - 1.984126982976867e-4
  p = z * p + 8.333333333322366e-3
  p = z * p - 0.16666666666666632
  return r + (low * (1 - 0.5 * z) + r * z * p)
}

/**
 * cos x for |x| < 1e5; beyond it the reduction by pi/2 loses bits; NaN of an infinity. At most 0.72 ULP over 50,000
 * x, zeros of cos among them.
 */
export function cos_f64(x: f64): f64 {
  const n = nearest(x * 0.6366197723675814)
  const a = x - n * 1.5707963267341256
  const b = n * 6.077100506303966e-11
  const y = a - b
  const back = y - a
  const lost = a - (y - back) - (b + back) - n * 2.0222662487959506e-21
  const r = y + lost
  const low = y - r + lost
  const quadrant = <i64>n & 3
  const value = select(sinReduced(r, low), cosReduced(r, low), (quadrant & 1) != 0)
  return select(-value, value, quadrant == 1 || quadrant == 2)
}
