// Vectors whose lanes lie apart in memory.

/** `count` (1 to 4) elements `apart` bytes from each other, then zeros. */
// @ts-ignore: decorator
@inline
export function gatherLanes(from: usize, apart: usize, count: u32): v128 {
  if (count == 4 && apart == 4) return v128.load(from)
  let lanes = v128.load32_zero(from)
  if (count > 1) lanes = v128.load32_lane(from + apart, lanes, 1)
  if (count > 2) lanes = v128.load32_lane(from + (apart << 1), lanes, 2)
  if (count > 3) lanes = v128.load32_lane(from + 3 * apart, lanes, 3)
  return lanes
}

/** The first `count` (1 to 4) lanes, `apart` bytes from each other. */
// @ts-ignore: decorator
@inline
export function scatterLanes(to: usize, apart: usize, lanes: v128, count: u32): void {
  if (count == 4 && apart == 4) {
    v128.store(to, lanes)
    return
  }
  v128.store32_lane(to, lanes, 0)
  if (count > 1) v128.store32_lane(to + apart, lanes, 1)
  if (count > 2) v128.store32_lane(to + (apart << 1), lanes, 2)
  if (count > 3) v128.store32_lane(to + 3 * apart, lanes, 3)
}

/** Eight lanes, `apart` bytes from each other. */
// @ts-ignore: decorator
@inline
export function putLanes(to: usize, apart: usize, low: v128, high: v128): void {
  scatterLanes(to, apart, low, 4)
  scatterLanes(to + (apart << 2), apart, high, 4)
}
