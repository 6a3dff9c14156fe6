/**
 * Philox4x32-10: a bijection of 128-bit counters under a 64-bit key, ten rounds of
 *
 *     (c0, c1, c2, c3) -> (hi(M1 c2) ^ c1 ^ k0, lo(M1 c2), hi(M0 c0) ^ c3 ^ k1, lo(M0 c0))
 *
 * with (k0, k1) raised by (W0, W1) after each. Here the counter of a block is (element >> 2, stream, step mod 2^32,
 * step div 2^32), and element e is word e & 3 of its block: any draw of any step is computed alone, in any order.
 *
 * Source: Salmon, Moraes, Dror, Shaw, Parallel random numbers: as easy as 1, 2, 3 (SC11); Random123's known answers.
 */
import type { Key } from './Key.js'

/** Four unsigned 32-bit words. */
export type Words = readonly [number, number, number, number]

const M0 = 0xd2511f53
const M1 = 0xcd9e8d57
const W0 = 0x9e3779b9
const W1 = 0xbb67ae85
const ROUNDS = 10
const TWO_32 = 4_294_967_296

/** The high word of a 32x32-bit product, from 16-bit halves: all of it 32-bit integers, which engines hold in place. */
const mulHigh = (a: number, b: number): number => {
  const aLow = a & 0xffff
  const aHigh = a >>> 16
  const bLow = b & 0xffff
  const bHigh = b >>> 16
  const middle = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) | 0
  const other = (Math.imul(aLow, bHigh) + (middle & 0xffff)) | 0
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (other >>> 16)) | 0
}

/** Writes the four words of one counter to `out[at..at + 3]`. */
const blockInto = (out: Uint32Array, at: number, key: Key, a: number, b: number, c: number, d: number): void => {
  let k0 = key[0] | 0
  let k1 = key[1] | 0
  let c0 = a | 0
  let c1 = b | 0
  let c2 = c | 0
  let c3 = d | 0
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = mulHigh(M0, c0)
    const low0 = Math.imul(M0, c0)
    const high1 = mulHigh(M1, c2)
    const low1 = Math.imul(M1, c2)
    c0 = high1 ^ c1 ^ k0
    c1 = low1
    c2 = high0 ^ c3 ^ k1
    c3 = low0
    k0 = (k0 + W0) | 0
    k1 = (k1 + W1) | 0
  }
  out[at] = c0
  out[at + 1] = c1
  out[at + 2] = c2
  out[at + 3] = c3
}

/** The block of one counter: the raw function of the paper. */
export const block = (key: Key, counter: Words): Words => {
  const out = new Uint32Array(4)
  blockInto(out, 0, key, ...counter)
  const [a = 0, b = 0, c = 0, d = 0] = out
  return [a, b, c, d]
}

/**
 * Elements 0 to n - 1 of a stream at a step.
 *
 * @param key - the stream's key, from `keyOf`
 * @param stream - tells apart several streams under one key; an unsigned 32-bit word
 * @param step - an integer in [0, 2^53)
 * @param n - how many 32-bit words
 */
export const words = (key: Key, stream: number, step: number, n: number): Uint32Array => {
  const out = new Uint32Array((n + 3) & ~3)
  const low = step >>> 0
  const high = (step / TWO_32) >>> 0
  for (let at = 0; at < n; at += 4) blockInto(out, at, key, at >>> 2, stream, low, high)
  return out.subarray(0, n)
}
