/**
 * Arithmetic of four lanes. Every function is one or a few SIMD instructions and, unless it says otherwise, is
 * correctly rounded (f32) or wraps modulo 2^32 (i32).
 */

/** a + b. */
@inline
export function add_f32(a: v128, b: v128): v128 {
  return f32x4.add(a, b)
}

/** a - b. */
@inline
export function sub_f32(a: v128, b: v128): v128 {
  return f32x4.sub(a, b)
}

/** a * b. */
@inline
export function mul_f32(a: v128, b: v128): v128 {
  return f32x4.mul(a, b)
}

/** a / b. */
@inline
export function div_f32(a: v128, b: v128): v128 {
  return f32x4.div(a, b)
}

/** -x, also of zeros. */
@inline
export function neg_f32(x: v128): v128 {
  return f32x4.neg(x)
}

/** |x|. */
@inline
export function abs_f32(x: v128): v128 {
  return f32x4.abs(x)
}

/** -1, 1, or x itself when x is a zero or NaN. */
@inline
export function sign_f32(x: v128): v128 {
  const unit = v128.or(v128.and(x, f32x4.splat(-0.0)), f32x4.splat(1))
  return v128.bitselect(unit, x, f32x4.gt(f32x4.abs(x), f32x4.splat(0)))
}

/** The greatest integer <= x. */
@inline
export function floor_f32(x: v128): v128 {
  return f32x4.floor(x)
}

/** The least integer >= x. */
@inline
export function ceil_f32(x: v128): v128 {
  return f32x4.ceil(x)
}

/** The square root; NaN below zero, -0 of -0. */
@inline
export function sqrt_f32(x: v128): v128 {
  return f32x4.sqrt(x)
}

/** 1 / sqrt(x), each step rounded; 1/0 is infinite with the sign of the zero. At most 1.50 ULP. */
@inline
export function rsqrt_f32(x: v128): v128 {
  return f32x4.div(f32x4.splat(1), f32x4.sqrt(x))
}

/** The greater; NaN when either is NaN; -0 is less than +0. */
@inline
export function maximum_f32(a: v128, b: v128): v128 {
  return f32x4.max(a, b)
}

/** The lesser; NaN when either is NaN; -0 is less than +0. */
@inline
export function minimum_f32(a: v128, b: v128): v128 {
  return f32x4.min(a, b)
}

/**
 * low when x < low, else high when high < x, else x itself: so a NaN x stays NaN, and a zero keeps its sign between
 * bounds of the same value. Bounds must not be NaN, and low <= high.
 */
@inline
export function clamp_f32(x: v128, low: v128, high: v128): v128 {
  return f32x4.pmin(f32x4.pmax(x, low), high)
}

/** a + b. */
@inline
export function add_i32(a: v128, b: v128): v128 {
  return i32x4.add(a, b)
}

/** a - b. */
@inline
export function sub_i32(a: v128, b: v128): v128 {
  return i32x4.sub(a, b)
}

/** a * b, the low 32 bits. */
@inline
export function mul_i32(a: v128, b: v128): v128 {
  return i32x4.mul(a, b)
}

/** -x; -2^31 stays. */
@inline
export function neg_i32(x: v128): v128 {
  return i32x4.neg(x)
}

/** |x|; -2^31 stays. */
@inline
export function abs_i32(x: v128): v128 {
  return i32x4.abs(x)
}

/** The greater, signed. */
@inline
export function maximum_i32(a: v128, b: v128): v128 {
  return i32x4.max_s(a, b)
}

/** The lesser, signed. */
@inline
export function minimum_i32(a: v128, b: v128): v128 {
  return i32x4.min_s(a, b)
}
