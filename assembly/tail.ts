/** Storing fewer than four lanes, so that nothing beyond the end of a buffer is written. */

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
