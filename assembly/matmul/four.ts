// The micro-kernel that does nearly all of matmul's work: four rows by eight columns of C over one chunk of k. A k is
// six loads and sixteen operations, which AMD's Zen 3 and 4 can do in four cycles, if the loads are spread among the
// operations: six loads in a row cost a cycle. Hence the form below, for the V8 of Node 20 orders a block's
// instructions by itself, all its loads first where it can:
// - Each k stands in a block of its own, with paths that meet after it: there V8's order is that of the source read
//   from the last row to the first. The test is of use once, where the first of the eight k's are skipped that are too
//   many for the panels' length; it costs one instruction.
// - B is loaded before the test, else the compiler moves the second vector behind the first product.
// - Eight k's are written out, so that V8's interrupt check comes once for them.
// - B's pointer takes its step once in eight k's, before their first: as an address V8 widens a loop's variable to 64
//   bits by an instruction of its own, but not a sum just made. A's steps with every k: V8 folds no offset into a
//   splatting load.
// - It is a function of its own: within a larger one V8 reloads addresses in the loop. (The compiler inlines what is
//   called from one place only.)

import { multiplyAdd } from '../multiply-add'

// @ts-ignore: decorator
@inline
function accumulate(to: usize, from: usize, left: v128, right: v128): void {
  v128.store(to, f32x4.add(v128.load(from), left))
  v128.store(to, f32x4.add(v128.load(from, 16), right), 16)
}

// @ts-ignore: decorator
@inline
function put(to: usize, left: v128, right: v128): void {
  v128.store(to, left)
  v128.store(to, right, 16)
}

/**
 * C[4 x 8] at `c` (row stride `alongC` bytes) = the chunk's sum, added to the sum of those before at `sum` (row stride
 * `alongSum`) unless that is 0, from panels of A and B that take 32 bytes a k; `length` is a panel's bytes. Up to 224
 * bytes before `b` are read, too.
 */
export function four(a: usize, b: usize, length: usize, c: usize, alongC: usize, sum: usize, alongSum: usize): void {
  let s00 = f32x4.splat(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00
  let ak = s00, b0 = s00, b1 = s00
  const begin = a, end = a + length, skipped = (0 - length) & 255
  a -= skipped
  b -= skipped + 256
  if (length != 0) do {
    b += 256
    b0 = v128.load(b), b1 = v128.load(b, 16)
    if (a >= begin) {
      ak = v128.load32_splat(a, 12)
      s31 = multiplyAdd(s31, ak, b1), s30 = multiplyAdd(s30, ak, b0)
      ak = v128.load32_splat(a, 8)
      s21 = multiplyAdd(s21, ak, b1), s20 = multiplyAdd(s20, ak, b0)
      ak = v128.load32_splat(a, 4)
      s11 = multiplyAdd(s11, ak, b1), s10 = multiplyAdd(s10, ak, b0)
      ak = v128.load32_splat(a)
      s01 = multiplyAdd(s01, ak, b1), s00 = multiplyAdd(s00, ak, b0)
    }
    a += 32

    b0 = v128.load(b, 32), b1 = v128.load(b, 48)
    if (a >= begin) {
      ak = v128.load32_splat(a, 12)
      s31 = multiplyAdd(s31, ak, b1), s30 = multiplyAdd(s30, ak, b0)
      ak = v128.load32_splat(a, 8)
      s21 = multiplyAdd(s21, ak, b1), s20 = multiplyAdd(s20, ak, b0)
      ak = v128.load32_splat(a, 4)
      s11 = multiplyAdd(s11, ak, b1), s10 = multiplyAdd(s10, ak, b0)
      ak = v128.load32_splat(a)
      s01 = multiplyAdd(s01, ak, b1), s00 = multiplyAdd(s00, ak, b0)
    }
    a += 32

    b0 = v128.load(b, 64), b1 = v128.load(b, 80)
    if (a >= begin) {
      ak = v128.load32_splat(a, 12)
      s31 = multiplyAdd(s31, ak, b1), s30 = multiplyAdd(s30, ak, b0)
      ak = v128.load32_splat(a, 8)
      s21 = multiplyAdd(s21, ak, b1), s20 = multiplyAdd(s20, ak, b0)
      ak = v128.load32_splat(a, 4)
      s11 = multiplyAdd(s11, ak, b1), s10 = multiplyAdd(s10, ak, b0)
      ak = v128.load32_splat(a)
      s01 = multiplyAdd(s01, ak, b1), s00 = multiplyAdd(s00, ak, b0)
    }
    a += 32

    b0 = v128.load(b, 96), b1 = v128.load(b, 112)
    if (a >= begin) {
      ak = v128.load32_splat(a, 12)
      s31 = multiplyAdd(s31, ak, b1), s30 = multiplyAdd(s30, ak, b0)
      ak = v128.load32_splat(a, 8)
      s21 = multiplyAdd(s21, ak, b1), s20 = multiplyAdd(s20, ak, b0)
      ak = v128.load32_splat(a, 4)
      s11 = multiplyAdd(s11, ak, b1), s10 = multiplyAdd(s10, ak, b0)
      ak = v128.load32_splat(a)
      s01 = multiplyAdd(s01, ak, b1), s00 = multiplyAdd(s00, ak, b0)
    }
    a += 32

    b0 = v128.load(b, 128), b1 = v128.load(b, 144)
    if (a >= begin) {
      ak = v128.load32_splat(a, 12)
      s31 = multiplyAdd(s31, ak, b1), s30 = multiplyAdd(s30, ak, b0)
      ak = v128.load32_splat(a, 8)
      s21 = multiplyAdd(s21, ak, b1), s20 = multiplyAdd(s20, ak, b0)
      ak = v128.load32_splat(a, 4)
      s11 = multiplyAdd(s11, ak, b1), s10 = multiplyAdd(s10, ak, b0)
      ak = v128.load32_splat(a)
      s01 = multiplyAdd(s01, ak, b1), s00 = multiplyAdd(s00, ak, b0)
    }
    a += 32

    b0 = v128.load(b, 160), b1 = v128.load(b, 176)
    if (a >= begin) {
      ak = v128.load32_splat(a, 12)
      s31 = multiplyAdd(s31, ak, b1), s30 = multiplyAdd(s30, ak, b0)
      ak = v128.load32_splat(a, 8)
      s21 = multiplyAdd(s21, ak, b1), s20 = multiplyAdd(s20, ak, b0)
      ak = v128.load32_splat(a, 4)
      s11 = multiplyAdd(s11, ak, b1), s10 = multiplyAdd(s10, ak, b0)
      ak = v128.load32_splat(a)
      s01 = multiplyAdd(s01, ak, b1), s00 = multiplyAdd(s00, ak, b0)
    }
    a += 32

    b0 = v128.load(b, 192), b1 = v128.load(b, 208)
    if (a >= begin) {
      ak = v128.load32_splat(a, 12)
      s31 = multiplyAdd(s31, ak, b1), s30 = multiplyAdd(s30, ak, b0)
      ak = v128.load32_splat(a, 8)
      s21 = multiplyAdd(s21, ak, b1), s20 = multiplyAdd(s20, ak, b0)
      ak = v128.load32_splat(a, 4)
      s11 = multiplyAdd(s11, ak, b1), s10 = multiplyAdd(s10, ak, b0)
      ak = v128.load32_splat(a)
      s01 = multiplyAdd(s01, ak, b1), s00 = multiplyAdd(s00, ak, b0)
    }
    a += 32

    b0 = v128.load(b, 224), b1 = v128.load(b, 240)
    if (a >= begin) {
      ak = v128.load32_splat(a, 12)
      s31 = multiplyAdd(s31, ak, b1), s30 = multiplyAdd(s30, ak, b0)
      ak = v128.load32_splat(a, 8)
      s21 = multiplyAdd(s21, ak, b1), s20 = multiplyAdd(s20, ak, b0)
      ak = v128.load32_splat(a, 4)
      s11 = multiplyAdd(s11, ak, b1), s10 = multiplyAdd(s10, ak, b0)
      ak = v128.load32_splat(a)
      s01 = multiplyAdd(s01, ak, b1), s00 = multiplyAdd(s00, ak, b0)
    }
    a += 32
  } while (a != end)
  const c1 = c + alongC, c2 = c1 + alongC, c3 = c2 + alongC
  if (sum) {
    accumulate(c, sum, s00, s01)
    sum += alongSum
    accumulate(c1, sum, s10, s11)
    sum += alongSum
    accumulate(c2, sum, s20, s21)
    sum += alongSum
    accumulate(c3, sum, s30, s31)
  } else {
    put(c, s00, s01)
    put(c1, s10, s11)
    put(c2, s20, s21)
    put(c3, s30, s31)
  }
}
