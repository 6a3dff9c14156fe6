/** The small module that the tests build. */

/** Adds n floats to n others, `bias` times over. */
export const sum = (bias = 1): string => `
import { add_f32, mul_f32 } from './elementwise'
import { storeLanes } from './tail'

@external('core', 'seven') declare function seven(): i32

export function sum(a: usize, b: usize, to: usize, n: usize): void {
  const whole = (n & ~3) << 2
  let c: usize = 0
  for (; c < whole; c += 16) v128.store(to + c, mul_f32(add_f32(v128.load(a + c), v128.load(b + c)), f32x4.splat(${bias})))
  if (n & 3) storeLanes(to + c, mul_f32(add_f32(v128.load(a + c), v128.load(b + c)), f32x4.splat(${bias})), n & 3)
}

export function six(): i32 { return seven() - 1 }
`
