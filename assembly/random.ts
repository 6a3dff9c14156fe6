/**
 * Random numbers from a counter: Philox4x32-10 (J. K. Salmon and others, Parallel Random Numbers: As Easy as 1, 2, 3,
 * SC 2011), four counters at a time. Block i has the counter words (i, stream, step low, step high) under the key (key
 * low, key high); element e is word e & 3 of block e >> 2. So an element is a function of key, step, stream and its
 * own index only.
 *
 * Argument words of every kernel: [0] pointer to u32[4]: key low, key high, step low, step high; [1] pointer to the f32
 * output; [2] count; [3] stream; [4] the first block. Exactly `count` elements are written.
 */

import { normalQuantile, truncatedNormalQuantile } from './elementwise/quantile'
import { storeAtMost } from './tail'

/** (word >>> 8) 2^-24, in [0, 1). */
@final
class Uniform {
  @inline
  of(words: v128): v128 {
    return f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_u(words, 8)), f32x4.splat(5.96046448e-8))
  }
}

/** 2u - 1 of u = ((word >>> 8) + 1/2) 2^-24: an odd multiple of 2^-24 in (-1, 1), exactly. */
@inline
function symmetric(words: v128): v128 {
  const doubled = v128.or(i32x4.shl(i32x4.shr_u(words, 8), 1), i32x4.splat(1))
  return f32x4.mul(f32x4.convert_i32x4_s(i32x4.sub(doubled, i32x4.splat(0x1000000))), f32x4.splat(5.96046448e-8))
}

@final
class Normal {
  @inline
  of(words: v128): v128 {
    return normalQuantile(symmetric(words))
  }
}

@final
class TruncatedNormal {
  @inline
  of(words: v128): v128 {
    return truncatedNormalQuantile(symmetric(words))
  }
}

/** Writes the words of four blocks, word w of block i in lane i of `cw`: the first sixteen of `left` elements at most. */
function put<Distribution>(to: usize, left: u32, c0: v128, c1: v128, c2: v128, c3: v128): void {
  const distribution = changetype<Distribution>(0)
  const low01 = v128.shuffle<i32>(c0, c1, 0, 4, 1, 5)
  const low23 = v128.shuffle<i32>(c2, c3, 0, 4, 1, 5)
  const high01 = v128.shuffle<i32>(c0, c1, 2, 6, 3, 7)
  const high23 = v128.shuffle<i32>(c2, c3, 2, 6, 3, 7)
  const x0 = distribution.of(v128.shuffle<i64>(low01, low23, 0, 2))
  const x1 = distribution.of(v128.shuffle<i64>(low01, low23, 1, 3))
  const x2 = distribution.of(v128.shuffle<i64>(high01, high23, 0, 2))
  const x3 = distribution.of(v128.shuffle<i64>(high01, high23, 1, 3))
  if (left < 16) {
    storeAtMost(to, x0, left)
    storeAtMost(to + 16, x1, left - 4)
    storeAtMost(to + 32, x2, left - 8)
    storeAtMost(to + 48, x3, left - 12)
    return
  }
  v128.store(to, x0)
  v128.store(to, x1, 16)
  v128.store(to, x2, 32)
  v128.store(to, x3, 48)
}

/** Eight blocks at a time, in two rows of calculations that do not wait for each other. */
@inline
function fill<Distribution>(a: usize): void {
  const key = <usize>load<u32>(a)
  let out = <usize>load<u32>(a, 4)
  let left = load<u32>(a, 8)
  const stream = i32x4.splat(load<u32>(a, 12))
  const low = v128.load32_splat(key, 8), high = v128.load32_splat(key, 12)
  // A count is less than 2^31: zeros that no compiler knows, so that V8 13 keeps these in registers instead of making
  // them anew in every round.
  const zero = i32x4.splat(left >> 31)
  const m0 = v128.or(i32x4.splat(0xd2511f53), zero), m1 = v128.or(i32x4.splat(0xcd9e8d57), zero)
  const w0 = v128.or(i32x4.splat(0x9e3779b9), zero), w1 = v128.or(i32x4.splat(0xbb67ae85), zero)
  let block = i32x4.add(i32x4.splat(load<u32>(a, 16)), i32x4(0, 1, 2, 3))
  while (left > 0) {
    let c0 = block, c1 = stream, c2 = low, c3 = high
    let d0 = i32x4.add(block, i32x4.splat(4)), d1 = stream, d2 = low, d3 = high
    let k0 = v128.load32_splat(key), k1 = v128.load32_splat(key, 4)
    let round = 10
    do {
      const p0 = i64x2.extmul_low_i32x4_u(c0, m0), q0 = i64x2.extmul_high_i32x4_u(c0, m0)
      const p2 = i64x2.extmul_low_i32x4_u(c2, m1), q2 = i64x2.extmul_high_i32x4_u(c2, m1)
      c0 = v128.xor(v128.xor(v128.shuffle<i32>(p2, q2, 1, 3, 5, 7), c1), k0)
      c2 = v128.xor(v128.xor(v128.shuffle<i32>(p0, q0, 1, 3, 5, 7), c3), k1)
      c1 = v128.shuffle<i32>(p2, q2, 0, 2, 4, 6)
      c3 = v128.shuffle<i32>(p0, q0, 0, 2, 4, 6)
      const r0 = i64x2.extmul_low_i32x4_u(d0, m0), s0 = i64x2.extmul_high_i32x4_u(d0, m0)
      const r2 = i64x2.extmul_low_i32x4_u(d2, m1), s2 = i64x2.extmul_high_i32x4_u(d2, m1)
      d0 = v128.xor(v128.xor(v128.shuffle<i32>(r2, s2, 1, 3, 5, 7), d1), k0)
      d2 = v128.xor(v128.xor(v128.shuffle<i32>(r0, s0, 1, 3, 5, 7), d3), k1)
      d1 = v128.shuffle<i32>(r2, s2, 0, 2, 4, 6)
      d3 = v128.shuffle<i32>(r0, s0, 0, 2, 4, 6)
      k0 = i32x4.add(k0, w0)
      k1 = i32x4.add(k1, w1)
    } while (--round)
    put<Distribution>(out, left, c0, c1, c2, c3)
    if (left > 16) put<Distribution>(out + 64, left - 16, d0, d1, d2, d3)
    out += 128
    left -= min(left, 32)
    block = i32x4.add(block, i32x4.splat(8))
  }
}

/** Uniform numbers in [0, 1): multiples of 2^-24. */
export function uniform(a: usize): void {
  fill<Uniform>(a)
}

/** Standard normal numbers by inverse CDF, at most 5.42 in magnitude. */
export function normal(a: usize): void {
  fill<Normal>(a)
}

/** Standard normal numbers truncated to [-2, 2], by inverse CDF. */
export function truncatedNormal(a: usize): void {
  fill<TruncatedNormal>(a)
}
