/** Casts between the types of four 32-bit lanes, and between scalars. A bool is a mask: all ones or all zeros. */

/** Truncates toward zero; saturates at -2^31 and 2^31 - 1; NaN becomes 0. */
@inline
export function cast_f32_i32(x: v128): v128 {
  return i32x4.trunc_sat_f32x4_s(x)
}

/** The nearest f32, ties to even. */
@inline
export function cast_i32_f32(x: v128): v128 {
  return f32x4.convert_i32x4_s(x)
}

/** 1 where true, 0 where false. */
@inline
export function cast_bool_f32(mask: v128): v128 {
  return v128.and(mask, f32x4.splat(1))
}

/** 1 where true, 0 where false. */
@inline
export function cast_bool_i32(mask: v128): v128 {
  return i32x4.neg(mask)
}

/** x differs from zero; true of NaN. */
@inline
export function cast_f32_bool(x: v128): v128 {
  return f32x4.ne(x, f32x4.splat(0))
}

/** x differs from zero. */
@inline
export function cast_i32_bool(x: v128): v128 {
  return i32x4.ne(x, i32x4.splat(0))
}

/** The nearest f32, ties to even. */
@inline
export function cast_f64_f32(x: f64): f32 {
  return <f32>x
}

/** Exact. */
@inline
export function cast_f32_f64(x: f32): f64 {
  return <f64>x
}

/** Truncates toward zero; saturates at -2^31 and 2^31 - 1; NaN becomes 0. */
@inline
export function cast_f64_i32(x: f64): i32 {
  return <i32>x
}

/** Exact. */
@inline
export function cast_i32_f64(x: i32): f64 {
  return <f64>x
}
