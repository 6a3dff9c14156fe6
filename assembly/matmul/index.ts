// matmul: C[m,n] = sum_k A[m,k] B[k,n] in f32, any of the four transpositions, batched. One element's sum is taken
// over chunks of CHUNK k's: each from zero, in order, multiply then add; the chunks' sums are added in order. So its
// bits depend on its row of A, its column of B and K, and on nothing else.
//
// words: A, B, C (pointers); M, N, K; A's row and column stride, B's row and column stride (elements; one of each two
// is 1); batch count; batch strides of A, B, C (elements); scratch (64-byte aligned, `matmulScratchBytes` long).
import { blocked } from './blocked'
import { row } from './row'

export function matmul(args: usize): void {
  let a = <usize>load<u32>(args), b = <usize>load<u32>(args, 4), c = <usize>load<u32>(args, 8)
  const m = load<u32>(args, 12), n = load<u32>(args, 16), k = load<u32>(args, 20)
  const alongAm = <usize>load<u32>(args, 24) << 2, alongAk = <usize>load<u32>(args, 28) << 2
  const alongBk = <usize>load<u32>(args, 32) << 2, alongBn = <usize>load<u32>(args, 36) << 2
  const batchA = <usize>load<u32>(args, 44) << 2, batchB = <usize>load<u32>(args, 48) << 2
  const batchC = <usize>load<u32>(args, 52) << 2, scratch = <usize>load<u32>(args, 56)
  if (m == 0 || n == 0) return
  for (let batch = load<u32>(args, 40); batch != 0; batch--) {
    if (k == 0) memory.fill(c, 0, m * n * 4)
    else if (m == 1 && alongBn == 4) row(a, alongAk, b, alongBk, c, n, k, scratch)
    else if (n == 1 && alongAm == 4) row(b, alongBk, a, alongAk, c, m, k, scratch)
    else blocked(a, b, c, m, n, k, alongAm, alongAk, alongBk, alongBn, scratch)
    a += batchA
    b += batchB
    c += batchC
  }
}
