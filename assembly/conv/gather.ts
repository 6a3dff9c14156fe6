// convolve: every place of a grid gathers taps of a source image, a matmul whose A (places x (tap, channel)) is never
// there as a whole: bands of it are packed straight from the image. It serves the convolution itself and, with the
// strides' phases as grids, its gradient of the images.
//
// An element's sum runs over (tap, channel of the group) in the order of the taps given, in chunks of CHUNK as in
// matmul: so its bits depend on the values and the sizes of the window and the channels only; what lies outside of the
// image takes part as zeros.
//
// Words: [0] source, [1] weights, [2] out, [3] scratch, [4] images, [5] height [6] width [7] channels of the source,
// [8] rows [9] columns of the grid, [10] [11] its steps on the source, [12] height [13] width [14] channels of out,
// [15] [16] the grid's steps on out, [17] [18] where it starts there, [19] groups, channels of a group [20] taken and
// [21] given, strides of the weights (elements) along [22] channels taken, [23] given, [24] groups, [25] taps, [26] 1 if
// the weights were packed by `convolveFilters`, [27] the epilogue or 0 (for one grid that is all of out), then for each tap:
// row and column from the place's pixel (signed), its weights' offset (elements).
import { CHUNK } from '../matmul/chunk'
import { epilogue } from '../epilogue'
import { pack } from '../matmul/pack'
import { BAND, band, ENTRY } from './band'
import { gatherTaps } from './pack'
import { PANELS, SPARE, TABLE, ZEROS } from './scratch'
import { scattered } from './tiles'

/** k's `start` to `start + depth` of A, for a band. */
function packImages(args: usize, start: u32, depth: u32, count: u32, group: usize): void {
  const scratch = <usize>load<u32>(args, 12)
  const height = load<u32>(args, 20), width = load<u32>(args, 24), pixel = <usize>load<u32>(args, 28) << 2
  const taken = load<u32>(args, 80), length = <usize>depth << 5
  let to = scratch + PANELS, tap = args + 112 + <usize>(start / taken) * 12, channel = start % taken
  for (; depth != 0;) {
    const part = min(depth, taken - channel), dy = load<i32>(tap), dx = load<i32>(tap, 4)
    const offset = (dy * <i32>width + dx) * <i32>pixel + <usize>channel * 4 + group
    // pixels of few channels that lie side by side are one run
    let taps: u32 = 1
    if (part << 2 == pixel && taken < 16)
      while ((taps + 1) * part <= depth && load<i32>(tap + taps * 12) == dy && load<i32>(tap + taps * 12, 4) == dx + taps)
        taps++
    gatherTaps(to, scratch + TABLE, count, dy, dx, taps, height, width, offset, part, depth, length, scratch + ZEROS)
    to += <usize>(taps * part) << 5
    depth -= taps * part
    channel = 0
    tap += taps * 12
  }
}

/** The same k's of `columns` columns of B, from `column` on. */
function packWeights(args: usize, start: u32, depth: u32, column: u32, columns: u32, group: usize, to: usize): void {
  const weights = <usize>load<u32>(args, 4) + group, taken = load<u32>(args, 80)
  const alongK = <usize>load<u32>(args, 88) << 2, alongN = <usize>load<u32>(args, 92) << 2
  let tap = args + 112 + <usize>(start / taken) * 12, channel = start % taken
  for (; depth != 0;) {
    const part = min(depth, taken - channel)
    const from = weights + (<usize>load<u32>(tap, 8) << 2) + channel * alongK + column * alongN
    pack(to, from, alongK, alongN, part, min(columns, 4))
    if (columns > 4) pack(to + 16, from + 4 * alongN, alongK, alongN, part, columns - 4)
    to += <usize>part << 5
    depth -= part
    channel = 0
    tap += 12
  }
}

/** Where the packed weights of a group's chunk begin: chunk by chunk, in slivers of eight columns. */
// @ts-ignore: decorator
@inline
function sliverAt(packed: usize, group: u32, start: u32, k: u32, given: u32): usize {
  return packed + (<usize>(given + 7 & ~7) * (group * k + start) << 2)
}

/** Packs all weights; record as that of `convolve`. */
export function convolveFilters(args: usize): void {
  const groups = load<u32>(args, 76), given = load<u32>(args, 84), k = load<u32>(args, 100) * load<u32>(args, 80)
  const alongGroup = <usize>load<u32>(args, 96) << 2
  for (let g: u32 = 0; g < groups; g++)
    for (let start: u32 = 0; start < k; start += CHUNK) {
      const depth = min(CHUNK, k - start)
      let to = sliverAt(<usize>load<u32>(args, 8), g, start, k, given)
      for (let column: u32 = 0; column < given; column += 8, to += <usize>depth << 5)
        packWeights(args, start, depth, column, min(given - column, 8), g * alongGroup, to)
    }
}

/** Zeros at the places of a band that no tap reaches. */
function clear(table: usize, count: u32, shift: usize, bytes: usize): void {
  for (; count != 0; count--, table += ENTRY) memory.fill(<usize>load<u32>(table, 12) + shift, 0, bytes)
}

export function convolve(args: usize): void {
  const scratch = <usize>load<u32>(args, 12), table = scratch + TABLE
  const pixel = <usize>load<u32>(args, 28) << 2, rows = load<u32>(args, 32), columns = load<u32>(args, 36)
  const place = <usize>load<u32>(args, 56) << 2, line = load<u32>(args, 52) * place
  const image = load<u32>(args, 48) * line
  const groups = load<u32>(args, 76), taken = load<u32>(args, 80), given = load<u32>(args, 84)
  const alongGroup = <usize>load<u32>(args, 96) << 2, k = load<u32>(args, 100) * taken
  const packed = load<u32>(args, 104) != 0
  const out = <usize>load<u32>(args, 8) + load<u32>(args, 68) * line + load<u32>(args, 72) * place
  const places = load<u32>(args, 16) * rows * columns
  memory.fill(scratch + ZEROS, 0, 4 * CHUNK + 64)
  for (let first: u32 = 0; first < places; first += BAND) {
    const count = min(BAND, places - first)
    band(
      table, first, count, rows, columns,
      load<u32>(args), load<u32>(args, 20), load<u32>(args, 24), pixel, load<u32>(args, 40), load<u32>(args, 44),
      out, image, line * load<u32>(args, 60), place * load<u32>(args, 64),
    )
    for (let g: u32 = 0; g < groups; g++) {
      const shift = <usize>(g * given) << 2
      if (k == 0) clear(table, count, shift, <usize>given << 2)
      for (let start: u32 = 0; start < k; start += CHUNK) {
        const depth = min(CHUNK, k - start), length = <usize>depth << 5
        packImages(args, start, depth, count, <usize>(g * taken) << 2)
        let sliver = packed ? sliverAt(<usize>load<u32>(args, 4), g, start, k, given) : scratch
        for (let column: u32 = 0; column < given; column += 8) {
          const wide = min(given - column, 8)
          if (!packed) packWeights(args, start, depth, column, wide, g * alongGroup, scratch)
          scattered(
            scratch + PANELS, sliver, length, table, count, shift + (<usize>column << 2), wide, start != 0,
            scratch + SPARE,
          )
          if (packed) sliver += length
        }
      }
    }
    epilogue(<usize>load<u32>(args, 108), first, first + count)
  }
}
