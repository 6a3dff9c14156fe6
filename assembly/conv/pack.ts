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

// @ts-ignore: decorator
@inline
function lanesAt(p0: usize, p1: usize, p2: usize, p3: usize): v128 {
  return v128.load32_lane(p3, v128.load32_lane(p2, v128.load32_lane(p1, v128.load32_zero(p0), 1), 2), 3)
}

/**
 * Four elements, each a tap's and a channel's, of rows y and columns x from the places' pixels and offsets o: k runs over
 * the places of a band, of which there are `columns` in a row, `step` pixels from each other.
 */
export function gatherElements(
  to: usize, table: usize, count: u32, y0: i32, x0: i32, o0: usize, y1: i32, x1: i32, o1: usize,
  y2: i32, x2: i32, o2: usize, y3: i32, x3: i32, o3: usize,
  height: u32, width: u32, pixel: usize, columns: u32, step: u32, zeros: usize,
): void {
  const top = min(min(y0, y1), min(y2, y3)), bottom = max(max(y0, y1), max(y2, y3))
  const left = min(min(x0, x1), min(x2, x3)), right = max(max(x0, x1), max(x2, x3))
  const side = o1 == o0 + 4 && o2 == o0 + 8 && o3 == o0 + 12
  while (count != 0) {
    const y = load<i32>(table, 4), x = load<i32>(table, 8)
    const inside = u32(u32(y + top) < height) & u32(u32(y + bottom) < height) &
      u32(u32(x + left) < width) & u32(u32(x + right) < width)
    let run: u32 = 1
    if (inside) {
      // so are the next ones, up to where the row or the image ends
      run = min(min(count, columns - x / step), (width - right - x + step - 1) / step)
      const end = to + (<usize>run << 5)
      let at = <usize>load<u32>(table)
      if (side) for (at += o0; to != end; to += 32, at += step * pixel) v128.store(to, v128.load(at))
      else for (; to != end; to += 32, at += step * pixel) v128.store(to, lanesAt(at + o0, at + o1, at + o2, at + o3))
    } else {
      v128.store(
        to,
        lanesAt(
          under(table, y0, x0, height, width, o0, zeros), under(table, y1, x1, height, width, o1, zeros),
          under(table, y2, x2, height, width, o2, zeros), under(table, y3, x3, height, width, o3, zeros),
        ),
      )
      to += 32
    }
    table += run * ENTRY
    count -= run
  }
}
