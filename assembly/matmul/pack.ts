// Packing for matmul: a panel four elements wide, element [k][w] at `to + 32 * k + 4 * w`. One of the source's
// strides is 1 (in bytes: 4), the other anything. Positions past `width` hold copies of valid elements, so whoever
// reads the panel gets ordinary numbers there and drops them.
import { transpose } from './transpose'

// @ts-ignore: decorator
@inline
function narrow(to: usize, from: usize, alongK: usize, depth: u32, width: u32): void {
  const end = to + (<usize>depth << 5)
  const at1 = width > 1 ? <usize>4 : 0, at2 = width > 2 ? <usize>8 : 0
  do {
    store<f32>(to, load<f32>(from))
    store<f32>(to, load<f32>(from + at1), 4)
    store<f32>(to, load<f32>(from + at2), 8)
    store<f32>(to, load<f32>(from + at2), 12)
    to += 32
    from += alongK
  } while (to != end)
}

/** Rows of four consecutive elements: the panel's width runs along the unit stride. */
// @ts-ignore: decorator
@inline
function copied(to: usize, from: usize, alongK: usize, depth: u32): void {
  const end = to + (<usize>depth << 5)
  do {
    v128.store(to, v128.load(from))
    to += 32
    from += alongK
  } while (to != end)
}

/** Four runs along k, transposed four by four. */
// @ts-ignore: decorator
@inline
function transposed(to: usize, from: usize, alongW: usize, depth: u32, width: u32): void {
  const last = from + alongW * (width - 1)
  let p0 = from, p1 = min(from + alongW, last), p2 = min(from + 2 * alongW, last), p3 = last
  const end = to + (<usize>depth << 5)
  const vectorEnd = to + (<usize>(depth & ~3) << 5)
  while (to != vectorEnd) {
    transpose(v128.load(p0), v128.load(p1), v128.load(p2), v128.load(p3), to)
    to += 128
    p0 += 16
    p1 += 16
    p2 += 16
    p3 += 16
  }
  while (to != end) {
    store<f32>(to, load<f32>(p0))
    store<f32>(to, load<f32>(p1), 4)
    store<f32>(to, load<f32>(p2), 8)
    store<f32>(to, load<f32>(p3), 12)
    to += 32
    p0 += 4
    p1 += 4
    p2 += 4
    p3 += 4
  }
}

/** Packs `width` (1 to 4) positions of `depth` (at least 1) k's; strides in bytes. */
export function pack(
  to: usize, from: usize, alongK: usize, alongW: usize, depth: u32, width: u32,
): void {
  if (alongW != 4) transposed(to, from, alongW, depth, width)
  else if (width > 3) copied(to, from, alongK, depth)
  else narrow(to, from, alongK, depth, width)
}
