// A band: up to BAND places of a grid, in order, each with the pixel of the source image it starts from and the address
// its result goes to. Entries of 16 bytes: [0] the pixel's address, [4] row, [8] column, [12] the result's address.

/** Places of a band, a multiple of eight. */
// @ts-ignore: decorator
@inline
export const BAND: u32 = 256
// @ts-ignore: decorator
@inline
export const ENTRY: usize = 16

/**
 * Writes the entries of places `first` to `first + count` of a grid of `columns` places a row and `rows` rows an image.
 * The source's pixels are `pixel` bytes apart, `width` in a row, `height` rows; a place is stepY, stepX of them from the
 * next one. Results: `place` bytes from place to place, `line` from row to row, `image` from image to image.
 */
export function band(
  table: usize, first: u32, count: u32, rows: u32, columns: u32,
  source: usize, height: u32, width: u32, pixel: usize, stepY: u32, stepX: u32,
  result: usize, image: usize, line: usize, place: usize,
): void {
  let column = first % columns, row = first / columns % rows, index = first / columns / rows
  for (; count != 0; count--) {
    const y = row * stepY, x = column * stepX
    store<u32>(table, <u32>(source + <usize>((index * height + y) * width + x) * pixel))
    store<u32>(table, y, 4)
    store<u32>(table, x, 8)
    store<u32>(table, <u32>(result + index * image + row * line + column * place), 12)
    table += ENTRY
    if (++column == columns) {
      column = 0
      if (++row == rows) {
        row = 0
        index++
      }
    }
  }
}

/** The address `offset` bytes from a place's pixel, where the tap dy, dx is inside of the image; `outside` elsewhere. */
// @ts-ignore: decorator
@inline
export function under(entry: usize, dy: u32, dx: u32, height: u32, width: u32, offset: usize, outside: usize): usize {
  const inside = u32(load<u32>(entry, 4) + dy < height) & u32(load<u32>(entry, 8) + dx < width)
  return inside ? <usize>load<u32>(entry) + offset : outside
}
