// The patches of an image that overlap by two, 4x4 pixels, each with the 2x2 places of another that it belongs to. An entry
// of the table: [0] the first pixel's address, bytes from [4] row to row and [8] pixel to pixel, [12] the first place's
// address, [16] rows and [20] columns of places from it on that are there.

/** Bytes of an entry. */
// @ts-ignore: decorator
@inline
export const PATCH: usize = 32

/**
 * Bytes between two of the sixteen matrices: their sizes are often multiples of 4,096, and would all fall into the same
 * sets of a cache.
 */
// @ts-ignore: decorator
@inline
export const GAP: usize = 64

/** Copies a patch that lies partly outside of the image, with zeros there. */
function copyEdge(
  source: usize, y: i32, x: i32, height: i32, width: i32, pixel: usize, to: usize,
): void {
  for (let i = y; i < y + 4; i++)
    for (let j = x; j < x + 4; j++) {
      const end = to + pixel
      if (u32(i) < u32(height) && u32(j) < u32(width)) {
        let from = source + <usize>(i * width + j) * pixel
        for (; to != end; to += 16, from += 16) v128.store(to, v128.load(from))
      } else for (; to != end; to += 16) v128.store(to, f32x4.splat(0))
    }
}

/**
 * Reads a word of each cache line of so many bytes and gives something that depends on all of them. Read in order, lines
 * come several times faster than as the transforms come for them, which find them in the cache then.
 */
export function touch(from: usize, bytes: usize): u32 {
  let bits: u32 = 0
  for (const end = from + bytes; from < end; from += 64) bits |= load<u32>(from)
  return bits
}

/**
 * Touches the pixels that patches `first` to `first + count`, of `side` x `side` pixels, lie on. `spare` is a word that is
 * written.
 */
export function fetch(
  side: u32, first: u32, count: u32, down: u32, across: u32,
  source: usize, height: u32, width: u32, pixel: usize, top: u32, left: u32, spare: usize,
): void {
  let column = first % across, row = first / across % down, image = first / across / down, bits: u32 = 0
  while (count != 0) {
    const n = min(count, across - column)
    const x = max(<i32>(column * 2 - left), 0), end = min(<i32>((column + n - 1) * 2 + side - left), <i32>width)
    for (let u: u32 = 0; u < side; u++) {
      const y = row * 2 + u - top
      if (y < height && x < end)
        bits |= touch(source + <usize>((image * height + y) * width + x) * pixel, <usize>(end - x) * pixel)
    }
    count -= n
    column = 0
    if (++row == down) {
      row = 0
      image++
    }
  }
  store<u32>(spare, bits)
}

/**
 * Writes the entries of patches `first` to `first + count` (1 to 4; past them the last stands again) of images with
 * down x across patches, where the first starts at -top, -left. `pixel` are the bytes of a pixel of the source, a
 * multiple of 16; patches at an edge are copied to `edges`.
 */
export function locate(
  table: usize, first: u32, count: u32, down: u32, across: u32,
  source: usize, height: u32, width: u32, pixel: usize, top: u32, left: u32, edges: usize,
  places: usize, rows: u32, columns: u32, alongY: usize, alongX: usize,
): void {
  let column = first % across, row = first / across % down, image = first / across / down
  for (let i: u32 = 0; i < 4; i++, table += PATCH, edges += pixel << 4) {
    const y = <i32>(row * 2) - <i32>top, x = <i32>(column * 2) - <i32>left
    const from = source + <usize>(image * height * width) * pixel
    if (y >= 0 && x >= 0 && y + 4 <= <i32>height && x + 4 <= <i32>width) {
      store<u32>(table, <u32>(from + <usize>(y * <i32>width + x) * pixel))
      store<u32>(table, <u32>(width * pixel), 4)
    } else {
      copyEdge(from, y, x, height, width, pixel, edges)
      store<u32>(table, <u32>edges)
      store<u32>(table, <u32>(pixel << 2), 4)
    }
    store<u32>(table, <u32>pixel, 8)
    store<u32>(table, <u32>(places + <usize>(image * rows + row * 2) * alongY + <usize>(column * 2) * alongX), 12)
    store<u32>(table, rows - row * 2, 16)
    store<u32>(table, columns - column * 2, 20)
    if (i + 1 >= count) continue
    if (++column == across) {
      column = 0
      if (++row == down) {
        row = 0
        image++
      }
    }
  }
}
