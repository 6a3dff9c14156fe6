// The taps of a window under places of a grid, for kernels that walk over places: signed words [0] row and [4] column
// from the place's pixel, `size` bytes a tap, in an order in which rows only rise or only fall.

/**
 * Writes entries of eight bytes for (tap, channel taken), in order: [0] bytes from the place's pixel, [4] 32 times the
 * index.
 */
export function locateTaps(
  taps: usize, size: usize, count: u32, taken: u32, width: u32, pixel: u32, entries: usize,
): void {
  let index: u32 = 0
  for (; count != 0; count--, taps += size)
    for (let c: u32 = 0; c < taken; c++, index += 32, entries += 8) {
      store<u32>(entries, (load<u32>(taps) * width + load<u32>(taps, 4)) * pixel + (c << 2))
      store<u32>(entries, index, 4)
    }
}

/** Copies the entries of the taps `first` to `end` that are inside of a row at a place; the end of the copies. */
export function inside(
  taps: usize, size: usize, first: u32, end: u32, taken: u32, x: u32, width: u32, entries: usize, to: usize,
): usize {
  for (let t = first; t < end; t++) {
    if (x + load<u32>(taps + t * size, 4) >= width) continue
    for (let i = t * taken; i < (t + 1) * taken; i++, to += 8) store<u64>(to, load<u64>(entries + (<usize>i << 3)))
  }
  return to
}

/** The first of the taps whose row is inside of the image at a place, or `count`. */
export function firstInside(taps: usize, size: usize, count: u32, y: u32, height: u32): u32 {
  let first: u32 = 0
  while (first < count && y + load<u32>(taps + first * size) >= height) first++
  return first
}

/** Past the last of them, not less than `first`. */
export function endInside(taps: usize, size: usize, count: u32, first: u32, y: u32, height: u32): u32 {
  let end = count
  while (end > first && y + load<u32>(taps + (end - 1) * size) >= height) end--
  return end
}

/** The first column of a grid, `step` pixels from place to place, where no tap lies left of the image. */
export function firstWhole(taps: usize, size: usize, count: u32, step: u32, columns: u32): u32 {
  let left: i32 = 0
  for (; count != 0; count--, taps += size) left = min(left, load<i32>(taps, 4))
  return min(columns, (u32(-left) + step - 1) / step)
}

/** Past the last column where no tap lies right of the image, not less than `first`. */
export function endWhole(
  taps: usize, size: usize, count: u32, step: u32, columns: u32, first: u32, width: u32,
): u32 {
  let right: i32 = 0
  for (; count != 0; count--, taps += size) right = max(right, load<i32>(taps, 4))
  return u32(right) < width ? max(first, min(columns, (width - right - 1) / step + 1)) : first
}
