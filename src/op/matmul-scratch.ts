/** The scratch memory of the `matmul` kernel: bounded whatever the shapes, and never growing when a row is removed. */

/**
 * Equal to the constants of the kernel: k's of a chunk, rows of a band, B's columns kept, columns of one row's band;
 * rows, columns and k's of the sums held.
 */
const CHUNK = 256
const BAND = 256
const KEPT = 1024
const ROW_BAND = 2048
const HELD_ROWS = 64
const HELD_COLUMNS = 512
const HELD_DEPTH = 1024

const TILE = 128

/** Where several bands and chunks hold sums: slivers of B, one tile, a band of A, a cache line for each row of a pair. */
const heldBytes = (n: number, k: number): number => {
  const slivers = Math.max(2, Math.ceil(Math.min(n, HELD_COLUMNS) / 8))
  const pairs = Math.ceil(Math.min(n, HELD_COLUMNS) / 16)
  return slivers * 32 * Math.min(k, HELD_DEPTH) + TILE + HELD_ROWS * (CHUNK * 4 + pairs * 64)
}

/** Whether `matmul` is done with each band of C before it comes to the next. */
export const byBands = (m: number, n: number, k: number): boolean =>
  m <= BAND || (k <= CHUNK ? n <= KEPT : k <= HELD_DEPTH && n <= HELD_COLUMNS)

/**
 * Bytes that `matmul` needs at its scratch pointer for C[m, n] = A[m, k] B[k, n], any transposition: slivers of B (eight
 * columns of a chunk), two or, for several bands, all that are kept, one 4 x 8 tile, a band of A and its sums; or a
 * row's partial sums. At most 2,293,888.
 */
export const matmulScratchBytes = (m: number, n: number, k: number): number => {
  const panels = Math.ceil(Math.min(m, BAND) / 8) + (m > BAND ? Math.max(2, Math.ceil(Math.min(n, KEPT) / 8)) : 2)
  const blocked = panels * 32 * Math.min(k, CHUNK) + TILE
  const held = m > BAND && k > CHUNK ? heldBytes(n, k) : 0
  return Math.max(blocked, held, Math.min(Math.max(m, n), ROW_BAND) * 4)
}
