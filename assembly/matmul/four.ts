// The micro-kernel that does nearly all of matmul's work: four rows by eight columns of C over one chunk of k. A k is
// six loads and sixteen operations, which AMD's Zen 4 can do in four cycles; as it issues six instructions a cycle,
// that leaves room for two more: A's step and the test. One or two above that cost half a cycle. Hence:
// - Four k's are written out, so that V8's interrupt check comes once for them. The test after each also keeps V8 from
//   loading several k's ahead, for which it has no registers.
// - B's pointer takes its step once in four k's, before their first: as an address V8 widens a loop's variable to 64
//   bits by an instruction of its own, but not a sum just made. A's steps with every k: V8 folds no offset into a
//   splatting load.
// - It is a function of its own: within a larger one V8 reloads addresses in the loop. (The compiler inlines what is
//   called from one place only.)

// @ts-ignore: decorator
@inline
function multiplyAdd(sum: v128, a: v128, b: v128): v128 {
  return f32x4.add(sum, f32x4.mul(a, b))
}

// @ts-ignore: decorator
@inline
function accumulate(to: usize, left: v128, right: v128): void {
  v128.store(to, f32x4.add(v128.load(to), left))
  v128.store(to, f32x4.add(v128.load(to, 16), right), 16)
}

// @ts-ignore: decorator
@inline
function put(to: usize, left: v128, right: v128): void {
  v128.store(to, left)
  v128.store(to, right, 16)
}

/**
 * C[4 x 8] at `c` (row stride `alongC` bytes) = or += the chunk's sum, from panels of A and B that take 32 bytes a k;
 * `length` is a panel's bytes, not 0.
 */
export function four(a: usize, b: usize, length: usize, c: usize, alongC: usize, add: bool): void {
  let s00 = f32x4.splat(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00
  let a0 = s00, a1 = s00, a2 = s00, a3 = s00, b0 = s00, b1 = s00
  const end = a + length
  b -= 128
  do {
    b += 128
    b0 = v128.load(b), b1 = v128.load(b, 16)
    a0 = v128.load32_splat(a), a1 = v128.load32_splat(a, 4), a2 = v128.load32_splat(a, 8), a3 = v128.load32_splat(a, 12)
    s00 = multiplyAdd(s00, a0, b0), s01 = multiplyAdd(s01, a0, b1)
    s10 = multiplyAdd(s10, a1, b0), s11 = multiplyAdd(s11, a1, b1)
    s20 = multiplyAdd(s20, a2, b0), s21 = multiplyAdd(s21, a2, b1)
    s30 = multiplyAdd(s30, a3, b0), s31 = multiplyAdd(s31, a3, b1)
    a += 32
    if (a == end) break

    b0 = v128.load(b, 32), b1 = v128.load(b, 48)
    a0 = v128.load32_splat(a), a1 = v128.load32_splat(a, 4), a2 = v128.load32_splat(a, 8), a3 = v128.load32_splat(a, 12)
    s00 = multiplyAdd(s00, a0, b0), s01 = multiplyAdd(s01, a0, b1)
    s10 = multiplyAdd(s10, a1, b0), s11 = multiplyAdd(s11, a1, b1)
    s20 = multiplyAdd(s20, a2, b0), s21 = multiplyAdd(s21, a2, b1)
    s30 = multiplyAdd(s30, a3, b0), s31 = multiplyAdd(s31, a3, b1)
    a += 32
    if (a == end) break

    b0 = v128.load(b, 64), b1 = v128.load(b, 80)
    a0 = v128.load32_splat(a), a1 = v128.load32_splat(a, 4), a2 = v128.load32_splat(a, 8), a3 = v128.load32_splat(a, 12)
    s00 = multiplyAdd(s00, a0, b0), s01 = multiplyAdd(s01, a0, b1)
    s10 = multiplyAdd(s10, a1, b0), s11 = multiplyAdd(s11, a1, b1)
    s20 = multiplyAdd(s20, a2, b0), s21 = multiplyAdd(s21, a2, b1)
    s30 = multiplyAdd(s30, a3, b0), s31 = multiplyAdd(s31, a3, b1)
    a += 32
    if (a == end) break

    b0 = v128.load(b, 96), b1 = v128.load(b, 112)
    a0 = v128.load32_splat(a), a1 = v128.load32_splat(a, 4), a2 = v128.load32_splat(a, 8), a3 = v128.load32_splat(a, 12)
    s00 = multiplyAdd(s00, a0, b0), s01 = multiplyAdd(s01, a0, b1)
    s10 = multiplyAdd(s10, a1, b0), s11 = multiplyAdd(s11, a1, b1)
    s20 = multiplyAdd(s20, a2, b0), s21 = multiplyAdd(s21, a2, b1)
    s30 = multiplyAdd(s30, a3, b0), s31 = multiplyAdd(s31, a3, b1)
    a += 32
  } while (a != end)
  const c1 = c + alongC, c2 = c1 + alongC, c3 = c2 + alongC
  if (add) {
    accumulate(c, s00, s01)
    accumulate(c1, s10, s11)
    accumulate(c2, s20, s21)
    accumulate(c3, s30, s31)
  } else {
    put(c, s00, s01)
    put(c1, s10, s11)
    put(c2, s20, s21)
    put(c3, s30, s31)
  }
}
