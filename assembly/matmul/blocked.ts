// The general matmul: C is walked in bands of rows whose packed A fits the L2 cache, each in slivers of eight columns
// whose packed B fits the L1 cache. After Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication",
// 2008.
import { CHUNK } from './chunk'
import { four } from './four'
import { pack } from './pack'
import { tile } from './tile'

/** Rows of a band, a multiple of eight: its packed A takes up to BAND * CHUNK * 4 bytes of scratch. */
// @ts-ignore: decorator
@inline
const BAND: u32 = 256

/** Bytes of scratch before the packed A: two slivers of B, then one tile. */
// @ts-ignore: decorator
@inline
const SLIVER: usize = <usize>CHUNK * 32
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

/** A band's tiles in `count` (1 or 2) neighbouring slivers, whose packed B lies at `sliver` and SLIVER further. */
function tiles(
  panels: usize, fours: u32, rest: u32, b: usize, alongBk: usize, alongBn: usize, depth: u32,
  c: usize, alongC: usize, add: bool, sliver: usize, count: u32,
): void {
  const length = <usize>depth << 5, second = sliver + SLIVER, pair = count == 2
  let panel = panels, t: u32 = 0
  if (fours != 0 && alongBn == 4) {
    for (let j: u32 = 0; j < count; j++)
      tile(4, 8, panel, sliver + j * SLIVER, length, c + 32 * j, alongC, add, 1, b + 32 * j, alongBk)
    panel = next(panel, t, length)
    c += alongC << 2
    t++
  } else
    for (let j: u32 = 0; j < count << 1; j++)
      pack(sliver + (j >> 1) * SLIVER + 16 * (j & 1), b + 4 * j * alongBn, alongBk, alongBn, depth, 4)
  for (; t < fours; t++) {
    four(panel, sliver, length, c, alongC, add)
    if (pair) four(panel, second, length, c + 32, alongC, add)
    panel = next(panel, t, length)
    c += alongC << 2
  }
  for (let j: u32 = 0; j < count; j++) {
    const at = sliver + j * SLIVER, to = c + 32 * j
    if (rest == 3) tile(3, 8, panel, at, length, to, alongC, add, 0, 0, 0)
    else if (rest == 2) tile(2, 8, panel, at, length, to, alongC, add, 0, 0, 0)
    else if (rest == 1) tile(1, 8, panel, at, length, to, alongC, add, 0, 0, 0)
  }
}

/**
 * A band's whole slivers: C[rows x (n & ~7)] = or += packed A times B's chunk. Two at a time: a row of both is one cache
 * line of B and of C, and a panel of A is fetched once for both.
 */
function slivers(
  panels: usize, fours: u32, rest: u32, b: usize, alongBk: usize, alongBn: usize, depth: u32,
  c: usize, n: u32, add: bool, sliver: usize,
): void {
  const alongC = <usize>n << 2
  for (let left = n >> 3; left != 0; ) {
    const count: u32 = left > 1 ? 2 : 1
    tiles(panels, fours, rest, b, alongBk, alongBn, depth, c, alongC, add, sliver, count)
    b += alongBn * (count << 3)
    c += count << 5
    left -= count
  }
}

/** C = A B with A's and B's strides in bytes; m, n, k at least 1. */
export function blocked(
  a: usize, b: usize, c: usize, m: u32, n: u32, k: u32,
  alongAm: usize, alongAk: usize, alongBk: usize, alongBn: usize, scratch: usize,
): void {
  const alongC = <usize>n << 2, edge = n & 7, whole = <usize>n - edge
  const spare = scratch + 2 * SLIVER, panels = spare + TILE
  for (let start: u32 = 0; start < k; start += CHUNK) {
    const depth = min(CHUNK, k - start), length = <usize>depth << 5, add = start != 0
    for (let top: u32 = 0; top < m; top += BAND) {
      const rows = min(BAND, m - top), fours = rows >> 2, rest = rows & 3
      const tiles = fours + <u32>(rest != 0)
      const to = c + <usize>top * alongC
      let from = a + <usize>top * alongAm + <usize>start * alongAk, panel = panels
      for (let t: u32 = 0; t < tiles; t++) {
        const height: u32 = t < fours ? 4 : rest
        pack(panel, from, alongAk, alongAm, depth, height)
        panel = next(panel, t, length)
        from += alongAm * height
      }
      const bs = b + <usize>start * alongBk
      slivers(panels, fours, rest, bs, alongBk, alongBn, depth, to, n, add, scratch)
      if (edge == 0) continue
      const be = bs + whole * alongBn
      pack(scratch, be, alongBk, alongBn, depth, min(edge, 4))
      if (edge > 4) pack(scratch + 16, be + 4 * alongBn, alongBk, alongBn, depth, edge - 4)
      let ce = to + (whole << 2)
      panel = panels
      for (let t: u32 = 0; t < tiles; t++) {
        const height: u32 = t < fours ? 4 : rest
        partial(panel, scratch, length, ce, alongC, height, edge, add, spare)
        panel = next(panel, t, length)
        ce += alongC * height
      }
    }
  }
}
