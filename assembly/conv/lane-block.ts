// What the kernels of small groups share: four groups stand in the lanes of every vector, so that nothing is multiplied
// that is not of one group, and what is shared are the loads.
import { transpose } from '../matmul/transpose'
import { multiplyAdd } from '../multiply-add'
import { gatherLanes } from './lanes'

/** Bytes that one part of an image takes at most, unless it is a line: it is to stay in the cache. */
// @ts-ignore: decorator
@inline
export const PART: usize = 1 << 17

/** Rows of places, at most `rows`, whose part of an image of lines of `line` bytes is small. */
export function rowsOfPart(rows: u32, line: usize, step: u32, span: u32): u32 {
  const lines = u32(PART / line)
  return lines > span ? min(rows, (lines - span) / step + 1) : 1
}

/**
 * The channels of `lanes` (1 to 4) neighbouring groups in part of an image, as [line][column][channel][lane]: zeros
 * outside of the image and in lanes past the last.
 */
export function arrange(
  to: usize, image: usize, height: u32, width: u32, pixel: usize, y: i32, x: i32, lines: u32, columns: u32,
  channels: u32, lanes: u32,
): void {
  const cell = <usize>channels << 4, apart = <usize>channels << 2
  const left = min(columns, u32(max(0, -x))), inside = u32(max(0, min(<i32>width - x, <i32>columns)))
  for (let line: u32 = 0; line < lines; line++, y++) {
    const end = to + columns * cell
    if (u32(y) < height && left < inside) {
      memory.fill(to, 0, left * cell)
      to += left * cell
      let from = image + <usize>(y * <i32>width + x + <i32>left) * pixel
      for (let column = left; column < inside; column++, from += pixel) {
        let c: u32 = 0, at = from
        if (lanes == 4)
          for (; c + 4 <= channels; c += 4, at += 16, to += 64)
            transpose(v128.load(at), v128.load(at + apart), v128.load(at + 2 * apart), v128.load(at + 3 * apart), to, 16)
        if (lanes == 4 && channels == 2) {
          const low = v128.load(at), high = v128.load(at, 16)
          v128.store(to, v128.shuffle<f32>(low, high, 0, 2, 4, 6))
          v128.store(to, v128.shuffle<f32>(low, high, 1, 3, 5, 7), 16)
          to += 32
        } else for (; c < channels; c++, at += 4, to += 16) v128.store(to, gatherLanes(at, apart, lanes))
      }
    }
    memory.fill(to, 0, end - to)
    to = end
  }
}

/** `block` of LEFT times RIGHT vectors. */
// @ts-ignore: decorator
@inline
function sized(
  LEFT: i32, RIGHT: i32, x: usize, step: usize, w: usize, along: usize, entries: usize, end: usize, sums: usize,
  add: bool,
): void {
  const zero = f32x4.splat(0)
  let s00 = zero, s01 = zero, s02 = zero, s03 = zero, s10 = zero, s11 = zero, s12 = zero, s13 = zero
  let s20 = zero, s21 = zero, s30 = zero, s31 = zero
  const sums1 = sums + 16 * RIGHT, sums2 = sums1 + 16 * RIGHT, sums3 = sums2 + 16 * RIGHT
  if (add) {
    s00 = v128.load(sums)
    if (RIGHT > 1) s01 = v128.load(sums, 16)
    if (RIGHT > 2) s02 = v128.load(sums, 32)
    if (RIGHT > 3) s03 = v128.load(sums, 48)
    if (LEFT > 1) {
      s10 = v128.load(sums1)
      if (RIGHT > 1) s11 = v128.load(sums1, 16)
      if (RIGHT > 2) s12 = v128.load(sums1, 32)
      if (RIGHT > 3) s13 = v128.load(sums1, 48)
    }
    if (LEFT > 2) {
      s20 = v128.load(sums2)
      if (RIGHT > 1) s21 = v128.load(sums2, 16)
      s30 = v128.load(sums3)
      if (RIGHT > 1) s31 = v128.load(sums3, 16)
    }
  }
  do {
    const x0 = x + <usize>load<u32>(entries)
    const w0 = v128.load(w), w1 = RIGHT > 1 ? v128.load(w, 16) : w0
    const w2 = RIGHT > 2 ? v128.load(w, 32) : w0, w3 = RIGHT > 3 ? v128.load(w, 48) : w0
    const v0 = v128.load(x0)
    s00 = multiplyAdd(s00, v0, w0)
    if (RIGHT > 1) s01 = multiplyAdd(s01, v0, w1)
    if (RIGHT > 2) s02 = multiplyAdd(s02, v0, w2)
    if (RIGHT > 3) s03 = multiplyAdd(s03, v0, w3)
    if (LEFT > 1) {
      const v1 = v128.load(x0 + step)
      s10 = multiplyAdd(s10, v1, w0)
      if (RIGHT > 1) s11 = multiplyAdd(s11, v1, w1)
      if (RIGHT > 2) s12 = multiplyAdd(s12, v1, w2)
      if (RIGHT > 3) s13 = multiplyAdd(s13, v1, w3)
    }
    if (LEFT > 2) {
      const v2 = v128.load(x0 + 2 * step), v3 = v128.load(x0 + 3 * step)
      s20 = multiplyAdd(s20, v2, w0)
      if (RIGHT > 1) s21 = multiplyAdd(s21, v2, w1)
      s30 = multiplyAdd(s30, v3, w0)
      if (RIGHT > 1) s31 = multiplyAdd(s31, v3, w1)
    }
    w += along
    entries += 4
  } while (entries != end)
  v128.store(sums, s00)
  if (RIGHT > 1) v128.store(sums, s01, 16)
  if (RIGHT > 2) v128.store(sums, s02, 32)
  if (RIGHT > 3) v128.store(sums, s03, 48)
  if (LEFT > 1) {
    v128.store(sums1, s10)
    if (RIGHT > 1) v128.store(sums1, s11, 16)
    if (RIGHT > 2) v128.store(sums1, s12, 32)
    if (RIGHT > 3) v128.store(sums1, s13, 48)
  }
  if (LEFT > 2) {
    v128.store(sums2, s20)
    if (RIGHT > 1) v128.store(sums2, s21, 16)
    v128.store(sums3, s30)
    if (RIGHT > 1) v128.store(sums3, s31, 16)
  }
}

/** How many vectors on the left go with so many on the right (1 to 4): of `count`, 1, 2, or 4 where there are few. */
export function lefts(count: u32, right: u32): u32 {
  return count > 3 && right < 3 ? 4 : min(count, 2)
}

/**
 * sums[i][j] = (add ? sums[i][j] : 0) + sum over the entries of x[entry + i step] w[j], vectors all: `left` (1, 2, or, for
 * `right` < 3, 4) times `right` (1 to 4) of them. An entry (there is at least one) is an offset of x in bytes; w goes on
 * by `along` bytes with each.
 */
export function block(
  left: u32, right: u32, x: usize, step: usize, w: usize, along: usize, entries: usize, end: usize, sums: usize,
  add: bool,
): void {
  if (right == 4) {
    if (left == 2) sized(2, 4, x, step, w, along, entries, end, sums, add)
    else sized(1, 4, x, step, w, along, entries, end, sums, add)
  } else if (right == 3) {
    if (left == 2) sized(2, 3, x, step, w, along, entries, end, sums, add)
    else sized(1, 3, x, step, w, along, entries, end, sums, add)
  } else if (right == 2) {
    if (left == 4) sized(4, 2, x, step, w, along, entries, end, sums, add)
    else if (left == 2) sized(2, 2, x, step, w, along, entries, end, sums, add)
    else sized(1, 2, x, step, w, along, entries, end, sums, add)
  } else if (left == 4) sized(4, 1, x, step, w, along, entries, end, sums, add)
  else if (left == 2) sized(2, 1, x, step, w, along, entries, end, sums, add)
  else sized(1, 1, x, step, w, along, entries, end, sums, add)
}
