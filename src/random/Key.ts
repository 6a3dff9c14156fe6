/**
 * Keys of the counter-based random numbers. Fixed for ever:
 *
 *     key(seed, path, purpose) = the first 8 bytes of SHA-256(UTF-8(RFC 8785([seed, path, purpose])))
 *
 * read as two little-endian 32-bit words, the low word first. Whoever draws names what it is (the path of a layer,
 * `data`) and what for (`init`, `train`, `order`, `split`), so no two users share a stream and none depends on another.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import canonicalize from 'canonicalize'

/** A 64-bit key as two unsigned 32-bit words, the low one first. */
export type Key = readonly [number, number]

/** Whether a number can seed a run: an integer that a float64 holds exactly. */
export const isSeed = (seed: number): boolean => Number.isSafeInteger(seed)

/**
 * The key of one random stream.
 *
 * @param seed - an integer for which `isSeed` holds (callers check: canonical JSON has no NaN)
 * @param path - who draws: a parameter's or a layer's path, in well-formed Unicode
 * @param purpose - what for
 */
export const keyOf = (seed: number, path: string, purpose: string): Key => {
  const digest = sha256(new TextEncoder().encode(canonicalize([seed, path, purpose])))
  const words = new DataView(digest.buffer, digest.byteOffset)
  return [words.getUint32(0, true), words.getUint32(4, true)]
}
