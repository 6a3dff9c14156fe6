/**
 * Comparisons of four lanes, logic on their masks, and selection. A mask lane is all ones (true) or all zeros (false).
 * As IEEE 754 has it, every float comparison with a NaN is false, except `ne`, which is true.
 */

/** a = b, a mask. */
@inline
export function eq_f32(a: v128, b: v128): v128 {
  return f32x4.eq(a, b)
}

/** a differs from b, a mask. */
@inline
export function ne_f32(a: v128, b: v128): v128 {
  return f32x4.ne(a, b)
}

/** a < b, a mask. */
@inline
export function lt_f32(a: v128, b: v128): v128 {
  return f32x4.lt(a, b)
}

/** a <= b, a mask. */
@inline
export function le_f32(a: v128, b: v128): v128 {
  return f32x4.le(a, b)
}

/** a > b, a mask. */
@inline
export function gt_f32(a: v128, b: v128): v128 {
  return f32x4.gt(a, b)
}

/** a >= b, a mask. */
@inline
export function ge_f32(a: v128, b: v128): v128 {
  return f32x4.ge(a, b)
}

/** a = b, a mask. */
@inline
export function eq_i32(a: v128, b: v128): v128 {
  return i32x4.eq(a, b)
}

/** a differs from b, a mask. */
@inline
export function ne_i32(a: v128, b: v128): v128 {
  return i32x4.ne(a, b)
}

/** a < b, a mask. */
@inline
export function lt_i32(a: v128, b: v128): v128 {
  return i32x4.lt_s(a, b)
}

/** a <= b, a mask. */
@inline
export function le_i32(a: v128, b: v128): v128 {
  return i32x4.le_s(a, b)
}

/** a > b, a mask. */
@inline
export function gt_i32(a: v128, b: v128): v128 {
  return i32x4.gt_s(a, b)
}

/** a >= b, a mask. */
@inline
export function ge_i32(a: v128, b: v128): v128 {
  return i32x4.ge_s(a, b)
}

/** Both. */
@inline
export function and_bool(a: v128, b: v128): v128 {
  return v128.and(a, b)
}

/** Either. */
@inline
export function or_bool(a: v128, b: v128): v128 {
  return v128.or(a, b)
}

/** The opposite mask. */
@inline
export function not_bool(x: v128): v128 {
  return v128.not(x)
}

/** a where the mask is true, b elsewhere; lanes of any 32-bit type. */
@inline
export function select_32(mask: v128, a: v128, b: v128): v128 {
  return v128.bitselect(a, b, mask)
}
