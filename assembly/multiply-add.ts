/**
 * sum + a b: two roundings, the same everywhere; in the relaxed kernels one or two, as the processor has it, so that
 * their bits may differ from machine to machine.
 */
// @ts-ignore: decorator
@inline
export function multiplyAdd(sum: v128, a: v128, b: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, sum)
  return f32x4.add(sum, f32x4.mul(a, b))
}
