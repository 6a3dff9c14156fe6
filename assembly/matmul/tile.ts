// The tile of matmul at C's edges and, in place, at a sliver's top: ROWS (1 to 4) rows by COLUMNS (8 or 4) columns of
// C over one chunk of k, in registers. Both panels take 32 bytes a k, so that one running index serves them; the
// constants are folded and the calls inlined (V8 unrolls the loop further the deeper it is nested). The rest of C goes
// through `four`.
import { multiplyAdd } from '../multiply-add'


// @ts-ignore: decorator
@inline
function put(at: usize, value: v128, offset: usize, add: bool): void {
  v128.store(at + offset, add ? f32x4.add(v128.load(at + offset), value) : value)
}

/**
 * C[ROWS x COLUMNS] at `c` (row stride `alongC` bytes) = or += the chunk's sum; `length` is 32 bytes a k, not 0.
 * With IN_PLACE, B is read row by row at `from` and packed to `b` on the way: the arithmetic hides the cache misses.
 */
// @ts-ignore: decorator
@inline
export function tile(
  ROWS: i32, COLUMNS: i32, a: usize, b: usize, length: usize, c: usize, alongC: usize, add: bool,
  IN_PLACE: i32, from: usize, alongFrom: usize,
): void {
  let s00 = f32x4.splat(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00
  a += length
  b += length
  let i: usize = 0 - length
  do {
    const b0 = IN_PLACE ? v128.load(from) : v128.load(b + i)
    const b1 = COLUMNS > 4 ? IN_PLACE ? v128.load(from, 16) : v128.load(b + i, 16) : b0
    if (IN_PLACE) {
      v128.store(b + i, b0)
      v128.store(b + i, b1, 16)
      from += alongFrom
    }
    const a0 = v128.load32_splat(a + i)
    s00 = multiplyAdd(s00, a0, b0)
    if (COLUMNS > 4) s01 = multiplyAdd(s01, a0, b1)
    if (ROWS > 1) {
      const a1 = v128.load32_splat(a + i, 4)
      s10 = multiplyAdd(s10, a1, b0)
      if (COLUMNS > 4) s11 = multiplyAdd(s11, a1, b1)
    }
    if (ROWS > 2) {
      const a2 = v128.load32_splat(a + i, 8)
      s20 = multiplyAdd(s20, a2, b0)
      if (COLUMNS > 4) s21 = multiplyAdd(s21, a2, b1)
    }
    if (ROWS > 3) {
      const a3 = v128.load32_splat(a + i, 12)
      s30 = multiplyAdd(s30, a3, b0)
      if (COLUMNS > 4) s31 = multiplyAdd(s31, a3, b1)
    }
    i += 32
  } while (i)
  put(c, s00, 0, add)
  if (COLUMNS > 4) put(c, s01, 16, add)
  if (ROWS > 1) {
    c += alongC
    put(c, s10, 0, add)
    if (COLUMNS > 4) put(c, s11, 16, add)
  }
  if (ROWS > 2) {
    c += alongC
    put(c, s20, 0, add)
    if (COLUMNS > 4) put(c, s21, 16, add)
  }
  if (ROWS > 3) {
    c += alongC
    put(c, s30, 0, add)
    if (COLUMNS > 4) put(c, s31, 16, add)
  }
}
