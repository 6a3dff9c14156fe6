// winograd: a convolution with 3x3 filters, stride 1, no dilation and no groups, or its gradient of the images, by
// F(2x2, 3x3): patches of 4x4 pixels and the filters are transformed, and sixteen products of matrices, places x
// channels taken x channels given, take the place of nine for each pixel: 16 multiplications for 36. Or by F(4x4, 3x3),
// patches of 6x6 pixels: 36 multiplications for 144, and a greater error.
//
// An element's transformed sums run over the channels in order, in chunks of CHUNK as in matmul: its bits depend on its
// patch, on its place among those of the patch, and on the number of channels. The patches start at the padding.
//
// Words: [0] source, [1] weights, [2] out, [3] scratch, [4] images, [5] height [6] width [7] channels of the source,
// [8] height [9] width [10] channels of out, [11] top [12] left padding, strides (elements) of the weights along
// [13] channels taken, [14] channels given, [15] rows and [16] columns of the window (signed), [17] the first weight
// (elements), [18] patches of a band, a multiple of 8, [19] when weights are transformed, [20] channels given that are
// computed together, a multiple of 8, [21] the first channel given that is computed and [22] the one after the last, both
// multiples of 8, [23] places down and across of a patch, 2 or 4, [24] the epilogue or 0 (for all channels given). Channels taken are a multiple of four, those given of
// eight.
import { CHUNK } from '../matmul/chunk'
import { epilogue } from '../epilogue'
import { four } from '../matmul/four'
import { transpose } from '../matmul/transpose'
import { next } from './pack'
import { GAP, locate, PATCH } from './patch'
import { transformFilter, transformImage, transformResult } from './winograd-tile'
import { transformFilter4, transformImage4, transformResult4 } from './winograd-tile-4'

/** Weights are transformed for every band, for the first one (all fit into the scratch), or were, by `winogradFilters`. */
// @ts-ignore: decorator
@inline
const EACH_BAND: u32 = 0
// @ts-ignore: decorator
@inline
const FIRST_BAND: u32 = 1
// @ts-ignore: decorator
@inline
const TRANSFORMED: u32 = 2

/** Matrices: elements of a patch. */
// @ts-ignore: decorator
@inline
function matrices(args: usize): u32 {
  const side = load<u32>(args, 92) + 2
  return side * side
}

/**
 * Panels of transformed matrices: element k of row r of matrix p stands where the micro-kernel wants it, in
 * chunks of CHUNK k's and panels of eight rows. `rows` is a multiple of 8, `matrix` the bytes of one matrix.
 */
// @ts-ignore: decorator
@inline
function panelAt(panels: usize, rows: u32, k: u32, taken: u32, t: u32): usize {
  const chunk = k & ~(CHUNK - 1), depth = min(CHUNK, taken - chunk)
  return panels + (<usize>chunk * rows << 2) + (<usize>(t >> 1) * depth << 5) + (<usize>(t & 1) << 4) +
    (<usize>(k - chunk) << 5)
}

/** A transformed element of four patches or filters, 64 bytes, as four k's of a panel. */
// @ts-ignore: decorator
@inline
function transposed(from: usize, to: usize): void {
  transpose(v128.load(from), v128.load(from, 16), v128.load(from, 32), v128.load(from, 48), to)
}

/** Transforms the four patches of tile t. */
function packPatches(count: u32, table: usize, t: u32, rows: u32, taken: u32, panels: usize, spare: usize): void {
  const matrix = (<usize>rows * taken << 2) + GAP, end = spare + (<usize>count << 6)
  for (let k: u32 = 0; k < taken; k += 4) {
    for (let i: usize = 0; i < 4; i++) {
      const entry = table + i * PATCH
      const from = <usize>load<u32>(entry) + (<usize>k << 2), alongY = load<u32>(entry, 4), alongX = load<u32>(entry, 8)
      if (count == 16) transformImage(from, alongY, alongX, spare + (i << 4), 64)
      else transformImage4(from, alongY, alongX, spare + (i << 4), 64)
    }
    let to = panelAt(panels, rows, k, taken, t)
    for (let p = spare; p != end; p += 64, to += matrix) transposed(p, to)
  }
}

// @ts-ignore: decorator
@inline
function transformed(count: u32, from: usize, alongY: usize, alongX: usize, to: usize, along: usize): void {
  if (count == 16) transformFilter(from, alongY, alongX, to, along)
  else transformFilter4(from, alongY, alongX, to, along)
}

/** Transforms the weights of eight channels given, to as many slivers of B as there are matrices. */
function packFilters(args: usize, n: u32, to: usize, spare: usize): void {
  const taken = load<u32>(args, 28), matrix = (<usize>taken << 5) + GAP, count = matrices(args)
  const alongK = <usize>load<u32>(args, 52) << 2, alongN = <usize>load<u32>(args, 56) << 2
  const alongY = <usize>load<i32>(args, 60) << 2, alongX = <usize>load<i32>(args, 64) << 2
  const from = <usize>load<u32>(args, 4) + (<usize>load<u32>(args, 68) << 2) + n * alongN
  if (alongN == 4) {
    for (let k: u32 = 0; k < taken; k++, to += 32) {
      transformed(count, from + k * alongK, alongY, alongX, to, matrix)
      transformed(count, from + k * alongK + 16, alongY, alongX, to + 16, matrix)
    }
  } else {
    for (let k: u32 = 0; k < taken; k += 4, to += 128) {
      for (let half: usize = 0; half < 2; half++) {
        for (let i: usize = 0; i < 4; i++)
          transformed(count, from + k * alongK + (half * 4 + i) * alongN, alongY, alongX, spare + (i << 4), 64)
        let at = to + (half << 4)
        for (let p = spare; p != spare + (<usize>count << 6); p += 64, at += matrix) transposed(p, at)
      }
    }
  }
}

/** Transforms all weights, to slivers of eight channels given; record as that of `winograd`. */
export function winogradFilters(args: usize): void {
  const given = load<u32>(args, 40), sliver = ((<usize>load<u32>(args, 28) << 5) + GAP) * matrices(args)
  let to = <usize>load<u32>(args, 8)
  for (let n: u32 = 0; n < given; n += 8, to += sliver) packFilters(args, n, to, <usize>load<u32>(args, 12))
}

/**
 * The products of a band with `wide` channels given, to as many matrices of rows `along` bytes apart. One after
 * the other, so that a matrix of the band stays in the cache.
 */
function multiply(
  count: u32, panels: usize, slivers: usize, rows: u32, tiles: u32, taken: u32, to: usize, along: usize, wide: u32,
): void {
  const sliver = ((<usize>taken << 5) + GAP) * count
  for (let p: u32 = 0; p < count; p++) {
    for (let j: u32 = 0; j < wide; j += 8) {
      const from = slivers + <usize>(j >> 3) * sliver
      for (let k: u32 = 0; k < taken; k += CHUNK) {
        const length = <usize>min(CHUNK, taken - k) << 5
        let panel = panels + (<usize>k * rows << 2), c = to + (<usize>j << 2)
        for (let t: u32 = 0; t < tiles; t++, c += along << 2) {
          four(panel, from + (<usize>k << 5), length, c, along, k != 0 ? c : 0, along)
          panel = next(panel, t, length)
        }
      }
    }
    panels += (<usize>rows * taken << 2) + GAP
    slivers += (<usize>taken << 5) + GAP
    to += <usize>rows * along + GAP
  }
}

/** Lines of places that are whole after so many patches. */
// @ts-ignore: decorator
@inline
function linesDone(patches: u32, down: u32, across: u32, tile: u32, height: u32): u32 {
  const lines = patches / across
  return lines / down * height + min(lines % down * tile, height)
}

export function winograd(args: usize): void {
  const scratch = <usize>load<u32>(args, 12), images = load<u32>(args, 16)
  const taken = load<u32>(args, 28), height = load<u32>(args, 32), width = load<u32>(args, 36)
  const given = load<u32>(args, 40), rows = load<u32>(args, 72), form = load<u32>(args, 76)
  const most = load<u32>(args, 80), along = <usize>most << 2, tile = load<u32>(args, 92), each = matrices(args)
  const begin = load<u32>(args, 84), end = load<u32>(args, 88)
  const across = (width + tile - 1) / tile, down = (height + tile - 1) / tile, patches = images * down * across
  const alongX = <usize>given << 2, alongY = <usize>width * alongX
  const table = scratch + (<usize>each << 6), results = table + <usize>rows * PATCH
  const panels = results + (<usize>rows * along + GAP) * each
  const edges = panels + ((<usize>rows * taken << 2) + GAP) * each
  const filters = form == TRANSFORMED ? <usize>load<u32>(args, 4) : edges + (<usize>taken << 4) * each
  const sliver = ((<usize>taken << 5) + GAP) * each
  let done: u32 = 0
  for (let first: u32 = 0; first < patches; first += rows) {
    const count = min(rows, patches - first), tiles = count + 3 >> 2
    for (let t: u32 = 0; t < tiles; t++) {
      const entries = table + <usize>(t << 2) * PATCH
      locate(
        tile, entries, first + (t << 2), min(4, count - (t << 2)), down, across,
        load<u32>(args), load<u32>(args, 20), load<u32>(args, 24), <usize>taken << 2, load<u32>(args, 44), load<u32>(args, 48),
        edges, load<u32>(args, 8), height, width, alongY, alongX,
      )
      packPatches(each, entries, t, rows, taken, panels, scratch)
    }
    for (let n = begin; n < end; n += most) {
      const wide = min(most, end - n)
      const at = filters + (form == EACH_BAND ? 0 : <usize>((form == FIRST_BAND ? n - begin : n) >> 3) * sliver)
      if (form == EACH_BAND || form == FIRST_BAND && first == 0)
        for (let j: u32 = 0; j < wide; j += 8) packFilters(args, n + j, at + <usize>(j >> 3) * sliver, scratch)
      multiply(each, panels, at, rows, tiles, taken, results, along, wide)
      for (let i: u32 = 0; i < count; i++) {
        const entry = table + <usize>i * PATCH
        const to = <usize>load<u32>(entry, 12) + (<usize>n << 2)
        const below = load<u32>(entry, 16), right = load<u32>(entry, 20), matrix = <usize>rows * along + GAP
        for (let j: usize = 0; j < <usize>wide << 2; j += 16) {
          const from = results + <usize>i * along + j
          if (tile == 2) transformResult(from, matrix, to + j, alongY, alongX, below, right)
          else transformResult4(from, matrix, to + j, alongY, alongX, below, right)
        }
      }
    }
    const before = done
    done = linesDone(first + count, down, across, tile, height) * width
    epilogue(<usize>load<u32>(args, 96), before, done)
  }
}
