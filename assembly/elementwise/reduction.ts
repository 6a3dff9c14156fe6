/**
 * The range reductions that the exponential and logarithmic functions share, in f32.
 *
 * x = n ln 2 + r with n an integer and |r| <= ln 2 / 2, so e^x = 2^n e^r, and e^r is a minimax polynomial
 * (W. J. Cody and W. Waite, Software Manual for the Elementary Functions, 1980). ln 2 is taken in two parts, the first
 * of 10 bits, so that n times it is exact. n is rounded by adding 1.5 * 2^23, which leaves it in the low bits of the
 * sum; a bias added to that constant makes those bits a float's exponent.
 */

/** x - n ln 2. */
@inline
export function remainder(x: v128, n: v128): v128 {
  const high = f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375)))
  return f32x4.add(high, f32x4.mul(n, f32x4.splat(2.12194442e-4)))
}

/** e^r - 1 for |r| <= 0.3467, with an error of 3.2e-9 e^r before rounding. */
@inline
export function expTail(r: v128): v128 {
  const z = f32x4.mul(r, r)
  const b = f32x4.add(f32x4.mul(r, f32x4.splat(8.36918224e-3)), f32x4.splat(0.0416681021))
  const a = f32x4.add(f32x4.mul(r, f32x4.splat(0.166665167)), f32x4.splat(0.49999994))
  const q = f32x4.add(a, f32x4.mul(z, f32x4.add(b, f32x4.mul(z, f32x4.splat(1.38385384e-3)))))
  return f32x4.add(r, f32x4.mul(z, q))
}

/** e^x for -87 <= x <= 88, where one multiplication by 2^n does; NaN of NaN. */
@inline
export function expNormal(x: v128): v128 {
  const bias = f32x4.splat(12583039)
  const t = f32x4.add(f32x4.mul(x, f32x4.splat(1.44269504)), bias)
  const tail = expTail(remainder(x, f32x4.sub(t, bias)))
  return f32x4.mul(f32x4.add(f32x4.splat(1), tail), i32x4.shl(t, 23))
}

/** The k of x = 2^k (1 + f) with sqrt(1/2) <= 1 + f < sqrt(2), for a positive normal x. */
@inline
export function exponentOf(x: v128): v128 {
  return i32x4.shr_s(i32x4.sub(x, i32x4.splat(0x3f3504f3)), 23)
}

/** The f of x = 2^k (1 + f), exactly. */
@inline
export function fraction(x: v128, k: v128): v128 {
  return f32x4.sub(i32x4.sub(x, i32x4.shl(k, 23)), f32x4.splat(1))
}
