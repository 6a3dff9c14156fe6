/** The hyperbolic tangent and the logistic function in f32, reduced as reduction.ts says. */

import { expTail, remainder } from './reduction'

/**
 * tanh x = 1 - 2 / (e^2x + 1) where |x| >= 0.625, an odd minimax polynomial x + x^3 P(x^2) below; -0 of -0. With
 * e^2x = 2^n (1 + tail) the quotient is taken as 2^(1-n) / ((1 + 2^-n) + tail). MEASURED:tanh_f32
 */
@inline
export function tanh_f32(x: v128): v128 {
  const a = f32x4.abs(x)
  const bounded = f32x4.pmin(a, f32x4.splat(10))
  const doubled = f32x4.add(bounded, bounded)
  const bias = f32x4.splat(12582785)
  const t = f32x4.sub(bias, f32x4.mul(doubled, f32x4.splat(1.44269504)))
  const tail = expTail(remainder(doubled, f32x4.sub(bias, t)))
  const scale = i32x4.sub(i32x4.splat(0), i32x4.shl(t, 23))
  const far = f32x4.sub(f32x4.splat(1), f32x4.div(f32x4.splat(2), f32x4.add(e, f32x4.splat(1))))
  const z = f32x4.mul(x, x)
  const w = f32x4.mul(z, z)
  const lower = f32x4.add(f32x4.mul(z, f32x4.splat(0.133314833)), f32x4.splat(-0.333332837))
  const upper = f32x4.add(f32x4.mul(z, f32x4.splat(0.0206480622)), f32x4.splat(-0.0537427738))
  const p = f32x4.add(lower, f32x4.mul(w, f32x4.add(upper, f32x4.mul(w, f32x4.splat(-5.71406353e-3)))))
  const near = f32x4.add(a, f32x4.mul(a, f32x4.mul(z, p)))
  const y = v128.bitselect(near, far, f32x4.lt(a, f32x4.splat(0.625)))
  return v128.or(y, v128.and(x, f32x4.splat(-0.0)))
}
