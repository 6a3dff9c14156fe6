// matmulPrepared: matmul for B that stays the same from call to call, laid out by `matmulPanels`: slivers of eight
// columns, each with 32 bytes a k, zeros past B's last column. A and C are row-major. The sums' order is that of matmul.
//
// One or two rows of A are taken by themselves: three slivers at a time, so that memory is read in three long runs.
// More rows are packed, and their tiles go through one sliver after the other.
//
// Words of matmulPrepared: [0] A [1] panels [2] C, [3] M [4] N [5] K, [6] C's row stride (elements), [7] scratch.
// Words of matmulPanels: [0] B [1] out, [2] N [3] K, [4] B's row and [5] column stride (elements).
import { dense } from '../conv/tiles'
import { next } from '../conv/pack'
import { multiplyAdd } from '../multiply-add'
import { CHUNK } from './chunk'
import { pack } from './pack'

/** Up to so many rows of A are taken one by one; a tile of four costs less than three. */
// @ts-ignore: decorator
@inline
const FEW: u32 = 2

/** Rows of A that are packed at once. */
// @ts-ignore: decorator
@inline
const ROWS: u32 = 64

/** A tile, or what three slivers give. */
// @ts-ignore: decorator
@inline
const SPARE: usize = 128

/** 8 * COUNT (1 to 3) sums over `depth` (at least 1) k's, added to those at `y` or not; slivers `apart` bytes apart. */
// @ts-ignore: decorator
@inline
function slivers(COUNT: i32, x: usize, b: usize, apart: usize, depth: u32, y: usize, add: bool): void {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0
  const end = x + (<usize>depth << 2)
  do {
    const xk = v128.load32_splat(x), b1 = b + apart
    s0 = multiplyAdd(s0, xk, v128.load(b)), s1 = multiplyAdd(s1, xk, v128.load(b, 16))
    if (COUNT > 1) s2 = multiplyAdd(s2, xk, v128.load(b1)), s3 = multiplyAdd(s3, xk, v128.load(b1, 16))
    if (COUNT > 2) {
      s4 = multiplyAdd(s4, xk, v128.load(b1 + apart))
      s5 = multiplyAdd(s5, xk, v128.load(b1 + apart, 16))
    }
    x += 4
    b += 32
  } while (x != end)
  put(y, s0, add)
  put(y + 16, s1, add)
  if (COUNT > 1) {
    put(y + 32, s2, add)
    put(y + 48, s3, add)
  }
  if (COUNT > 2) {
    put(y + 64, s4, add)
    put(y + 80, s5, add)
  }
}

// @ts-ignore: decorator
@inline
function put(at: usize, sums: v128, add: bool): void {
  v128.store(at, add ? f32x4.add(v128.load(at), sums) : sums)
}

/** y[n] = sum_k x[k] b[k, n]. */
function one(x: usize, b: usize, y: usize, n: u32, k: u32, spare: usize): void {
  const apart = <usize>k << 5
  for (let left = n + 7 >> 3; left != 0;) {
    const count: u32 = left > 4 || left == 3 ? 3 : min(left, 2), width = min(n, count << 3)
    const to = width == count << 3 ? y : spare
    for (let start: u32 = 0; start < k; start += CHUNK) {
      const depth = min(CHUNK, k - start), xk = x + (<usize>start << 2), bk = b + (<usize>start << 5)
      if (count == 3) slivers(3, xk, bk, apart, depth, to, start != 0)
      else if (count == 2) slivers(2, xk, bk, apart, depth, to, start != 0)
      else slivers(1, xk, bk, apart, depth, to, start != 0)
    }
    if (to == spare) memory.copy(y, spare, width << 2)
    b += count * apart
    y += count << 5
    n -= width
    left -= count
  }
}

/** C = A B for `m` rows, at most ROWS. */
function several(
  a: usize, b: usize, c: usize, m: u32, n: u32, k: u32, alongC: usize, spare: usize,
): void {
  const alongA = <usize>k << 2
  for (let start: u32 = 0; start < k; start += CHUNK) {
    const depth = min(CHUNK, k - start), length = <usize>depth << 5
    let panel = spare + SPARE, from = a + (<usize>start << 2)
    for (let t: u32 = 0, left = m; left != 0; t++) {
      const height = min(left, 4)
      pack(panel, from, 4, alongA, depth, height)
      panel = next(panel, t, length)
      from += height * alongA
      left -= height
    }
    let sliver = b + (<usize>start << 5), to = c
    for (let left = n; left != 0; sliver += k << 5, to += 32) {
      const columns = min(left, 8)
      dense(spare + SPARE, sliver, length, to, alongC, m, columns, start != 0, spare)
      left -= columns
    }
  }
}

export function matmulPrepared(args: usize): void {
  const n = load<u32>(args, 16), k = load<u32>(args, 20), alongA = <usize>k << 2
  const b = <usize>load<u32>(args, 4), alongC = <usize>load<u32>(args, 24) << 2, spare = <usize>load<u32>(args, 28)
  let a = <usize>load<u32>(args), c = <usize>load<u32>(args, 8)
  for (let left = load<u32>(args, 12); left != 0;) {
    const rows: u32 = left > FEW ? min(left, ROWS) : 1
    if (rows > FEW) several(a, b, c, rows, n, k, alongC, spare)
    else one(a, b, c, n, k, spare)
    a += rows * alongA
    c += rows * alongC
    left -= rows
  }
}

export function matmulPanels(args: usize): void {
  const n = load<u32>(args, 8), k = load<u32>(args, 12)
  const alongK = <usize>load<u32>(args, 16) << 2, alongN = <usize>load<u32>(args, 20) << 2
  let from = <usize>load<u32>(args), to = <usize>load<u32>(args, 4)
  for (let left = n; left != 0; from += alongN << 3, to += k << 5) {
    const columns = min(left, 8)
    if (columns < 8) memory.fill(to, 0, k << 5)
    for (let i: u32 = 0; i < k; i++)
      for (let j: u32 = 0; j < columns; j++)
        store<f32>(to + (<usize>i << 5) + (j << 2), load<f32>(from + i * alongK + j * alongN))
    left -= columns
  }
}
