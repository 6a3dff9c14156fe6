// matmul: C[m,n] = sum_k A[m,k] B[k,n] in f32, any of the four transpositions, batched. One element's sum is taken
// over chunks of CHUNK k's: each from zero, in order, multiply then add; the chunks' sums are added in order. So its
// bits depend on its row of A, its column of B and K, and on nothing else.
//
// Words: [0] A [1] B [2] C, [3] M [4] N [5] K, [6] A's row and [7] column stride, [8] B's row and [9] column stride
// (elements; one of each two is 1), [10] batch count, [11] A's [12] B's [13] C's batch stride (elements), [14] scratch
// (64-byte aligned, `matmulScratchBytes` long, with 512 bytes of memory behind it), [15] C's row stride (elements),
// [16] 0 or the words of an epilogue (see epilogue.ts). C overlaps neither A, B nor the scratch.
import { epilogue } from '../epilogue'
import { blocked } from './blocked'
import { dots } from './dot'
import { row } from './row'

export * from './prepared'

/** Up to so many rows of A are taken one by one: fewer cost less than packing B. */
// @ts-ignore: decorator
@inline
const FEW: u32 = 3

export function matmul(args: usize): void {
  const m = load<u32>(args, 12), n = load<u32>(args, 16), k = load<u32>(args, 20)
  const batchA = <usize>load<u32>(args, 44) << 2, batchB = <usize>load<u32>(args, 48) << 2
  const batchC = <usize>load<u32>(args, 52) << 2, scratch = <usize>load<u32>(args, 56)
  let a = <usize>load<u32>(args), b = <usize>load<u32>(args, 4), c = <usize>load<u32>(args, 8)
  const alongAm = <usize>load<u32>(args, 24) << 2, alongAk = <usize>load<u32>(args, 28) << 2
  const alongBk = <usize>load<u32>(args, 32) << 2, alongBn = <usize>load<u32>(args, 36) << 2
  const alongC = <usize>load<u32>(args, 60) << 2, behind = <usize>load<u32>(args, 64)
  if (m == 0 || n == 0) return
  const rows = m * load<u32>(args, 40)
  for (let first: u32 = 0; first < rows; first += m) {
    if (m > FEW && n > 1 && k != 0)
      blocked(a, b, c, m, n, k, alongAm, alongAk, alongBk, alongBn, alongC, scratch, behind, first)
    else {
      if (k == 0) for (let i: u32 = 0; i < m; i++) memory.fill(c + i * alongC, 0, n << 2)
      else if (n == 1 && alongC == 4) multiply(b, a, c, 1, m, k, alongBn, alongBk, alongAk, alongAm, 4, scratch)
      else multiply(a, b, c, m, n, k, alongAm, alongAk, alongBk, alongBn, alongC, scratch)
      epilogue(behind, first, first + m)
    }
    a += batchA
    b += batchB
    c += batchC
  }
}

/** One C = A B, strides in bytes, without an epilogue. */
function multiply(
  a: usize, b: usize, c: usize, m: u32, n: u32, k: u32,
  alongAm: usize, alongAk: usize, alongBk: usize, alongBn: usize, alongC: usize, scratch: usize,
): void {
  if (m == 1 && alongBk == 4 && alongAk == 4 && alongBn != 4) dots(a, b, alongBn, c, n, k)
  else if (m > FEW || alongBn != 4)
    blocked(a, b, c, m, n, k, alongAm, alongAk, alongBk, alongBn, alongC, scratch, 0, 0)
  else for (; m != 0; m--, a += alongAm, c += alongC) row(a, alongAk, b, alongBk, c, n, k, scratch)
}
