// The micro-kernel that does nearly all of matmul's work: four rows by eight columns of C over one chunk of k. A k is
// six loads and sixteen operations, which AMD's Zen 3 and 4 can do in four cycles. That they do, and that the V8 of
// Node 20 writes what they like, is why it has the form below:
// - Zen deals the vector operations it meets in turn to two queues, of one multiplier and one adder each. Products and
//   sums in strict turns fill one queue with products: 5.5 cycles a k, or 4.3, as chance has it. So one product of
//   each k, `p`, waits for the next k to be summed, which moves the turns by one in the middle of a k and back at its
//   end: 4.15 cycles. What number precedes what was found by timing some hundred orders.
// - V8 orders a block's instructions by itself. Each k stands in a block of its own, with paths that meet after it:
//   there loads keep the source's order, and sums and products that of the results' stores, read from the last to the
//   first; `p` takes a way through memory to have a store of its own. (Node 24 keeps the source's order.) The test
//   that makes the block is always true, which no compiler knows; it costs one instruction.
// - B is loaded before the test, else the compiler moves the second vector behind the first product.
// - Sixteen k's are written out, so that V8's interrupt check comes once for them. Those that are too many for
//   sixteens come first, one by one.
// - Of every second k a load, whose value goes nowhere, reaches AHEAD: A's next panels come from the L2 cache, and what
//   Zen 4 itself asks for early leaves some of the delay. How much depends on where pages lie and on what stands before
//   the loop; with these loads hardly. Products of 256 k's take 0.87 to 0.98 of the time by both.
// - B's pointer takes its step once in sixteen k's, before their first: as an address V8 widens a loop's variable to 64
//   bits by an instruction of its own, but not a sum just made. A's steps with every k: V8 folds no offset into a
//   splatting load.
// - The V8 of Node 24 keeps the memory's start plus an offset, which is what a splatting load is addressed from, only
//   within the block that made it: three instructions of each k. Loads before the loop make them for all k's; their
//   values go nowhere, but no compiler removes a load that might trap.
// - It is a function of its own: within a larger one V8 reloads addresses in the loop. (The compiler inlines what is
//   called from one place only.)

import { multiplyAdd } from '../multiply-add'

/** What becomes of the sum that a k before had to wait for; relaxed sums do not wait. */
// @ts-ignore: decorator
@inline
function settle(sum: v128, product: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? sum : f32x4.add(sum, product)
}

// @ts-ignore: decorator
@inline
function accumulate(to: usize, from: usize, sum: v128): void {
  v128.store(to, f32x4.add(v128.load(from), sum))
}

/** Bytes from A's place to the line that is asked for early; so much may be read behind a panel. */
// @ts-ignore: decorator
@inline
const AHEAD: usize = 512

/**
 * C[4 x 8] at `c` (row stride `alongC` bytes) = the chunk's sum, added to the sum of those before at `sum` (row stride
 * `alongSum`) unless that is 0, from panels of A and B that take 32 bytes a k; `length`, not 0, is a panel's bytes.
 */
export function four(a: usize, b: usize, length: usize, c: usize, alongC: usize, sum: usize, alongSum: usize): void {
  v128.load32_splat(a, 12), v128.load32_splat(a, 8), v128.load32_splat(a, 4)
  let s00 = f32x4.splat(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00
  let a0 = s00, a1 = s00, a2 = s00, a3 = s00, b0 = s00, b1 = s00, p = s00
  const begin = a, end = a + length, rest = a + (length & 511)
  b -= 32
  if (a != rest) do {
    b += 32
    b0 = v128.load(b), b1 = v128.load(b, 16)
    if (a >= begin) {
      a3 = v128.load32_splat(a, 12)
      s31 = multiplyAdd(s31, a3, b1), s30 = multiplyAdd(s30, a3, b0)
      a2 = v128.load32_splat(a, 8)
      s20 = multiplyAdd(s20, a2, b0)
      s01 = settle(s01, p)
      a1 = v128.load32_splat(a, 4)
      s11 = multiplyAdd(s11, a1, b1), s10 = multiplyAdd(s10, a1, b0)
      a0 = v128.load32_splat(a)
      s00 = multiplyAdd(s00, a0, b0)
      if (ASC_FEATURE_RELAXED_SIMD) s01 = multiplyAdd(s01, a0, b1)
      else p = f32x4.mul(a0, b1)
      s21 = multiplyAdd(s21, a2, b1)
    }
    a += 32
  } while (a != rest)
  b -= 480
  if (a != end) do {
    b += 512
    b0 = v128.load(b), b1 = v128.load(b, 16)
    if (a >= begin) {
      a3 = v128.load32_splat(a, 12)
      s31 = multiplyAdd(s31, a3, b1), s30 = multiplyAdd(s30, a3, b0)
      a2 = v128.load32_splat(a, 8)
      s20 = multiplyAdd(s20, a2, b0)
      s01 = settle(s01, p)
      a1 = v128.load32_splat(a, 4)
      s11 = multiplyAdd(s11, a1, b1), s10 = multiplyAdd(s10, a1, b0)
      a0 = v128.load32_splat(a)
      s00 = multiplyAdd(s00, a0, b0)
      if (ASC_FEATURE_RELAXED_SIMD) s01 = multiplyAdd(s01, a0, b1)
      else p = f32x4.mul(a0, b1)
      s21 = multiplyAdd(s21, a2, b1)
    }
    a += 32

    b0 = v128.load(b, 32), b1 = v128.load(b, 48)
    if (a >= begin) {
      a3 = v128.load32_splat(a, 12)
      s31 = multiplyAdd(s31, a3, b1), s30 = multiplyAdd(s30, a3, b0)
      a2 = v128.load32_splat(a, 8)
      s20 = multiplyAdd(s20, a2, b0)
      s01 = settle(s01, p)
      a1 = v128.load32_splat(a, 4)
      s11 = multiplyAdd(s11, a1, b1), s10 = multiplyAdd(s10, a1, b0)
      a0 = v128.load32_splat(a)
      s00 = multiplyAdd(s00, a0, b0)
      if (ASC_FEATURE_RELAXED_SIMD) s01 = multiplyAdd(s01, a0, b1)
      else p = f32x4.mul(a0, b1)
      s21 = multiplyAdd(s21, a2, b1)
    }
    load<u32>(a, AHEAD)
    a += 32

    b0 = v128.load(b, 64), b1 = v128.load(b, 80)
    if (a >= begin) {
      a3 = v128.load32_splat(a, 12)
      s31 = multiplyAdd(s31, a3, b1), s30 = multiplyAdd(s30, a3, b0)
      a2 = v128.load32_splat(a, 8)
      s20 = multiplyAdd(s20, a2, b0)
      s01 = settle(s01, p)
      a1 = v128.load32_splat(a, 4)
      s11 = multiplyAdd(s11, a1, b1), s10 = multiplyAdd(s10, a1, b0)
      a0 = v128.load32_splat(a)
      s00 = multiplyAdd(s00, a0, b0)
      if (ASC_FEATURE_RELAXED_SIMD) s01 = multiplyAdd(s01, a0, b1)
      else p = f32x4.mul(a0, b1)
      s21 = multiplyAdd(s21, a2, b1)
    }
    a += 32

    b0 = v128.load(b, 96), b1 = v128.load(b, 112)
    if (a >= begin) {
      a3 = v128.load32_splat(a, 12)
      s31 = multiplyAdd(s31, a3, b1), s30 = multiplyAdd(s30, a3, b0)
      a2 = v128.load32_splat(a, 8)
      s20 = multiplyAdd(s20, a2, b0)
      s01 = settle(s01, p)
      a1 = v128.load32_splat(a, 4)
      s11 = multiplyAdd(s11, a1, b1), s10 = multiplyAdd(s10, a1, b0)
      a0 = v128.load32_splat(a)
      s00 = multiplyAdd(s00, a0, b0)
      if (ASC_FEATURE_RELAXED_SIMD) s01 = multiplyAdd(s01, a0, b1)
      else p = f32x4.mul(a0, b1)
      s21 = multiplyAdd(s21, a2, b1)
    }
    load<u32>(a, AHEAD)
    a += 32

    b0 = v128.load(b, 128), b1 = v128.load(b, 144)
    if (a >= begin) {
      a3 = v128.load32_splat(a, 12)
      s31 = multiplyAdd(s31, a3, b1), s30 = multiplyAdd(s30, a3, b0)
      a2 = v128.load32_splat(a, 8)
      s20 = multiplyAdd(s20, a2, b0)
      s01 = settle(s01, p)
      a1 = v128.load32_splat(a, 4)
      s11 = multiplyAdd(s11, a1, b1), s10 = multiplyAdd(s10, a1, b0)
      a0 = v128.load32_splat(a)
      s00 = multiplyAdd(s00, a0, b0)
      if (ASC_FEATURE_RELAXED_SIMD) s01 = multiplyAdd(s01, a0, b1)
      else p = f32x4.mul(a0, b1)
      s21 = multiplyAdd(s21, a2, b1)
    }
    a += 32

    b0 = v128.load(b, 160), b1 = v128.load(b, 176)
    if (a >= begin) {
      a3 = v128.load32_splat(a, 12)
      s31 = multiplyAdd(s31, a3, b1), s30 = multiplyAdd(s30, a3, b0)
      a2 = v128.load32_splat(a, 8)
      s20 = multiplyAdd(s20, a2, b0)
      s01 = settle(s01, p)
      a1 = v128.load32_splat(a, 4)
      s11 = multiplyAdd(s11, a1, b1), s10 = multiplyAdd(s10, a1, b0)
      a0 = v128.load32_splat(a)
      s00 = multiplyAdd(s00, a0, b0)
      if (ASC_FEATURE_RELAXED_SIMD) s01 = multiplyAdd(s01, a0, b1)
      else p = f32x4.mul(a0, b1)
      s21 = multiplyAdd(s21, a2, b1)
    }
    load<u32>(a, AHEAD)
    a += 32

    b0 = v128.load(b, 192), b1 = v128.load(b, 208)
    if (a >= begin) {
      a3 = v128.load32_splat(a, 12)
      s31 = multiplyAdd(s31, a3, b1), s30 = multiplyAdd(s30, a3, b0)
      a2 = v128.load32_splat(a, 8)
      s20 = multiplyAdd(s20, a2, b0)
      s01 = settle(s01, p)
      a1 = v128.load32_splat(a, 4)
      s11 = multiplyAdd(s11, a1, b1), s10 = multiplyAdd(s10, a1, b0)
      a0 = v128.load32_splat(a)
      s00 = multiplyAdd(s00, a0, b0)
      if (ASC_FEATURE_RELAXED_SIMD) s01 = multiplyAdd(s01, a0, b1)
      else p = f32x4.mul(a0, b1)
      s21 = multiplyAdd(s21, a2, b1)
    }
    a += 32

    b0 = v128.load(b, 224), b1 = v128.load(b, 240)
    if (a >= begin) {
      a3 = v128.load32_splat(a, 12)
      s31 = multiplyAdd(s31, a3, b1), s30 = multiplyAdd(s30, a3, b0)
      a2 = v128.load32_splat(a, 8)
      s20 = multiplyAdd(s20, a2, b0)
      s01 = settle(s01, p)
      a1 = v128.load32_splat(a, 4)
      s11 = multiplyAdd(s11, a1, b1), s10 = multiplyAdd(s10, a1, b0)
      a0 = v128.load32_splat(a)
      s00 = multiplyAdd(s00, a0, b0)
      if (ASC_FEATURE_RELAXED_SIMD) s01 = multiplyAdd(s01, a0, b1)
      else p = f32x4.mul(a0, b1)
      s21 = multiplyAdd(s21, a2, b1)
    }
    load<u32>(a, AHEAD)
    a += 32

    b0 = v128.load(b, 256), b1 = v128.load(b, 272)
    if (a >= begin) {
      a3 = v128.load32_splat(a, 12)
      s31 = multiplyAdd(s31, a3, b1), s30 = multiplyAdd(s30, a3, b0)
      a2 = v128.load32_splat(a, 8)
      s20 = multiplyAdd(s20, a2, b0)
      s01 = settle(s01, p)
      a1 = v128.load32_splat(a, 4)
      s11 = multiplyAdd(s11, a1, b1), s10 = multiplyAdd(s10, a1, b0)
      a0 = v128.load32_splat(a)
      s00 = multiplyAdd(s00, a0, b0)
      if (ASC_FEATURE_RELAXED_SIMD) s01 = multiplyAdd(s01, a0, b1)
      else p = f32x4.mul(a0, b1)
      s21 = multiplyAdd(s21, a2, b1)
    }
    a += 32

    b0 = v128.load(b, 288), b1 = v128.load(b, 304)
    if (a >= begin) {
      a3 = v128.load32_splat(a, 12)
      s31 = multiplyAdd(s31, a3, b1), s30 = multiplyAdd(s30, a3, b0)
      a2 = v128.load32_splat(a, 8)
      s20 = multiplyAdd(s20, a2, b0)
      s01 = settle(s01, p)
      a1 = v128.load32_splat(a, 4)
      s11 = multiplyAdd(s11, a1, b1), s10 = multiplyAdd(s10, a1, b0)
      a0 = v128.load32_splat(a)
      s00 = multiplyAdd(s00, a0, b0)
      if (ASC_FEATURE_RELAXED_SIMD) s01 = multiplyAdd(s01, a0, b1)
      else p = f32x4.mul(a0, b1)
      s21 = multiplyAdd(s21, a2, b1)
    }
    load<u32>(a, AHEAD)
    a += 32

    b0 = v128.load(b, 320), b1 = v128.load(b, 336)
    if (a >= begin) {
      a3 = v128.load32_splat(a, 12)
      s31 = multiplyAdd(s31, a3, b1), s30 = multiplyAdd(s30, a3, b0)
      a2 = v128.load32_splat(a, 8)
      s20 = multiplyAdd(s20, a2, b0)
      s01 = settle(s01, p)
      a1 = v128.load32_splat(a, 4)
      s11 = multiplyAdd(s11, a1, b1), s10 = multiplyAdd(s10, a1, b0)
      a0 = v128.load32_splat(a)
      s00 = multiplyAdd(s00, a0, b0)
      if (ASC_FEATURE_RELAXED_SIMD) s01 = multiplyAdd(s01, a0, b1)
      else p = f32x4.mul(a0, b1)
      s21 = multiplyAdd(s21, a2, b1)
    }
    a += 32

    b0 = v128.load(b, 352), b1 = v128.load(b, 368)
    if (a >= begin) {
      a3 = v128.load32_splat(a, 12)
      s31 = multiplyAdd(s31, a3, b1), s30 = multiplyAdd(s30, a3, b0)
      a2 = v128.load32_splat(a, 8)
      s20 = multiplyAdd(s20, a2, b0)
      s01 = settle(s01, p)
      a1 = v128.load32_splat(a, 4)
      s11 = multiplyAdd(s11, a1, b1), s10 = multiplyAdd(s10, a1, b0)
      a0 = v128.load32_splat(a)
      s00 = multiplyAdd(s00, a0, b0)
      if (ASC_FEATURE_RELAXED_SIMD) s01 = multiplyAdd(s01, a0, b1)
      else p = f32x4.mul(a0, b1)
      s21 = multiplyAdd(s21, a2, b1)
    }
    load<u32>(a, AHEAD)
    a += 32

    b0 = v128.load(b, 384), b1 = v128.load(b, 400)
    if (a >= begin) {
      a3 = v128.load32_splat(a, 12)
      s31 = multiplyAdd(s31, a3, b1), s30 = multiplyAdd(s30, a3, b0)
      a2 = v128.load32_splat(a, 8)
      s20 = multiplyAdd(s20, a2, b0)
      s01 = settle(s01, p)
      a1 = v128.load32_splat(a, 4)
      s11 = multiplyAdd(s11, a1, b1), s10 = multiplyAdd(s10, a1, b0)
      a0 = v128.load32_splat(a)
      s00 = multiplyAdd(s00, a0, b0)
      if (ASC_FEATURE_RELAXED_SIMD) s01 = multiplyAdd(s01, a0, b1)
      else p = f32x4.mul(a0, b1)
      s21 = multiplyAdd(s21, a2, b1)
    }
    a += 32

    b0 = v128.load(b, 416), b1 = v128.load(b, 432)
    if (a >= begin) {
      a3 = v128.load32_splat(a, 12)
      s31 = multiplyAdd(s31, a3, b1), s30 = multiplyAdd(s30, a3, b0)
      a2 = v128.load32_splat(a, 8)
      s20 = multiplyAdd(s20, a2, b0)
      s01 = settle(s01, p)
      a1 = v128.load32_splat(a, 4)
      s11 = multiplyAdd(s11, a1, b1), s10 = multiplyAdd(s10, a1, b0)
      a0 = v128.load32_splat(a)
      s00 = multiplyAdd(s00, a0, b0)
      if (ASC_FEATURE_RELAXED_SIMD) s01 = multiplyAdd(s01, a0, b1)
      else p = f32x4.mul(a0, b1)
      s21 = multiplyAdd(s21, a2, b1)
    }
    load<u32>(a, AHEAD)
    a += 32

    b0 = v128.load(b, 448), b1 = v128.load(b, 464)
    if (a >= begin) {
      a3 = v128.load32_splat(a, 12)
      s31 = multiplyAdd(s31, a3, b1), s30 = multiplyAdd(s30, a3, b0)
      a2 = v128.load32_splat(a, 8)
      s20 = multiplyAdd(s20, a2, b0)
      s01 = settle(s01, p)
      a1 = v128.load32_splat(a, 4)
      s11 = multiplyAdd(s11, a1, b1), s10 = multiplyAdd(s10, a1, b0)
      a0 = v128.load32_splat(a)
      s00 = multiplyAdd(s00, a0, b0)
      if (ASC_FEATURE_RELAXED_SIMD) s01 = multiplyAdd(s01, a0, b1)
      else p = f32x4.mul(a0, b1)
      s21 = multiplyAdd(s21, a2, b1)
    }
    a += 32

    b0 = v128.load(b, 480), b1 = v128.load(b, 496)
    if (a >= begin) {
      a3 = v128.load32_splat(a, 12)
      s31 = multiplyAdd(s31, a3, b1), s30 = multiplyAdd(s30, a3, b0)
      a2 = v128.load32_splat(a, 8)
      s20 = multiplyAdd(s20, a2, b0)
      s01 = settle(s01, p)
      a1 = v128.load32_splat(a, 4)
      s11 = multiplyAdd(s11, a1, b1), s10 = multiplyAdd(s10, a1, b0)
      a0 = v128.load32_splat(a)
      s00 = multiplyAdd(s00, a0, b0)
      if (ASC_FEATURE_RELAXED_SIMD) s01 = multiplyAdd(s01, a0, b1)
      else p = f32x4.mul(a0, b1)
      s21 = multiplyAdd(s21, a2, b1)
    }
    load<u32>(a, AHEAD)
    a += 32
  } while (a != end)
  const c1 = c + alongC, c2 = c1 + alongC, c3 = c2 + alongC
  if (sum) {
    const sum1 = sum + alongSum, sum2 = sum1 + alongSum, sum3 = sum2 + alongSum, before = v128.load(sum, 16)
    accumulate(c2 + 16, sum2 + 16, s21)
    v128.store(c, p, 16)
    accumulate(c, sum, s00)
    accumulate(c1, sum1, s10)
    accumulate(c1 + 16, sum1 + 16, s11)
    v128.store(c, f32x4.add(before, settle(s01, v128.load(c, 16))), 16)
    accumulate(c2, sum2, s20)
    accumulate(c3, sum3, s30)
    accumulate(c3 + 16, sum3 + 16, s31)
  } else {
    v128.store(c2, s21, 16)
    v128.store(c, p, 16)
    v128.store(c, s00)
    v128.store(c1, s10)
    v128.store(c1, s11, 16)
    v128.store(c, settle(s01, v128.load(c, 16)), 16)
    v128.store(c2, s20)
    v128.store(c3, s30)
    v128.store(c3, s31, 16)
  }
}
