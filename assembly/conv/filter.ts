// convolveFilter: the gradient of a convolution's filters, a matmul whose A is the transpose of `convolve`'s: C[(tap,
// channel), filter] sums over the places of all images, in order, in chunks of CHUNK as in matmul. What lies outside of
// the image takes part as zeros.
//
// Words: [0] images, [1] gradients, [2] out, [3] scratch, [4] number of images, [5] height [6] width [7] channels,
// [8] rows [9] columns of places, [10] filters, [11] [12] strides, [13] groups, [14] channels and [15] filters of a
// group, [16] taps, then for each: row and column from the place's pixel (signed).
import { CHUNK } from '../matmul/chunk'
import { pack } from '../matmul/pack'
import { BAND, band } from './band'
import { gatherChannel, gatherChannels, next } from './pack'
import { PANELS, SPARE, TABLE, ZEROS } from './scratch'
import { dense } from './tiles'

/** Rows `top` to `top + count` of A, each a (tap, channel), over the `depth` places in the table. */
function packRows(args: usize, top: u32, count: u32, depth: u32, group: usize): void {
  const scratch = <usize>load<u32>(args, 12), table = scratch + TABLE, zeros = scratch + ZEROS
  const height = load<u32>(args, 20), width = load<u32>(args, 24), pixel = <usize>load<u32>(args, 28) << 2
  const taken = load<u32>(args, 56), length = <usize>depth << 5
  let to = scratch + PANELS, tap = args + 68 + <usize>(top / taken) * 8, channel = top % taken
  for (let t: u32 = 0; count != 0; t++) {
    const rows = min(count, 4)
    if (rows == 4 && channel + 4 <= taken) {
      const dy = load<i32>(tap), dx = load<i32>(tap, 4)
      const offset = (dy * <i32>width + dx) * <i32>pixel + <usize>channel * 4 + group
      gatherChannels(to, table, depth, dy, dx, height, width, offset, zeros)
      channel += 4
      if (channel == taken) {
        channel = 0
        tap += 8
      }
    } else {
      for (let r: u32 = 0; r < 4; r++) {
        const dy = load<i32>(tap), dx = load<i32>(tap, 4)
        const offset = (dy * <i32>width + dx) * <i32>pixel + <usize>channel * 4 + group
        gatherChannel(to + 4 * r, table, depth, dy, dx, height, width, offset, zeros)
        if (r + 1 < rows && ++channel == taken || r + 1 == rows && rows == 4 && ++channel == taken) {
          channel = 0
          tap += 8
        }
      }
    }
    to = next(to, t, length)
    count -= rows
  }
}

export function convolveFilter(args: usize): void {
  const scratch = <usize>load<u32>(args, 12)
  const pixel = <usize>load<u32>(args, 28) << 2, rows = load<u32>(args, 32), columns = load<u32>(args, 36)
  const along = <usize>load<u32>(args, 40) << 2, groups = load<u32>(args, 52)
  const taken = load<u32>(args, 56), given = load<u32>(args, 60), m = load<u32>(args, 64) * taken
  const gradients = <usize>load<u32>(args, 4), out = <usize>load<u32>(args, 8)
  const places = load<u32>(args, 16) * rows * columns
  if (places == 0) memory.fill(out, 0, m * along)
  memory.fill(scratch + ZEROS, 0, 4 * CHUNK + 64)
  for (let first: u32 = 0; first < places; first += CHUNK) {
    const depth = min(CHUNK, places - first), length = <usize>depth << 5
    band(
      scratch + TABLE, first, depth, rows, columns,
      load<u32>(args), load<u32>(args, 20), load<u32>(args, 24), pixel, load<u32>(args, 44), load<u32>(args, 48),
      0, 0, 0, 0,
    )
    for (let g: u32 = 0; g < groups; g++)
      for (let top: u32 = 0; top < m; top += BAND) {
        const count = min(BAND, m - top)
        packRows(args, top, count, depth, <usize>(g * taken) << 2)
        for (let column: u32 = 0; column < given; column += 8) {
          const wide = min(given - column, 8), shift = <usize>(g * given + column) << 2
          const from = gradients + first * along + shift
          pack(scratch, from, along, 4, depth, min(wide, 4))
          if (wide > 4) pack(scratch + 16, from + 16, along, 4, depth, wide - 4)
          dense(
            scratch + PANELS, scratch, length, out + top * along + shift, along, count, wide, first != 0,
            scratch + SPARE,
          )
        }
      }
  }
}
