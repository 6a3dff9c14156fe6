// matmul for one row of A and a row-major B: y = x B, bound by memory, B read in place. GROUP rows of B at a time, so
// that memory is read in long runs; up to 28 columns are summed in registers, the sums resting in the L1 cache from one
// group to the next. Each sum is taken in the same order as by the tiles.
import { multiplyAdd } from '../multiply-add'
import { CHUNK } from './chunk'

/** Columns whose sums are kept at once: the scratch of a later chunk takes BAND * 4 bytes. */
// @ts-ignore: decorator
@inline
const BAND: u32 = 2048

// @ts-ignore: decorator
@inline
const GROUP: u32 = 16

/** 4 * VECTORS (1 to 7) sums = (first ? 0 : sums) + x b over `depth` (at least 1) k's; strides in bytes. */
// @ts-ignore: decorator
@inline
function columns(
  VECTORS: i32, x: usize, alongX: usize, b: usize, alongB: usize, depth: u32, sums: usize, first: bool,
): void {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0
  if (!first) {
    s0 = v128.load(sums)
    if (VECTORS > 1) s1 = v128.load(sums, 16)
    if (VECTORS > 2) s2 = v128.load(sums, 32)
    if (VECTORS > 3) s3 = v128.load(sums, 48)
    if (VECTORS > 4) s4 = v128.load(sums, 64)
    if (VECTORS > 5) s5 = v128.load(sums, 80)
    if (VECTORS > 6) s6 = v128.load(sums, 96)
  }
  const end = x + <usize>depth * alongX
  do {
    const xk = v128.load32_splat(x)
    s0 = multiplyAdd(s0, xk, v128.load(b))
    if (VECTORS > 1) s1 = multiplyAdd(s1, xk, v128.load(b, 16))
    if (VECTORS > 2) s2 = multiplyAdd(s2, xk, v128.load(b, 32))
    if (VECTORS > 3) s3 = multiplyAdd(s3, xk, v128.load(b, 48))
    if (VECTORS > 4) s4 = multiplyAdd(s4, xk, v128.load(b, 64))
    if (VECTORS > 5) s5 = multiplyAdd(s5, xk, v128.load(b, 80))
    if (VECTORS > 6) s6 = multiplyAdd(s6, xk, v128.load(b, 96))
    x += alongX
    b += alongB
  } while (x != end)
  v128.store(sums, s0)
  if (VECTORS > 1) v128.store(sums, s1, 16)
  if (VECTORS > 2) v128.store(sums, s2, 32)
  if (VECTORS > 3) v128.store(sums, s3, 48)
  if (VECTORS > 4) v128.store(sums, s4, 64)
  if (VECTORS > 5) v128.store(sums, s5, 80)
  if (VECTORS > 6) v128.store(sums, s6, 96)
}

function column(x: usize, alongX: usize, b: usize, alongB: usize, depth: u32, sums: usize, first: bool): void {
  let sum: f32 = first ? 0 : load<f32>(sums)
  const end = x + <usize>depth * alongX
  do {
    sum += load<f32>(x) * load<f32>(b)
    x += alongX
    b += alongB
  } while (x != end)
  store<f32>(sums, sum)
}

/** All `width` columns over one group. */
function group(
  x: usize, alongX: usize, b: usize, alongB: usize, depth: u32, sums: usize, width: u32, first: bool,
): void {
  let vectors = width >> 2
  for (; vectors > 6; vectors -= 7) {
    columns(7, x, alongX, b, alongB, depth, sums, first)
    b += 112
    sums += 112
  }
  if (vectors == 6) columns(6, x, alongX, b, alongB, depth, sums, first)
  else if (vectors == 5) columns(5, x, alongX, b, alongB, depth, sums, first)
  else if (vectors == 4) columns(4, x, alongX, b, alongB, depth, sums, first)
  else if (vectors == 3) columns(3, x, alongX, b, alongB, depth, sums, first)
  else if (vectors == 2) columns(2, x, alongX, b, alongB, depth, sums, first)
  else if (vectors == 1) columns(1, x, alongX, b, alongB, depth, sums, first)
  b += vectors << 4
  sums += vectors << 4
  for (let i = width & 3; i != 0; i--, b += 4, sums += 4) column(x, alongX, b, alongB, depth, sums, first)
}

function add(to: usize, from: usize, width: u32): void {
  const end = to + (width << 2), vectorEnd = to + ((width & ~3) << 2)
  for (; to != vectorEnd; to += 16, from += 16) v128.store(to, f32x4.add(v128.load(to), v128.load(from)))
  for (; to != end; to += 4, from += 4) store<f32>(to, load<f32>(to) + load<f32>(from))
}

/** y[n] = sum_k x[k] b[k, n] with b's rows contiguous; strides in bytes, at least 4; n and k at least 1. */
export function row(
  x: usize, alongX: usize, b: usize, alongB: usize, y: usize, n: u32, k: u32, scratch: usize,
): void {
  while (n != 0) {
    const width = min(n, BAND)
    let xk = x, bk = b
    for (let start: u32 = 0; start < k; start += CHUNK) {
      const end = min(k, start + CHUNK), sums = start == 0 ? y : scratch
      for (let at = start; at < end; at += GROUP) {
        const depth = min(GROUP, end - at)
        group(xk, alongX, bk, alongB, depth, sums, width, at == start)
        xk += <usize>depth * alongX
        bk += <usize>depth * alongB
      }
      if (start != 0) add(y, scratch, width)
    }
    b += width << 2
    y += width << 2
    n -= width
  }
}
