// Packing of A's panels out of images. As in matmul, two tiles of four rows share a panel of 32 bytes a k.
import { transpose } from '../matmul/transpose'
import { under, ENTRY } from './band'

/** From the place of tile t's panel to that of the next. */
// @ts-ignore: decorator
@inline
export function next(panel: usize, t: u32, length: usize): usize {
  return panel + (t & 1 ? length - 16 : 16)
}

/** Four runs of `depth` elements side by side, of `room` k's that may be written: what follows is written later. */
// @ts-ignore: decorator
@inline
function interleave(to: usize, p0: usize, p1: usize, p2: usize, p3: usize, depth: u32, room: u32): void {
  const end = to + (<usize>depth << 5), roomEnd = to + (<usize>room << 5)
  const vectorEnd = to + (<usize>(depth & ~3) << 5)
  while (to != vectorEnd) {
    transpose(v128.load(p0), v128.load(p1), v128.load(p2), v128.load(p3), to)
    to += 128
    p0 += 16, p1 += 16, p2 += 16, p3 += 16
  }
  if (to != end && to + 128 <= roomEnd) {
    transpose(v128.load(p0), v128.load(p1), v128.load(p2), v128.load(p3), to)
    return
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

/** Whether `taps` pixels side by side are inside of the image. */
// @ts-ignore: decorator
@inline
function whole(entry: usize, dy: u32, dx: u32, taps: u32, height: u32, width: u32): bool {
  const x = load<u32>(entry, 8) + dx
  return (u32(load<u32>(entry, 4) + dy < height) & u32(x < width) & u32(x + taps - 1 < width)) != 0
}

/**
 * `depth` k's of each of some taps side by side for all places of a band: the elements `offset` bytes from each place's
 * pixel, zeros outside of the image; of several taps, all of their pixels' elements. `to` is the place of the first k in
 * the first tile, `room` as many k's as may be written; past the last place, the last one stands again.
 */
export function gatherTaps(
  to: usize, table: usize, count: u32, dy: u32, dx: u32, taps: u32, height: u32, width: u32,
  offset: usize, depth: u32, room: u32, length: usize, zeros: usize,
): void {
  const last = table + <usize>(count - 1) * ENTRY
  const tiles = count + 3 >> 2
  for (let t: u32 = 0; t < tiles; t++) {
    const e1 = min(table + ENTRY, last), e2 = min(table + 2 * ENTRY, last), e3 = min(table + 3 * ENTRY, last)
    if (
      taps > 1 && whole(table, dy, dx, taps, height, width) && whole(e1, dy, dx, taps, height, width) &&
      whole(e2, dy, dx, taps, height, width) && whole(e3, dy, dx, taps, height, width)
    )
      interleave(
        to,
        <usize>load<u32>(table) + offset, <usize>load<u32>(e1) + offset,
        <usize>load<u32>(e2) + offset, <usize>load<u32>(e3) + offset,
        taps * depth, room,
      )
    else
      for (let i: u32 = 0; i < taps; i++) {
        const k = i * depth, at = offset + (<usize>k << 2)
        interleave(
          to + (<usize>k << 5),
          under(table, dy, dx + i, height, width, at, zeros),
          under(e1, dy, dx + i, height, width, at, zeros),
          under(e2, dy, dx + i, height, width, at, zeros),
          under(e3, dy, dx + i, height, width, at, zeros),
          depth, room - k,
        )
      }
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
