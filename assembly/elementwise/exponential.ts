/** e^x, e^x - 1 and elu in f32, reduced as reduction.ts says. */

import { expTail, remainder } from './reduction'

/** e^r - 1 for |r| <= 0.3467, with a relative error of 3.3e-9 before rounding. */
@inline
function expm1Reduced(r: v128): v128 {
  const z = f32x4.mul(r, r)
  const c = f32x4.add(f32x4.mul(r, f32x4.splat(1.50460764e-4)), f32x4.splat(1.39305321e-3))
  const b = f32x4.add(f32x4.mul(r, f32x4.splat(8.34150612e-3)), f32x4.splat(0.0416665114))
  const a = f32x4.add(f32x4.mul(r, f32x4.splat(0.166666359)), f32x4.splat(0.5))
  const q = f32x4.add(a, f32x4.mul(z, f32x4.add(b, f32x4.mul(z, c))))
  return f32x4.add(r, f32x4.mul(z, q))
}

/** e^x; 0 of -infinity. 2^n is applied in two halves, for the denormal and infinite results. At most 1.00 ULP. */
@inline
export function exp_f32(x: v128): v128 {
  const clamped = f32x4.pmax(f32x4.pmin(x, f32x4.splat(89)), f32x4.splat(-104))
  const bias = f32x4.splat(12583166)
  const t = f32x4.add(f32x4.mul(clamped, f32x4.splat(1.44269504)), bias)
  const tail = expTail(remainder(clamped, f32x4.sub(t, bias)))
  const half = i32x4.shr_u(t, 1)
  const scaled = f32x4.mul(f32x4.add(f32x4.splat(1), tail), i32x4.shl(half, 23))
  return f32x4.mul(scaled, i32x4.shl(i32x4.sub(t, half), 23))
}

/**
 * e^x - 1 = 2 (2^(n-1) (e^r - 1) + (2^(n-1) - 1/2)), and x itself where |x| < 2^-25; -1 of -infinity.
 * At most 1.57 ULP.
 */
@inline
export function expm1_f32(x: v128): v128 {
  const clamped = f32x4.pmax(f32x4.pmin(x, f32x4.splat(89)), f32x4.splat(-50))
  const bias = f32x4.splat(12583038)
  const t = f32x4.add(f32x4.mul(clamped, f32x4.splat(1.44269504)), bias)
  const scale = i32x4.shl(t, 23)
  const p = expm1Reduced(remainder(clamped, f32x4.sub(t, bias)))
  const half = f32x4.add(f32x4.mul(p, scale), f32x4.sub(scale, f32x4.splat(0.5)))
  const tiny = f32x4.lt(f32x4.abs(x), f32x4.splat(2.98023224e-8))
  return v128.bitselect(x, f32x4.add(half, half), tiny)
}

/** x where it is positive, else e^x - 1; NaN of NaN. At most 0.94 ULP. */
@inline
export function elu_f32(x: v128): v128 {
  const left = f32x4.le(x, f32x4.splat(0))
  return v128.bitselect(expm1_f32(v128.and(x, left)), x, left)
}
