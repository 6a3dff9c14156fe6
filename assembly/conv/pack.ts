// Packing of A's panels out of images. As in matmul, two tiles of four rows share a panel of 32 bytes a k.
import { transpose } from '../matmul/transpose'
import { under, ENTRY } from './band'

/** From the place of tile t's panel to that of the next. */
// @ts-ignore: decorator
@inline
export function next(panel: usize, t: u32, length: usize): usize {
  return panel + (t & 1 ? length - 16 : 16)
}

/** Four runs of `depth` elements side by side. */
// @ts-ignore: decorator
@inline
function interleave(to: usize, p0: usize, p1: usize, p2: usize, p3: usize, depth: u32): void {
  const end = to + (<usize>depth << 5)
  const vectorEnd = to + (<usize>(depth & ~3) << 5)
  while (to != vectorEnd) {
    transpose(v128.load(p0), v128.load(p1), v128.load(p2), v128.load(p3), to)
    to += 128
    p0 += 16, p1 += 16, p2 += 16, p3 += 16
  }
  while (to != end) {
    store<f32>(to, load<f32>(p0))
    store<f32>(to, load<f32>(p1), 4)
    store<f32>(to, load<f32>(p2), 8)
    store<f32>(to, load<f32>(p3), 12)
    to += 32
    p0 += 4, p1 += 4, p2 += 4, p3 += 4
  }
}

/**
 * `depth` k's of one tap for all places of a band: the elements `offset` bytes from each place's pixel, zeros outside of
 * the image. `to` is the place of the first k in the first tile; past the last place, the last one stands again.
 */
export function gatherTap(
  to: usize, table: usize, count: u32, dy: u32, dx: u32, height: u32, width: u32,
  offset: usize, depth: u32, length: usize, zeros: usize,
): void {
  const last = table + <usize>(count - 1) * ENTRY
  const tiles = count + 3 >> 2
  for (let t: u32 = 0; t < tiles; t++) {
    const e1 = min(table + ENTRY, last), e2 = min(table + 2 * ENTRY, last), e3 = min(table + 3 * ENTRY, last)
    interleave(
      to,
      under(table, dy, dx, height, width, offset, zeros),
      under(e1, dy, dx, height, width, offset, zeros),
      under(e2, dy, dx, height, width, offset, zeros),
      under(e3, dy, dx, height, width, offset, zeros),
      depth,
    )
    to = next(to, t, length)
    table += 4 * ENTRY
  }
}

/** Four neighbouring channels of one tap: k runs over the places of a band. */
export function gatherChannels(
  to: usize, table: usize, count: u32, dy: u32, dx: u32, height: u32, width: u32, offset: usize, zeros: usize,
): void {
  const end = to + (<usize>count << 5)
  while (to != end) {
    v128.store(to, v128.load(under(table, dy, dx, height, width, offset, zeros)))
    to += 32
    table += ENTRY
  }
}

/** One channel of one tap, into one lane of the panel. */
export function gatherChannel(
  to: usize, table: usize, count: u32, dy: u32, dx: u32, height: u32, width: u32, offset: usize, zeros: usize,
): void {
  const end = to + (<usize>count << 5)
  while (to != end) {
    store<f32>(to, load<f32>(under(table, dy, dx, height, width, offset, zeros)))
    to += 32
    table += ENTRY
  }
}
