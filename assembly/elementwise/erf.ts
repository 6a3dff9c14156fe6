/** The error function in f32: 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x. */

import { expNormal } from './reduction'

/**
 * erf x = x + x P(x^2) where |x| < 1, else 1 - e^-Q(|x|) with Q = -log erfc; P and Q are minimax polynomials.
 * -0 of -0. At most 1.27 ULP.
 */
@inline
export function erf_f32(x: v128): v128 {
  const z = f32x4.mul(x, x)
  const w = f32x4.mul(z, z)
  const p4 = f32x4.add(f32x4.mul(z, f32x4.splat(-8.03076313e-4)), f32x4.splat(5.19073382e-3))
  const p2 = f32x4.add(f32x4.mul(z, f32x4.splat(-0.0268551260)), f32x4.splat(0.112836182))
  const p0 = f32x4.add(f32x4.mul(z, f32x4.splat(-0.376126289)), f32x4.splat(0.128379166))
  const p6 = f32x4.add(p4, f32x4.mul(w, f32x4.splat(7.92038627e-5)))
  const p = f32x4.add(p0, f32x4.mul(w, f32x4.add(p2, f32x4.mul(w, p6))))
  const near = f32x4.add(x, f32x4.mul(x, p))

  const a = f32x4.pmin(f32x4.abs(x), f32x4.splat(3.95))
  const b = f32x4.mul(a, a)
  const q4 = f32x4.add(f32x4.mul(a, f32x4.splat(2.93959863e-3)), f32x4.splat(-0.0218053069))
  const q2 = f32x4.add(f32x4.mul(a, f32x4.splat(0.103037365)), f32x4.splat(0.638225675))
  const q0 = f32x4.add(f32x4.mul(a, f32x4.splat(1.12704003)), f32x4.splat(3.53727635e-4))
  const q6 = f32x4.add(q4, f32x4.mul(b, f32x4.splat(-1.85571640e-4)))
  const q = f32x4.add(q0, f32x4.mul(b, f32x4.add(q2, f32x4.mul(b, q6))))
  const far = f32x4.sub(f32x4.splat(1), expNormal(f32x4.neg(q)))
  const signed = v128.or(far, v128.and(x, f32x4.splat(-0.0)))
  return v128.bitselect(near, signed, f32x4.lt(f32x4.abs(x), f32x4.splat(1)))
}
