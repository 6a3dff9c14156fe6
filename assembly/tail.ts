/** Stores the first k lanes of y, 0 < k < 4. */
// @ts-ignore: decorator
@inline
export function storeLanes(to: usize, y: v128, k: usize): void {
  if (k & 2) {
    v128.store64_lane(to, y, 0);
    if (k & 1) v128.store32_lane(to + 8, y, 2);
  } else v128.store32_lane(to, y, 0);
}
