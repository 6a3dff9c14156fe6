/**
 * The ends of loops over vectors: storing fewer than four lanes, so that nothing beyond the end of a buffer is written,
 * and bringing the lanes of a reduction together.
 */

/** Stores the first k lanes of y, 0 < k < 4. */
@inline
export function storeLanes(to: usize, y: v128, k: usize): void {
  if (k & 2) {
    v128.store64_lane(to, y, 0)
    if (k & 1) v128.store32_lane(to + 8, y, 2)
  } else v128.store32_lane(to, y, 0)
}

/** Stores the first k lanes of y: none when k is not positive, all from 4 on. */
@inline
export function storeAtMost(to: usize, y: v128, k: i32): void {
  if (k >= 4) v128.store(to, y)
  else if (k > 0) storeLanes(to, y, k)
}

/** The sum of sixteen lanes, in the order of `reduceSum`. */
@inline
export function sumLanes(t0: v128, t1: v128, t2: v128, t3: v128): f32 {
  const t = f32x4.add(f32x4.add(t0, t1), f32x4.add(t2, t3))
  return f32x4.extract_lane(t, 0) + f32x4.extract_lane(t, 1) + (f32x4.extract_lane(t, 2) + f32x4.extract_lane(t, 3))
}

/** The maximum of sixteen lanes; NaN if any is. */
@inline
export function maxLanes(t0: v128, t1: v128, t2: v128, t3: v128): f32 {
  const t = f32x4.max(f32x4.max(t0, t1), f32x4.max(t2, t3))
  return max(
    max(f32x4.extract_lane(t, 0), f32x4.extract_lane(t, 1)),
    max(f32x4.extract_lane(t, 2), f32x4.extract_lane(t, 3)),
  )
}
