/**
 * log x and log(1 + x) in f32.
 *
 * x = 2^k (1 + f) with sqrt(1/2) <= 1 + f < sqrt(2), and with s = f / (2 + f)
 *   log(1 + f) = 2 artanh s = f - (f^2/2 - s (f^2/2 + R(s^2))),
 * a form that loses nothing where f is small (fdlibm's e_log.c); R is a minimax polynomial of our own. ln 2 is taken
 * in two parts, the first of 10 bits, so that k times it is exact.
 */

import { exponentOf, fraction } from './reduction'

/** k ln 2 + log(1 + f) + low, where low is small. */
@inline
function logOf(k: v128, f: v128, low: v128): v128 {
  const s = f32x4.div(f, f32x4.add(f, f32x4.splat(2)))
  const z = f32x4.mul(s, s)
  let q = f32x4.add(f32x4.mul(z, f32x4.splat(0.298721373)), f32x4.splat(0.399775535))
  q = f32x4.add(f32x4.mul(z, q), f32x4.splat(0.666667759))
  const half = f32x4.mul(f32x4.mul(f, f32x4.splat(0.5)), f)
  const tail = f32x4.add(f32x4.mul(s, f32x4.add(half, f32x4.mul(z, q))), low)
  return f32x4.sub(f32x4.mul(k, f32x4.splat(0.693359375)), f32x4.sub(f32x4.sub(half, tail), f))
}

/** The low part of k ln 2. */
@inline
function lowOf(k: v128): v128 {
  return f32x4.mul(k, f32x4.splat(-2.12194442e-4))
}

/** log x; -infinity of a zero, NaN below. At most 0.84 ULP. */
@inline
export function log_f32(x: v128): v128 {
  const tiny = f32x4.lt(x, f32x4.splat(1.17549435e-38))
  const scaled = v128.bitselect(f32x4.mul(x, f32x4.splat(8388608)), x, tiny)
  const e = exponentOf(scaled)
  const k = f32x4.convert_i32x4_s(i32x4.add(e, v128.and(tiny, i32x4.splat(-23))))
  const y = logOf(k, fraction(scaled, e), lowOf(k))
  const infinite = v128.or(
    v128.and(f32x4.eq(x, f32x4.splat(0)), f32x4.splat(-Infinity)),
    v128.and(f32x4.eq(x, f32x4.splat(Infinity)), x),
  )
  return v128.or(f32x4.add(y, infinite), v128.not(f32x4.ge(x, f32x4.splat(0))))
}

/**
 * log(1 + x) = log u + (x - (u - 1)) / u with u = 1 + x rounded; -infinity of -1, NaN below, -0 of -0.
 * At most 0.87 ULP.
 */
@inline
export function log1p_f32(x: v128): v128 {
  const u = f32x4.add(x, f32x4.splat(1))
  const e = exponentOf(u)
  const k = f32x4.convert_i32x4_s(e)
  const lost = f32x4.div(f32x4.sub(x, f32x4.sub(u, f32x4.splat(1))), u)
  const y = v128.or(logOf(k, fraction(u, e), f32x4.add(lowOf(k), lost)), v128.and(x, f32x4.splat(-0.0)))
  const finite = v128.bitselect(x, y, f32x4.eq(x, f32x4.splat(Infinity)))
  const poled = v128.bitselect(f32x4.splat(-Infinity), finite, f32x4.eq(x, f32x4.splat(-1)))
  return v128.or(poled, v128.not(f32x4.ge(x, f32x4.splat(-1))))
}
