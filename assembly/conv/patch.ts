// The patches of an image that overlap by two, each with the `tile` x `tile` places of another that it belongs to: 4x4
// pixels for 2x2 places, 6x6 for 4x4. An entry of the table: [0] the first pixel's address, bytes from [4] row to row and
// [8] pixel to pixel, [12] the first place's address, [16] rows and [20] columns of places from it on that are there.

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
  source: usize, y: i32, x: i32, side: i32, height: i32, width: i32, pixel: usize, to: usize,
): void {
  for (let i = y; i < y + side; i++)
    for (let j = x; j < x + side; j++) {
      const end = to + pixel
      if (u32(i) < u32(height) && u32(j) < u32(width)) {
        let from = source + <usize>(i * width + j) * pixel
        for (; to != end; to += 16, from += 16) v128.store(to, v128.load(from))
      } else for (; to != end; to += 16) v128.store(to, f32x4.splat(0))
    }
}

/**
 * Writes the entries of patches `first` to `first + count` (1 to 4; past them the last stands again) of images with
 * down x across patches, where the first starts at -top, -left. `pixel` are the bytes of a pixel of the source, a
 * multiple of 16; patches at an edge are copied to `edges`.
 */
export function locate(
  tile: u32, table: usize, first: u32, count: u32, down: u32, across: u32,
  source: usize, height: u32, width: u32, pixel: usize, top: u32, left: u32, edges: usize,
  places: usize, rows: u32, columns: u32, alongY: usize, alongX: usize,
): void {
  let column = first % across, row = first / across % down, image = first / across / down
  const side = <i32>tile + 2
  for (let i: u32 = 0; i < 4; i++, table += PATCH, edges += pixel * side * side) {
    const y = <i32>(row * tile) - <i32>top, x = <i32>(column * tile) - <i32>left
    const from = source + <usize>(image * height * width) * pixel
    if (y >= 0 && x >= 0 && y + side <= <i32>height && x + side <= <i32>width) {
      store<u32>(table, <u32>(from + <usize>(y * <i32>width + x) * pixel))
      store<u32>(table, <u32>(width * pixel), 4)
    } else {
      copyEdge(from, y, x, side, height, width, pixel, edges)
      store<u32>(table, <u32>edges)
      store<u32>(table, <u32>(pixel * side), 4)
    }
    store<u32>(table, <u32>pixel, 8)
    store<u32>(table, <u32>(places + <usize>(image * rows + row * tile) * alongY + <usize>(column * tile) * alongX), 12)
    store<u32>(table, rows - row * tile, 16)
    store<u32>(table, columns - column * tile, 20)
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
