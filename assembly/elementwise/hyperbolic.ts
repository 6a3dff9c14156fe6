/** The hyperbolic tangent and the logistic function in f32, reduced as reduction.ts says. */

import { expTail, remainder } from './reduction'

/**
 * tanh x = 1 - 2 / (e^2x + 1) where |x| >= 0.625, an odd minimax polynomial x + x^3 P(x^2) below; -0 of -0. With
 * e^2x = 2^n (1 + tail) the quotient is taken as 2^(1-n) / ((1 + 2^-n) + tail). At most 1.20 ULP.
 */
@inline
export function tanh_f32(x: v128): v128 {
  const a = f32x4.abs(x)
  const bounded = f32x4.pmin(a, f32x4.splat(10))
  const doubled = f32x4.add(bounded, bounded)
  const bias = f32x4.splat(12583039)
  const t = f32x4.sub(bias, f32x4.mul(doubled, f32x4.splat(1.44269504)))
  const tail = expTail(remainder(doubled, f32x4.sub(bias, t)))
  const scale = i32x4.shl(t, 23)
  const one = f32x4.splat(1)
  const quotient = f32x4.div(f32x4.add(scale, scale), f32x4.add(f32x4.add(one, scale), tail))
  const far = f32x4.sub(one, quotient)
  const z = f32x4.mul(x, x)
  const w = f32x4.mul(z, z)
  const lower = f32x4.add(f32x4.mul(z, f32x4.splat(0.133314833)), f32x4.splat(-0.333332837))
  const upper = f32x4.add(f32x4.mul(z, f32x4.splat(0.0206480622)), f32x4.splat(-0.0537427738))
  const p = f32x4.add(lower, f32x4.mul(w, f32x4.add(upper, f32x4.mul(w, f32x4.splat(-5.71406353e-3)))))
  const near = f32x4.add(a, f32x4.mul(a, f32x4.mul(z, p)))
  const y = v128.bitselect(near, far, f32x4.lt(a, f32x4.splat(0.625)))
  return v128.or(y, v128.and(x, f32x4.splat(-0.0)))
}

/**
 * 1 / (1 + e^-x), right down to the denormals; 0 of -infinity. With e^-x = 2^-n (1 + tail) it is taken as
 * 2^n / ((1 + 2^n) + tail), where 2^n is applied in two halves. At most 1.75 ULP.
 */
@inline
export function logistic_f32(x: v128): v128 {
  const clamped = f32x4.pmax(f32x4.pmin(x, f32x4.splat(30)), f32x4.splat(-104))
  const bias = f32x4.splat(12583166)
  const t = f32x4.add(f32x4.mul(clamped, f32x4.splat(1.44269504)), bias)
  const tail = expTail(f32x4.neg(remainder(clamped, f32x4.sub(t, bias))))
  const half = i32x4.shr_u(t, 1)
  const scale = f32x4.mul(i32x4.shl(half, 23), i32x4.shl(i32x4.sub(t, half), 23))
  const one = f32x4.splat(1)
  const leading = f32x4.add(one, scale)
  const lost = f32x4.sub(scale, f32x4.sub(leading, one))
  return f32x4.div(scale, f32x4.add(leading, f32x4.add(tail, lost)))
}
