// matmul for one row of A and a B whose columns are contiguous: y = x B as dot products, eight columns at once. Four
// k's of four columns are transposed in registers, so that each lane sums one column, in the same order as by the
// tiles.
import { multiplyAdd } from '../multiply-add'
import { CHUNK } from './chunk'

/** sum + the four lanes of `x` (one k each) times four columns' next four k's, k by k. */
// @ts-ignore: decorator
@inline
function fourKs(sum: v128, x: v128, p0: usize, p1: usize, p2: usize, p3: usize): v128 {
  const r0 = v128.load(p0), r1 = v128.load(p1), r2 = v128.load(p2), r3 = v128.load(p3)
  const a = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), b = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5)
  const c = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7), d = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7)
  sum = multiplyAdd(sum, v128.shuffle<f32>(x, x, 0, 0, 0, 0), v128.shuffle<f64>(a, b, 0, 2))
  sum = multiplyAdd(sum, v128.shuffle<f32>(x, x, 1, 1, 1, 1), v128.shuffle<f64>(a, b, 1, 3))
  sum = multiplyAdd(sum, v128.shuffle<f32>(x, x, 2, 2, 2, 2), v128.shuffle<f64>(c, d, 0, 2))
  return multiplyAdd(sum, v128.shuffle<f32>(x, x, 3, 3, 3, 3), v128.shuffle<f64>(c, d, 1, 3))
}

/** The same for one k, in all lanes of `x`. */
// @ts-ignore: decorator
@inline
function oneK(sum: v128, x: v128, p0: usize, p1: usize, p2: usize, p3: usize): v128 {
  const b = v128.load32_lane(p3, v128.load32_lane(p2, v128.load32_lane(p1, v128.load32_zero(p0), 1), 2), 3)
  return multiplyAdd(sum, x, b)
}

/** y[n] = sum_k x[k] b[k, n] with x and b's columns contiguous, those `alongBn` bytes apart; n and k at least 1. */
export function dots(x: usize, b: usize, alongBn: usize, y: usize, n: u32, k: u32): void {
  const last = b + alongBn * (n - 1), spread = alongBn << 2
  for (; n != 0; n -= min(n, 8), y += 32) {
    let total0 = f32x4.splat(0), total1 = total0, at = x
    let p0 = b, p1 = min(b + alongBn, last), p2 = min(b + 2 * alongBn, last), p3 = min(b + 3 * alongBn, last)
    b += spread
    let q0 = min(b, last), q1 = min(b + alongBn, last), q2 = min(b + 2 * alongBn, last), q3 = min(b + 3 * alongBn, last)
    b += spread
    for (let left = k; left != 0;) {
      const depth = min(CHUNK, left), vectorEnd = at + ((depth & ~3) << 2), end = at + (depth << 2)
      let sum0 = f32x4.splat(0), sum1 = sum0
      for (; at != vectorEnd; at += 16) {
        const xs = v128.load(at)
        sum0 = fourKs(sum0, xs, p0, p1, p2, p3)
        sum1 = fourKs(sum1, xs, q0, q1, q2, q3)
        p0 += 16, p1 += 16, p2 += 16, p3 += 16
        q0 += 16, q1 += 16, q2 += 16, q3 += 16
      }
      for (; at != end; at += 4) {
        const xs = v128.load32_splat(at)
        sum0 = oneK(sum0, xs, p0, p1, p2, p3)
        sum1 = oneK(sum1, xs, q0, q1, q2, q3)
        p0 += 4, p1 += 4, p2 += 4, p3 += 4
        q0 += 4, q1 += 4, q2 += 4, q3 += 4
      }
      total0 = left == k ? sum0 : f32x4.add(total0, sum0)
      total1 = left == k ? sum1 : f32x4.add(total1, sum1)
      left -= depth
    }
    if (n > 7) {
      v128.store(y, total0)
      v128.store(y, total1, 16)
      continue
    }
    if (n > 3) v128.store(y, total0)
    let rest = n > 3 ? total1 : total0, to = n > 3 ? y + 16 : y
    for (let i = n & 3; i != 0; i--, to += 4) {
      store<f32>(to, f32x4.extract_lane(rest, 0))
      rest = v128.shuffle<f32>(rest, rest, 1, 2, 3, 0)
    }
  }
}
