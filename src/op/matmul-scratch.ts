/** The scratch memory of the `matmul` kernel: bounded whatever the shapes, and never growing when a row is removed. */

/** Equal to the constants of the kernel: k's of one chunk, rows of one packed band, columns of one row's band. */
const CHUNK = 256
const BAND = 256
const ROW_BAND = 2048

/**
 * Bytes that `matmul` needs at its scratch pointer for C[m, n] = A[m, k] B[k, n], any transposition: two slivers of B
 * (eight columns of a chunk), one 4 x 8 tile and a band of A; or a row's partial sums. At most 278,656.
 */
export const matmulScratchBytes = (m: number, n: number, k: number): number => {
  const depth = Math.min(k, CHUNK)
  const blocked = 2 * CHUNK * 32 + 128 + Math.ceil(Math.min(m, BAND) / 8) * 32 * depth
  return Math.max(blocked, Math.min(Math.max(m, n), ROW_BAND) * 4)
}
