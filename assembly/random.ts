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

@inline
function fill<Distribution>(a: usize): void {
  const key = <usize>load<u32>(a)
  let out = <usize>load<u32>(a, 4)
  let left = load<u32>(a, 8)
  const stream = i32x4.splat(load<u32>(a, 12))
  const distribution = changetype<Distribution>(0)
  let block = i32x4.add(i32x4.splat(load<u32>(a, 16)), i32x4(0, 1, 2, 3))
  while (left > 0) {
    let c0 = block
    let c1 = stream
    let c2 = v128.load32_splat(key, 8)
    let c3 = v128.load32_splat(key, 12)
    let k0 = v128.load32_splat(key)
    let k1 = v128.load32_splat(key, 4)
    let round = 10
    do {
      const m0 = i32x4.splat(0xd2511f53)
      const m1 = i32x4.splat(0xcd9e8d57)
      const p0 = i64x2.extmul_low_i32x4_u(c0, m0)
      const q0 = i64x2.extmul_high_i32x4_u(c0, m0)
      const p2 = i64x2.extmul_low_i32x4_u(c2, m1)
      const q2 = i64x2.extmul_high_i32x4_u(c2, m1)
      c0 = v128.xor(v128.xor(v128.shuffle<i32>(p2, q2, 1, 3, 5, 7), c1), k0)
      c2 = v128.xor(v128.xor(v128.shuffle<i32>(p0, q0, 1, 3, 5, 7), c3), k1)
      c1 = v128.shuffle<i32>(p2, q2, 0, 2, 4, 6)
      c3 = v128.shuffle<i32>(p0, q0, 0, 2, 4, 6)
      k0 = i32x4.add(k0, i32x4.splat(0x9e3779b9))
      k1 = i32x4.add(k1, i32x4.splat(0xbb67ae85))
    } while (--round)
    const low01 = v128.shuffle<i32>(c0, c1, 0, 4, 1, 5)
    const low23 = v128.shuffle<i32>(c2, c3, 0, 4, 1, 5)
    const high01 = v128.shuffle<i32>(c0, c1, 2, 6, 3, 7)
    const high23 = v128.shuffle<i32>(c2, c3, 2, 6, 3, 7)
    const x0 = distribution.of(v128.shuffle<i64>(low01, low23, 0, 2))
    const x1 = distribution.of(v128.shuffle<i64>(low01, low23, 1, 3))
    const x2 = distribution.of(v128.shuffle<i64>(high01, high23, 0, 2))
    const x3 = distribution.of(v128.shuffle<i64>(high01, high23, 1, 3))
    if (left < 16) {
      storeAtMost(out, x0, left)
      storeAtMost(out + 16, x1, left - 4)
      storeAtMost(out + 32, x2, left - 8)
      storeAtMost(out + 48, x3, left - 12)
      return
    }
    v128.store(out, x0)
    v128.store(out, x1, 16)
    v128.store(out, x2, 32)
    v128.store(out, x3, 48)
    out += 64
    left -= 16
    block = i32x4.add(block, i32x4.splat(4))
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
