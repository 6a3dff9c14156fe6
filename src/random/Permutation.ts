/**
 * Seeded permutations without a generator: index i of 0..n-1 gets the 64-bit value with low word 2i and high word
 * 2i + 1 of the key's Philox stream 0 at `step`, and the indices are sorted by value, equal values by index.
 * The sort is a stable radix sort of eight 8-bit digits, so it costs O(n): about 15 ms for 60,000 indices.
 *
 * Law: the result holds every index exactly once. Fixed for ever, like the key.
 */
import type { Key } from './Key.js'
import { words } from './Philox.js'

const DIGITS = 256

/** One stable counting pass: `to` is `from` in the order of byte `digit` (0 = lowest) of the 64-bit values. */
const sortByDigit = (values: Uint32Array, digit: number, from: Int32Array, to: Int32Array): void => {
  const word = digit >> 2
  const shift = (digit & 3) << 3
  const next = new Uint32Array(DIGITS + 1)
  for (let r = 0; r < from.length; r++) {
    const d = ((values[2 * (from[r] as number) + word] as number) >>> shift) & 255
    next[d + 1] = (next[d + 1] as number) + 1
  }
  for (let d = 0; d < DIGITS; d++) next[d + 1] = (next[d + 1] as number) + (next[d] as number)
  for (let r = 0; r < from.length; r++) {
    const index = from[r] as number
    const d = ((values[2 * index + word] as number) >>> shift) & 255
    const place = next[d] as number
    to[place] = index
    next[d] = place + 1
  }
}

/**
 * The permutation of 0..n-1 that belongs to a key and a step (an epoch).
 *
 * @param key - from `keyOf`
 * @param step - an integer in [0, 2^53)
 * @param n - an integer in [0, 2^30)
 */
export const permutation = (key: Key, step: number, n: number): Int32Array => {
  const values = words(key, 0, step, 2 * n)
  let from = new Int32Array(n)
  for (let i = 0; i < n; i++) from[i] = i
  let to = new Int32Array(n)
  for (let digit = 0; digit < 8; digit++) {
    sortByDigit(values, digit, from, to)
    const sorted = to
    to = from
    from = sorted
  }
  return from
}
