/**
 * The functions of one f64, for the scalars of a step (schedules, bias corrections). Arithmetic is IEEE 754's; a
 * comparison returns an i32 mask, 0 or -1. The transcendental ones are in scalar-transcendental.ts.
 */

/** a + b. */
@inline
export function add_f64(a: f64, b: f64): f64 {
  return a + b
}

/** a - b. */
@inline
export function sub_f64(a: f64, b: f64): f64 {
  return a - b
}

/** a * b. */
@inline
export function mul_f64(a: f64, b: f64): f64 {
  return a * b
}

/** a / b. */
@inline
export function div_f64(a: f64, b: f64): f64 {
  return a / b
}

/** -x, also of zeros. */
@inline
export function neg_f64(x: f64): f64 {
  return -x
}

/** |x|. */
@inline
export function abs_f64(x: f64): f64 {
  return abs(x)
}

/** -1, 1, or x itself when x is a zero or NaN. */
@inline
export function sign_f64(x: f64): f64 {
  return select(copysign(1, x), x, abs(x) > 0)
}

/** The greatest integer <= x. */
@inline
export function floor_f64(x: f64): f64 {
  return floor(x)
}

/** The least integer >= x. */
@inline
export function ceil_f64(x: f64): f64 {
  return ceil(x)
}

/** The square root; NaN below zero, -0 of -0. */
@inline
export function sqrt_f64(x: f64): f64 {
  return sqrt(x)
}

/** The greater; NaN when either is NaN; -0 is less than +0. */
@inline
export function maximum_f64(a: f64, b: f64): f64 {
  return max(a, b)
}

/** The lesser; NaN when either is NaN; -0 is less than +0. */
@inline
export function minimum_f64(a: f64, b: f64): f64 {
  return min(a, b)
}

/** low when x < low, else high when high < x, else x itself (also when NaN). */
@inline
export function clamp_f64(x: f64, low: f64, high: f64): f64 {
  const raised = select(low, x, x < low)
  return select(high, raised, high < raised)
}

/** a == b, a mask. */
@inline
export function eq_f64(a: f64, b: f64): i32 {
  return select(-1, 0, a == b)
}

/** a != b, a mask. */
@inline
export function ne_f64(a: f64, b: f64): i32 {
  return select(-1, 0, a != b)
}

/** a < b, a mask. */
@inline
export function lt_f64(a: f64, b: f64): i32 {
  return select(-1, 0, a < b)
}

/** a <= b, a mask. */
@inline
export function le_f64(a: f64, b: f64): i32 {
  return select(-1, 0, a <= b)
}

/** a > b, a mask. */
@inline
export function gt_f64(a: f64, b: f64): i32 {
  return select(-1, 0, a > b)
}

/** a >= b, a mask. */
@inline
export function ge_f64(a: f64, b: f64): i32 {
  return select(-1, 0, a >= b)
}

/** a where the mask is not 0, else b. */
@inline
export function select_f64(mask: i32, a: f64, b: f64): f64 {
  return select(a, b, mask != 0)
}
