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
import { gatherChannels, gatherElements, next } from './pack'
import { PANELS, SPARE, TABLE, ZEROS } from './scratch'
import { dense } from './tiles'

/** The tap of row `row` of A. */
// @ts-ignore: decorator
@inline
function tapOf(args: usize, row: u32): usize {
  return args + 68 + <usize>(row / load<u32>(args, 56)) * 8
}

/** How far the element of row `row` lies from the pixel of a place. */
// @ts-ignore: decorator
@inline
function offsetOf(args: usize, row: u32, group: usize): usize {
  const tap = tapOf(args, row), width = load<i32>(args, 24), pixel = load<i32>(args, 28) << 2
  return (load<i32>(tap) * width + load<i32>(tap, 4)) * pixel + <usize>(row % load<u32>(args, 56)) * 4 + group
}

/** Rows `top` to `top + count` of A, each a (tap, channel), over the `depth` places in the table. */
function packRows(args: usize, top: u32, count: u32, depth: u32, group: usize): void {
  const scratch = <usize>load<u32>(args, 12), table = scratch + TABLE, zeros = scratch + ZEROS
  const height = load<u32>(args, 20), width = load<u32>(args, 24), length = <usize>depth << 5, last = top + count - 1
  let to = scratch + PANELS
  for (let t: u32 = 0, r0 = top; r0 <= last; t++, r0 += 4) {
    const r1 = min(r0 + 1, last), r2 = min(r0 + 2, last), r3 = min(r0 + 3, last)
    const t0 = tapOf(args, r0), t1 = tapOf(args, r1), t2 = tapOf(args, r2), t3 = tapOf(args, r3)
    const o0 = offsetOf(args, r0, group)
    if (r3 == r0 + 3 && t3 == t0) gatherChannels(to, table, depth, load<u32>(t0), load<u32>(t0, 4), height, width, o0, zeros)
    else
      gatherElements(
        to, table, depth,
        load<i32>(t0), load<i32>(t0, 4), o0, load<i32>(t1), load<i32>(t1, 4), offsetOf(args, r1, group),
        load<i32>(t2), load<i32>(t2, 4), offsetOf(args, r2, group), load<i32>(t3), load<i32>(t3, 4), offsetOf(args, r3, group),
        height, width, <usize>load<u32>(args, 28) << 2, load<u32>(args, 36), load<u32>(args, 48), zeros,
      )
    to = next(to, t, length)
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
