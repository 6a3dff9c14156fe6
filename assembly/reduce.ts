/**
 * Reductions of [outer, n, inner] to [outer, inner]. Words: [0] from, [1] to, [2] outer, [3] n, [4] inner, [5] elements
 * from one of n to the next.
 *
 * The order of a sum is part of the operation. inner = 1: sixteen interleaved partial sums over chunks of 4,096
 * elements, the chunks added in order, then the lanes (((0+1)+(2+3)) of four vectors), then the last n mod 16 elements
 * one by one. inner > 1: every column in order, in chunks of 128 rows whose sums are added in order.
 */
import { storeLanes, sumLanes } from './tail'

@inline
const CHUNK_BYTES: usize = 4096 * 4
@inline
const CHUNK_ROWS: u32 = 128

export function reduceSum(a: usize): void {
  let from = <usize>load<u32>(a)
  let to = <usize>load<u32>(a, 4)
  const outer = load<u32>(a, 8)
  const n = load<u32>(a, 12)
  const inner = <usize>load<u32>(a, 16), along = <usize>load<u32>(a, 20) << 2
  for (let o: u32 = 0; o < outer; o++) {
    if (along == 4) {
      store<f32>(to, sumRow(from, <usize>n << 2))
      to += 4
    } else {
      let c: usize = 0
      for (; c + 16 <= inner; c += 16) sumLine(from + (c << 2), n, along, to + (c << 2))
      for (; c + 4 <= inner; c += 4) v128.store(to + (c << 2), sumColumns(from + (c << 2), n, along))
      if (c < inner) storeLanes(to + (c << 2), sumColumns(from + (c << 2), n, along), inner - c)
      to += inner << 2
    }
    from += n * along
  }
}

/** Sixteen columns, the cache line of a row, at a time: what one after the other would read four times. */
function sumLine(from: usize, n: u32, along: usize, to: usize): void {
  let t0 = f32x4.splat(0), t1 = t0, t2 = t0, t3 = t0
  while (n > 0) {
    const rows = min(n, CHUNK_ROWS)
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0
    for (let i: u32 = 0; i < rows; i++) {
      s0 = f32x4.add(s0, v128.load(from))
      s1 = f32x4.add(s1, v128.load(from, 16))
      s2 = f32x4.add(s2, v128.load(from, 32))
      s3 = f32x4.add(s3, v128.load(from, 48))
      from += along
    }
    t0 = f32x4.add(t0, s0)
    t1 = f32x4.add(t1, s1)
    t2 = f32x4.add(t2, s2)
    t3 = f32x4.add(t3, s3)
    n -= rows
  }
  v128.store(to, t0)
  v128.store(to, t1, 16)
  v128.store(to, t2, 32)
  v128.store(to, t3, 48)
}

function sumColumns(from: usize, n: u32, stride: usize): v128 {
  let total = f32x4.splat(0)
  while (n > 0) {
    const rows = min(n, CHUNK_ROWS)
    let part = f32x4.splat(0)
    for (let i: u32 = 0; i < rows; i++) {
      part = f32x4.add(part, v128.load(from))
      from += stride
    }
    total = f32x4.add(total, part)
    n -= rows
  }
  return total
}

function sumRow(from: usize, bytes: usize): f32 {
  const whole = from + (bytes & ~63)
  const end = from + bytes
  let t0 = f32x4.splat(0), t1 = t0, t2 = t0, t3 = t0
  while (from < whole) {
    const stop = min(from + CHUNK_BYTES, whole)
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0
    do {
      s0 = f32x4.add(s0, v128.load(from))
      s1 = f32x4.add(s1, v128.load(from, 16))
      s2 = f32x4.add(s2, v128.load(from, 32))
      s3 = f32x4.add(s3, v128.load(from, 48))
      from += 64
    } while (from < stop)
    t0 = f32x4.add(t0, s0)
    t1 = f32x4.add(t1, s1)
    t2 = f32x4.add(t2, s2)
    t3 = f32x4.add(t3, s3)
  }
  let sum = sumLanes(t0, t1, t2, t3)
  for (; from < end; from += 4) sum += load<f32>(from)
  return sum
}

/** The maximum; NaN if any element is NaN; -infinity of none. */
export function reduceMax(a: usize): void {
  let from = <usize>load<u32>(a)
  let to = <usize>load<u32>(a, 4)
  const outer = load<u32>(a, 8)
  const n = load<u32>(a, 12)
  const inner = <usize>load<u32>(a, 16), along = <usize>load<u32>(a, 20) << 2
  for (let o: u32 = 0; o < outer; o++) {
    if (along == 4) {
      const end = from + (<usize>n << 2)
      let best: f32 = -Infinity
      for (; from < end; from += 4) best = max(best, load<f32>(from))
      store<f32>(to, best)
      to += 4
    } else {
      for (let c: usize = 0; c < inner; c += 4) {
        let at = from + (c << 2)
        let best = f32x4.splat(-Infinity)
        for (let i: u32 = 0; i < n; i++) {
          best = f32x4.max(best, v128.load(at))
          at += along
        }
        if (c + 4 <= inner) v128.store(to + (c << 2), best)
        else storeLanes(to + (c << 2), best, inner - c)
      }
      to += inner << 2
      from += n * along
    }
  }
}

/** The index of the first maximum along n; a NaN counts as the largest. */
export function argmax(a: usize): void {
  let from = <usize>load<u32>(a)
  let to = <usize>load<u32>(a, 4)
  const outer = load<u32>(a, 8)
  const n = load<u32>(a, 12)
  const inner = <usize>load<u32>(a, 16), along = <usize>load<u32>(a, 20) << 2
  for (let o: u32 = 0; o < outer; o++) {
    for (let c: usize = 0; c < inner; c++) {
      let at = from + (c << 2)
      let best = load<f32>(at)
      let index: u32 = 0
      for (let i: u32 = 1; i < n; i++) {
        at += along
        const x = load<f32>(at)
        if (x > best || (x != x && best == best)) {
          best = x
          index = i
        }
      }
      store<u32>(to, index)
      to += 4
    }
    from += n * along
  }
}
