// The general matmul: C is walked in bands of rows whose packed A fits the L2 cache, each in slivers of eight columns
// whose packed B fits the L1 cache. The first band packs B and leaves it to the others. After Goto and van de Geijn,
// "Anatomy of High-Performance Matrix Multiplication", 2008. A large C's sums between chunks of k are held in scratch,
// tile after tile: reading and writing C itself, a line here and there, for every chunk cost some 8 % of the time.
import { epilogue, passing } from '../epilogue'
import { CHUNK } from './chunk'
import { four } from './four'
import { pack } from './pack'
import { tile } from './tile'

/** Rows of a band, a multiple of eight: its packed A takes up to BAND * CHUNK * 4 bytes of scratch. */
// @ts-ignore: decorator
@inline
const BAND: u32 = 256

/** Columns of B's chunk that stay packed from the first of several bands to the last, a multiple of sixteen. */
// @ts-ignore: decorator
@inline
const KEPT: u32 = 1024

/** Where sums are held: rows of a band (a multiple of eight), columns (of sixteen) and k's until C is written. */
// @ts-ignore: decorator
@inline
const HELD_ROWS: u32 = 64
// @ts-ignore: decorator
@inline
const HELD_COLUMNS: u32 = 512
// @ts-ignore: decorator
@inline
const HELD_DEPTH: u32 = 4 * CHUNK

/** From one row of held sums to the next: two slivers' columns, a cache line. */
// @ts-ignore: decorator
@inline
const HELD_ROW: usize = 64

/** Bytes of a tile. Scratch holds the packed B, one tile, the packed A and the held sums. */
// @ts-ignore: decorator
@inline
const TILE: usize = 128

/** From the place of tile t's panel to that of the next: two tiles of up to four rows share a panel of eight. */
// @ts-ignore: decorator
@inline
function next(panel: usize, t: u32, length: usize): usize {
  return panel + (t & 1 ? length - 16 : 16)
}

/** C[rows x columns] at `c` = or += what lies at `from`, with strides of its own. */
function keep(
  from: usize, alongRow: usize, alongColumn: usize, c: usize, alongC: usize, rows: u32, columns: u32, add: bool,
): void {
  for (; rows != 0; rows--) {
    let at = from
    for (let to = c, end = c + (columns << 2); to != end; to += 4) {
      store<f32>(to, add ? load<f32>(to) + load<f32>(at) : load<f32>(at))
      at += alongColumn
    }
    from += alongRow
    c += alongC
  }
}

/**
 * The columns right of the last whole sliver, up to seven, whose packed B lies at `sliver`: tiles are computed whole into
 * `spare`. Up to four columns are the rows of a tile by eight rows of C, its columns: half as many tiles.
 */
function edge(
  panels: usize, sliver: usize, length: usize, c: usize, alongC: usize, rows: u32, columns: u32, add: bool, spare: usize,
): void {
  let panel = panels
  for (let t: u32 = 0; rows != 0; t++) {
    const height = min(rows, columns > 4 || rows < 8 ? 4 : 8)
    if (height == 8) {
      four(sliver, panel, length, spare, 32, 0, 0)
      keep(spare, 4, 32, c, alongC, 8, columns, add)
      t++
      panel += length
    } else {
      if (columns > 4) four(panel, sliver, length, spare, 32, 0, 0)
      else tile(4, 4, panel, sliver, length, spare, 32, false, 0, 0, 0)
      keep(spare, 32, 4, c, alongC, height, columns, add)
      panel = next(panel, t, length)
    }
    rows -= height
    c += alongC * height
  }
}

/**
 * A band's tiles in `count` (1 or 2) neighbouring slivers, whose packed B lies at `sliver`, one after the other; the
 * first band packs it. Whole tiles go from the sum of the chunks before (`sum`, 0 for none) to `to`, others to C.
 */
function tiles(
  panels: usize, fours: u32, rest: u32, b: usize, alongBk: usize, alongBn: usize, depth: u32,
  c: usize, alongC: usize, add: bool, sum: usize, alongSum: usize, to: usize, alongTo: usize,
  sliver: usize, count: u32, first: bool,
): void {
  const length = <usize>depth << 5, second = sliver + length, pair = count == 2
  const stepSum = sum ? alongSum << 2 : 0, other: usize = sum ? 32 : 0
  let panel = panels, t: u32 = 0
  if (first && fours != 0 && alongBn == 4) {
    for (let j: u32 = 0; j < count; j++)
      tile(4, 8, panel, sliver + j * length, length, c + 32 * j, alongC, add, 1, b + 32 * j, alongBk)
    panel = next(panel, t, length)
    sum += stepSum
    to += alongTo << 2
    t++
  } else if (first)
    for (let j: u32 = 0; j < count << 1; j++)
      pack(sliver + (j >> 1) * length + 16 * (j & 1), b + 4 * j * alongBn, alongBk, alongBn, depth, 4)
  for (; t < fours; t++) {
    four(panel, sliver, length, to, alongTo, sum, alongSum)
    if (pair) four(panel, second, length, to + 32, alongTo, sum + other, alongSum)
    panel = next(panel, t, length)
    sum += stepSum
    to += alongTo << 2
  }
  c += alongC * (fours << 2)
  for (let j: u32 = 0; j < count; j++) {
    const at = sliver + j * length, end = c + 32 * j
    if (rest == 3) tile(3, 8, panel, at, length, end, alongC, add, 0, 0, 0)
    else if (rest == 2) tile(2, 8, panel, at, length, end, alongC, add, 0, 0, 0)
    else if (rest == 1) tile(1, 8, panel, at, length, end, alongC, add, 0, 0, 0)
  }
}

/**
 * A band over one chunk of k: C[rows x n] = or += A times B, whose packed slivers lie at `sliver`, `step` bytes from
 * one to the next; the first band packs them (a lone band each in the place of the last, which stays in the L1 cache).
 * Two slivers at a time: a row of both is one cache line of B and of C, and a panel of A is fetched once for both. The
 * sums of whole tiles are read from `held`, not C, where `fromHeld`, and written there where `toHeld`.
 */
function band(
  a: usize, b: usize, c: usize, rows: u32, n: u32, depth: u32,
  alongAm: usize, alongAk: usize, alongBk: usize, alongBn: usize, alongC: usize,
  add: bool, held: usize, fromHeld: bool, toHeld: bool, sliver: usize, step: usize, first: bool, spare: usize,
): void {
  const length = <usize>depth << 5, panels = spare + TILE
  const fours = rows >> 2, rest = rows & 3, tilesOfBand = fours + <u32>(rest != 0)
  let panel = panels
  for (let t: u32 = 0; t < tilesOfBand; t++) {
    const height: u32 = t < fours ? 4 : rest
    pack(panel, a, alongAk, alongAm, depth, height)
    panel = next(panel, t, length)
    a += alongAm * height
  }
  for (let left = n >> 3; left != 0; ) {
    const count: u32 = left > 1 ? 2 : 1
    const sum = fromHeld ? held : add ? c : 0
    tiles(
      panels, fours, rest, b, alongBk, alongBn, depth, c, alongC, add,
      sum, fromHeld ? HELD_ROW : alongC, toHeld ? held : c, toHeld ? HELD_ROW : alongC, sliver, count, first,
    )
    held += HELD_ROW * (fours << 2)
    b += alongBn * (count << 3)
    c += count << 5
    sliver += step * count
    left -= count
  }
  const right = n & 7
  if (right == 0) return
  if (first) pack(sliver, b, alongBk, alongBn, depth, min(right, 4))
  if (first && right > 4) pack(sliver + 16, b + 4 * alongBn, alongBk, alongBn, depth, right - 4)
  edge(panels, sliver, length, c, alongC, rows, right, add, spare)
}

/** C = A B with strides in bytes; m, n, k at least 1. Its epilogue follows each band; C begins at the call's row `first`. */
export function blocked(
  a: usize, b: usize, c: usize, m: u32, n: u32, k: u32,
  alongAm: usize, alongAk: usize, alongBk: usize, alongBn: usize, alongC: usize, scratch: usize,
  behind: usize, first: u32,
): void {
  const several = m > BAND, holds = several && k > CHUNK
  const height = holds ? HELD_ROWS : BAND, deep = holds ? HELD_DEPTH : CHUNK
  const width = holds ? min(n, HELD_COLUMNS) : several ? min(n, KEPT) : n
  const slivers: usize = several ? max(2, width + 7 >> 3) : 2
  const alongBand = passing(behind) ? 0 : alongC
  const spare = scratch + (slivers * min(k, deep) << 5), held = spare + TILE + (<usize>height * CHUNK << 2)
  for (let start: u32 = 0; start < k; start += deep) {
    const end = min(k, start + deep)
    for (let left: u32 = 0; left < n; left += width) {
      const columns = min(width, n - left), be = b + <usize>left * alongBn, ce = c + (left << 2)
      for (let top: u32 = 0; top < m; top += height) {
        const rows = min(height, m - top)
        for (let at = start; at < end; at += CHUNK) {
          const depth = min(CHUNK, k - at)
          band(
            a + top * alongAm + at * alongAk, be + at * alongBk, ce + top * alongBand, rows, columns, depth,
            alongAm, alongAk, alongBk, alongBn, alongC, at != 0, held, at != start, at + CHUNK < end,
            scratch + (slivers * (at - start) << 5), several ? <usize>depth << 5 : 0, top == 0, spare,
          )
        }
        if (end == k && left + columns == n) epilogue(behind, first + top, first + top + rows)
      }
    }
  }
}
