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
import { tile } from '../matmul/tile'
import { transpose } from '../matmul/transpose'
import { next } from './pack'
import { GAP, touch } from './patch'
import { CHANNELS, fillPlanes, partBytes, planeBytes, sharedRows, STRIP } from './planes'
import { transformFilter, transformGathered, transformPlanes, transformResult } from './winograd-tile'
import { transformFilter4, transformGathered4, transformPlanes4, transformResult4 } from './winograd-tile-4'

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

/** Puts four patches, or as many as lie side by side, of four planes where `transformGathered` takes them. */
function gather(tile: u32, from: usize, plane: usize, part: usize, to: usize): void {
  for (let c: u32 = 0; c < 4; c++, from += plane) {
    let p = from
    for (let u: u32 = 0; u < tile + 2; u++)
      for (let r: u32 = 0; r < tile; r++, p += part, to += 64) {
        v128.store(to, v128.load(p))
        if (r < 2) v128.store(to, v128.load(p, 4), 32)
      }
  }
}

/** Transforms a strip of four planes to the panels from `to` on. */
function packPlanes(
  tile: u32, first: u32, count: u32, down: u32, across: u32, planes: usize, gathered: usize,
  to: usize, length: usize, matrix: usize,
): void {
  const plane = planeBytes(tile, across), part = partBytes(across), slot = part * tile
  let column = first % across, row = first / across % down, from = planes, left = min(count, across - column)
  for (let t: u32 = 0; count != 0; t++, to = next(to, t - 1, length)) {
    const whole = left >= 4
    if (whole && tile == 2) transformPlanes(from, plane, slot, part, to, matrix)
    else if (whole) transformPlanes4(from, plane, slot, part, to, matrix)
    let lane: u32 = 0
    do {
      const n = min(left, 4 - lane)
      if (!whole) gather(tile, from, plane, part, gathered + (lane << 2))
      lane += n
      count -= n
      left -= n
      from += n << 2
      if (left == 0) {
        if (++row == down) row = 0
        planes += (tile + 2 - sharedRows(column, row)) * slot
        column = 0
        from = planes
        left = min(count, across)
      }
    } while (lane != 4 && count != 0)
    if (!whole && tile == 2) transformGathered(gathered, to, matrix)
    else if (!whole) transformGathered4(gathered, to, matrix)
  }
}

/** Transforms patches `first` to `first + count`, the band's from tile t on; record as that of `winograd`. */
function packPatches(
  args: usize, first: u32, count: u32, down: u32, across: u32, t: u32, panels: usize, planes: usize, zeros: usize,
): void {
  const taken = load<u32>(args, 28), tile = load<u32>(args, 92), rows = load<u32>(args, 72)
  const matrix = (<usize>rows * taken << 2) + GAP, plane = planeBytes(tile, across)
  const gathered = planes + CHANNELS * plane
  for (let k: u32 = 0; k < taken; k += CHANNELS) {
    const quads = min(CHANNELS, taken - k) >> 2
    fillPlanes(
      tile, first, count, down, across,
      <usize>load<u32>(args) + (<usize>k << 2), load<u32>(args, 20), load<u32>(args, 24), <usize>taken << 2,
      load<u32>(args, 44), load<u32>(args, 48), quads, planes, zeros, k == 0 ? gathered : 0,
    )
    for (let q: u32 = 0; q < quads; q++) {
      const at = k + 4 * q, length = <usize>min(CHUNK, taken - (at & ~(CHUNK - 1))) << 5
      packPlanes(
        tile, first, count, down, across, planes + 4 * q * plane, gathered,
        panelAt(panels, rows, at, taken, t), length, matrix,
      )
    }
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
 * The products of a band of `count` patches with `wide` channels given. Matrix by matrix, so that one of the band stays
 * in the cache; the sums of a patch stand side by side, sixteen channels given of each matrix after the other. One or two
 * patches more than whole tiles take three cycles a k instead of four. Slivers that come from memory are read in order
 * before (`touch`); then `spare` is a word that is written, and 0 for slivers that were just made.
 */
function multiply(
  each: u32, panels: usize, slivers: usize, rows: u32, count: u32, taken: u32, to: usize, wide: u32,
  spare: usize,
): void {
  const sliver = ((<usize>taken << 5) + GAP) * each, along = (<usize>each << 6) + GAP
  const rest = count & 3, fours = rest == 3 ? count + 1 >> 2 : count >> 2
  for (let p: u32 = 0; p < each; p++, to += 64) {
    for (let j: u32 = 0; j < wide; j += 8) {
      const from = slivers + <usize>(j >> 3) * sliver
      if (spare != 0) store<u32>(spare, touch(from, <usize>taken << 5))
      for (let k: u32 = 0; k < taken; k += CHUNK) {
        const length = <usize>min(CHUNK, taken - k) << 5
        const add = k != 0, b = from + (<usize>k << 5)
        let panel = panels + (<usize>k * rows << 2), c = to + <usize>(j >> 4) * rows * along + (j & 8) * 4
        for (let t: u32 = 0; t < fours; t++, c += along << 2) {
          four(panel, b, length, c, along, add ? c : 0, along)
          panel = next(panel, t, length)
        }
        if (rest == 1) tile(1, 8, panel, b, length, c, along, add, 0, 0, 0)
        else if (rest == 2) tile(2, 8, panel, b, length, c, along, add, 0, 0, 0)
      }
    }
    panels += (<usize>rows * taken << 2) + GAP
    slivers += (<usize>taken << 5) + GAP
  }
}

/** The places of patches `first` to `first + count`, of channels given from n on; record as that of `winograd`. */
function unpack(
  args: usize, first: u32, count: u32, down: u32, across: u32, results: usize, n: u32, wide: u32,
): void {
  const height = load<u32>(args, 32), width = load<u32>(args, 36), rows = load<u32>(args, 72), tile = load<u32>(args, 92)
  const alongX = <usize>load<u32>(args, 40) << 2, alongY = <usize>width * alongX
  const out = <usize>load<u32>(args, 8) + (<usize>n << 2), along = (<usize>matrices(args) << 6) + GAP
  let column = first % across, row = first / across % down, image = first / across / down
  for (let i: u32 = 0; i < count; i++) {
    const y = row * tile, x = column * tile, to = out + <usize>(image * height + y) * alongY + x * alongX
    for (let j: u32 = 0; j < wide; j += 16) {
      const from = results + (<usize>(j >> 4) * rows + i) * along, at = to + (<usize>j << 2)
      const quads = min(16, wide - j) >> 2
      if (tile == 2) transformResult(from, at, alongY, alongX, height - y, width - x, quads)
      else transformResult4(from, at, alongY, alongX, height - y, width - x, quads)
    }
    if (++column == across) {
      column = 0
      if (++row == down) {
        row = 0
        image++
      }
    }
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
  const most = load<u32>(args, 80), tile = load<u32>(args, 92), each = matrices(args), along = (<usize>each << 6) + GAP
  const begin = load<u32>(args, 84), end = load<u32>(args, 88)
  const across = (width + tile - 1) / tile, down = (height + tile - 1) / tile, patches = images * down * across
  const zeros = scratch + (<usize>each << 6), planes = zeros + 64
  const results = planes + CHANNELS * planeBytes(tile, across) + (<usize>((tile + 2) * tile) << 8)
  const panels = results + <usize>(most + 15 >> 4) * rows * along
  const kept = panels + ((<usize>rows * taken << 2) + GAP) * each
  const filters = form == TRANSFORMED ? <usize>load<u32>(args, 4) : kept
  const sliver = ((<usize>taken << 5) + GAP) * each
  memory.fill(zeros, 0, 64)
  let done: u32 = 0
  for (let first: u32 = 0; first < patches; first += rows) {
    const count = min(rows, patches - first)
    for (let at: u32 = 0; at < count; at += STRIP)
      packPatches(args, first + at, min(STRIP, count - at), down, across, at >> 2, panels, planes, zeros)
    for (let n = begin; n < end; n += most) {
      const wide = min(most, end - n)
      const at = filters + (form == EACH_BAND ? 0 : <usize>((form == FIRST_BAND ? n - begin : n) >> 3) * sliver)
      if (form == EACH_BAND || form == FIRST_BAND && first == 0)
        for (let j: u32 = 0; j < wide; j += 8) packFilters(args, n + j, at + <usize>(j >> 3) * sliver, scratch)
      multiply(each, panels, at, rows, count, taken, results, wide, form == TRANSFORMED ? scratch : 0)
      unpack(args, first, count, down, across, results, n, wide)
    }
    const before = done
    done = linesDone(first + count, down, across, tile, height) * width
    epilogue(<usize>load<u32>(args, 96), before, done)
  }
}
