// matmul for one row of A and a row-major B: y = x B, bound by memory. B's rows are streamed four at a time over the
// partial sums, which stay in the L1 cache; the sums are taken in the same order as by the tiles.
import { CHUNK } from './chunk'

/** Columns held at once: their partial sums take BAND * 4 bytes of scratch. */
export const BAND: u32 = 2048

/** sums[0..columns) (a multiple of 4) = (first ? 0 : sums) + x[k] b[k, :] for ROWS (1 or 4) k's in turn. */
// @ts-ignore: decorator
@inline
function stream(ROWS: i32, x: usize, alongX: usize, b: usize, alongB: usize, sums: usize, columns: u32, first: bool): void {
  const x0 = v128.load32_splat(x), x1 = ROWS > 1 ? v128.load32_splat(x + alongX) : x0
  const x2 = ROWS > 1 ? v128.load32_splat(x + 2 * alongX) : x0, x3 = ROWS > 1 ? v128.load32_splat(x + 3 * alongX) : x0
  const end = b + (columns & ~7) * 4
  let b1 = b + alongB, b2 = b1 + alongB, b3 = b2 + alongB
  const zero = f32x4.splat(0)
  while (b != end) {
    let s = first ? zero : v128.load(sums), t = first ? zero : v128.load(sums, 16)
    s = f32x4.add(s, f32x4.mul(x0, v128.load(b)))
    t = f32x4.add(t, f32x4.mul(x0, v128.load(b, 16)))
    if (ROWS > 1) {
      s = f32x4.add(s, f32x4.mul(x1, v128.load(b1)))
      t = f32x4.add(t, f32x4.mul(x1, v128.load(b1, 16)))
      s = f32x4.add(s, f32x4.mul(x2, v128.load(b2)))
      t = f32x4.add(t, f32x4.mul(x2, v128.load(b2, 16)))
      s = f32x4.add(s, f32x4.mul(x3, v128.load(b3)))
      t = f32x4.add(t, f32x4.mul(x3, v128.load(b3, 16)))
      b1 += 32
      b2 += 32
      b3 += 32
    }
    v128.store(sums, s)
    v128.store(sums, t, 16)
    b += 32
    sums += 32
  }
  if (columns & 4) {
    let s = first ? zero : v128.load(sums)
    s = f32x4.add(s, f32x4.mul(x0, v128.load(b)))
    if (ROWS > 1) {
      s = f32x4.add(s, f32x4.mul(x1, v128.load(b1)))
      s = f32x4.add(s, f32x4.mul(x2, v128.load(b2)))
      s = f32x4.add(s, f32x4.mul(x3, v128.load(b3)))
    }
    v128.store(sums, s)
  }
}

// @ts-ignore: decorator
@inline
function dot(x: usize, alongX: usize, b: usize, alongB: usize, depth: u32): f32 {
  let sum: f32 = 0
  for (; depth != 0; depth--) {
    sum += load<f32>(x) * load<f32>(b)
    x += alongX
    b += alongB
  }
  return sum
}

/** y[n] = sum_k x[k] b[k, n]; b's rows are contiguous; strides in bytes, k at least 1; scratch: BAND * 4 bytes. */
export function row(x: usize, alongX: usize, b: usize, alongB: usize, y: usize, n: u32, k: u32, scratch: usize): void {
  for (let column: u32 = 0; column < n; column += BAND) {
    const columns = min(BAND, n - column), whole = columns & ~3
    const to = y + column * 4
    for (let start: u32 = 0; start < k; start += CHUNK) {
      const depth = min(CHUNK, k - start)
      const sums = start == 0 ? to : scratch
      const xs = x + start * alongX, bs = b + start * alongB + column * 4
      const groups = depth & ~3
      let i: u32 = 0
      if (whole != 0) {
        for (; i < groups; i += 4) stream(4, xs + i * alongX, alongX, bs + i * alongB, alongB, sums, whole, i == 0)
        for (; i < depth; i++) stream(1, xs + i * alongX, alongX, bs + i * alongB, alongB, sums, whole, i == 0)
      }
      if (start != 0) {
        for (let j: u32 = 0; j < whole; j += 4) {
          v128.store(to + j * 4, f32x4.add(v128.load(to + j * 4), v128.load(scratch + j * 4)))
        }
      }
      for (let j = whole; j < columns; j++) {
        const sum = dot(xs, alongX, bs + j * 4, alongB, depth), at = to + j * 4
        store<f32>(at, start == 0 ? sum : load<f32>(at) + sum)
      }
    }
  }
}
