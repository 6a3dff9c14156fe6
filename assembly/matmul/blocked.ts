// The general matmul: C is walked in bands of rows whose packed A fits the L2 cache, each in slivers of eight columns
// whose packed B fits the L1 cache. The first band packs B and leaves it to the others. After Goto and van de Geijn,
// "Anatomy of High-Performance Matrix Multiplication", 2008.
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

/** Bytes of a tile. Scratch holds the packed B, one tile and the packed A. */
// @ts-ignore: decorator
@inline
const TILE: usize = 128

/** From the place of tile t's panel to that of the next: two tiles of up to four rows share a panel of eight. */
// @ts-ignore: decorator
@inline
function next(panel: usize, t: u32, length: usize): usize {
  return panel + (t & 1 ? length - 16 : 16)
}

/** A tile at C's right edge: computed whole into `spare`, of which rows x columns are kept. */
function partial(
  a: usize, b: usize, length: usize, c: usize, alongC: usize, rows: u32, columns: u32, add: bool, spare: usize,
): void {
  if (columns > 4) four(a, b, length, spare, 32, false)
  else tile(4, 4, a, b, length, spare, 32, false, 0, 0, 0)
  for (; rows != 0; rows--) {
    for (let j: usize = 0; j < columns << 2; j += 4) {
      const sum = load<f32>(spare + j)
      store<f32>(c + j, add ? load<f32>(c + j) + sum : sum)
    }
    spare += 32
    c += alongC
  }
}

/**
 * A band's tiles in `count` (1 or 2) neighbouring slivers, whose packed B lies at `sliver`, one after the other; the
 * first band packs it.
 */
function tiles(
  panels: usize, fours: u32, rest: u32, b: usize, alongBk: usize, alongBn: usize, depth: u32,
  c: usize, alongC: usize, add: bool, sliver: usize, count: u32, first: bool,
): void {
  const length = <usize>depth << 5, second = sliver + length, pair = count == 2
  let panel = panels, t: u32 = 0
  if (first && fours != 0 && alongBn == 4) {
    for (let j: u32 = 0; j < count; j++)
      tile(4, 8, panel, sliver + j * length, length, c + 32 * j, alongC, add, 1, b + 32 * j, alongBk)
    panel = next(panel, t, length)
    c += alongC << 2
    t++
  } else if (first)
    for (let j: u32 = 0; j < count << 1; j++)
      pack(sliver + (j >> 1) * length + 16 * (j & 1), b + 4 * j * alongBn, alongBk, alongBn, depth, 4)
  for (; t < fours; t++) {
    four(panel, sliver, length, c, alongC, add)
    if (pair) four(panel, second, length, c + 32, alongC, add)
    panel = next(panel, t, length)
    c += alongC << 2
  }
  for (let j: u32 = 0; j < count; j++) {
    const at = sliver + j * length, to = c + 32 * j
    if (rest == 3) tile(3, 8, panel, at, length, to, alongC, add, 0, 0, 0)
    else if (rest == 2) tile(2, 8, panel, at, length, to, alongC, add, 0, 0, 0)
    else if (rest == 1) tile(1, 8, panel, at, length, to, alongC, add, 0, 0, 0)
  }
}

/**
 * A band's whole slivers: C[rows x (n & ~7)] = or += packed A times B's chunk. Two at a time: a row of both is one cache
 * line of B and of C, and a panel of A is fetched once for both. A sliver's packed B
 * lies `step` bytes from the one before.
 */
function slivers(
  panels: usize, fours: u32, rest: u32, b: usize, alongBk: usize, alongBn: usize, depth: u32,
  c: usize, alongC: usize, n: u32, add: bool, sliver: usize, step: usize, first: bool,
): void {
  for (let left = n >> 3; left != 0; ) {
    const count: u32 = left > 1 ? 2 : 1
    tiles(panels, fours, rest, b, alongBk, alongBn, depth, c, alongC, add, sliver, count, first)
    b += alongBn * (count << 3)
    c += count << 5
    sliver += step * count
    left -= count
  }
}

/**
 * C[m x n] = or += A times B over one chunk of k, band by band. A lone band packs B's slivers each in the place of the
 * last, which stays in the L1 cache.
 */
function chunk(
  a: usize, b: usize, c: usize, m: u32, n: u32, depth: u32,
  alongAm: usize, alongAk: usize, alongBk: usize, alongBn: usize, alongC: usize, add: bool, scratch: usize, spare: usize,
): void {
  const length = <usize>depth << 5, panels = spare + TILE
  const edge = n & 7, whole = <usize>n - edge
  const step = m > BAND ? length : 0, last = scratch + (whole >> 3) * step, be = b + whole * alongBn
  for (let top: u32 = 0; top < m; top += BAND) {
    const rows = min(BAND, m - top), fours = rows >> 2, rest = rows & 3
    const tiles = fours + <u32>(rest != 0), first = top == 0
    let panel = panels
    for (let t: u32 = 0; t < tiles; t++) {
      const height: u32 = t < fours ? 4 : rest
      pack(panel, a, alongAk, alongAm, depth, height)
      panel = next(panel, t, length)
      a += alongAm * height
    }
    slivers(panels, fours, rest, b, alongBk, alongBn, depth, c, alongC, n, add, scratch, step, first)
    if (edge != 0) {
      if (first) pack(last, be, alongBk, alongBn, depth, min(edge, 4))
      if (first && edge > 4) pack(last + 16, be + 4 * alongBn, alongBk, alongBn, depth, edge - 4)
      let ce = c + (whole << 2)
      panel = panels
      for (let t: u32 = 0; t < tiles; t++) {
        const height: u32 = t < fours ? 4 : rest
        partial(panel, last, length, ce, alongC, height, edge, add, spare)
        panel = next(panel, t, length)
        ce += alongC * height
      }
    }
    c += alongC * rows
  }
}

/** C = A B with strides in bytes; m, n, k at least 1. */
export function blocked(
  a: usize, b: usize, c: usize, m: u32, n: u32, k: u32,
  alongAm: usize, alongAk: usize, alongBk: usize, alongBn: usize, alongC: usize, scratch: usize,
): void {
  const width = m > BAND ? min(n, KEPT) : n
  const kept: usize = m > BAND ? max(2, width + 7 >> 3) : 2
  const spare = scratch + (kept * min(k, CHUNK) << 5)
  for (let start: u32 = 0; start < k; start += CHUNK) {
    const depth = min(CHUNK, k - start), from = b + <usize>start * alongBk
    for (let left: u32 = 0; left < n; left += width) {
      chunk(
        a, from + <usize>left * alongBn, c + (left << 2), m, min(width, n - left), depth,
        alongAm, alongAk, alongBk, alongBn, alongC, start != 0, scratch, spare,
      )
    }
    a += alongAk * depth
  }
}
