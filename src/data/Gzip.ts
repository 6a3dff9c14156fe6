/**
 * Bytes that may be gzipped (the magic bytes 1f 8b decide), unpacked within a bound and checked: the trailer gives
 * the size before anything is unpacked, DEFLATE cannot expand more than 1032 times, and the CRC-32 must agree
 * (RFC 1951, RFC 1952). Files of several gzip members are refused.
 */
import { inflateSync } from 'fflate'
import * as E from '#fp/Either.js'
import { isBytes } from '../graph/settings.js'
import { crc32 } from './crc32.js'
import { type DataError, refuse } from './DataError.js'

/** The default bound on unpacked bytes: 1 GiB. */
export const defaultMaxBytes = 1_073_741_824

/** What every JavaScript engine still takes as one string (V8's limit is the lowest). */
const LONGEST_TEXT = 536_870_888

const MOST_EXPANSION = 1_032
const HEADER = 10
const TRAILER = 8
const SMALLEST = 18

/** Where the deflated bytes begin: after the header, an extra field, a name, a comment and a checksum, as its flags say. */
const headerEnd = (bytes: Uint8Array): number => {
  const [flags = 0, lowByte = 0, highByte = 0] = [bytes[3], bytes[HEADER], bytes[HEADER + 1]]
  let at = flags & 4 ? HEADER + 2 + lowByte + 256 * highByte : HEADER
  for (const text of [8, 16]) {
    if (!(flags & text)) continue
    const zero = bytes.indexOf(0, at)
    at = zero < 0 ? bytes.length : zero + 1
  }
  return flags & 2 ? at + 2 : at
}

/** Whether a member with the same size and checksum as the last one ends earlier: only its copy passes the checks. */
const hasTwin = (bytes: Uint8Array): boolean => {
  const end = bytes.length - TRAILER
  const twinAt = (next: number): boolean =>
    bytes[next + 1] === 0x8b && bytes.subarray(end).every((byte, i) => byte === bytes[next - TRAILER + i])
  for (let next = bytes.indexOf(0x1f, SMALLEST); next >= 0; next = bytes.indexOf(0x1f, next + 1)) {
    if (twinAt(next)) return true
  }
  return false
}

const damaged = (why: string): E.Either<DataError, never> =>
  refuse(`gzip: the file is truncated, damaged or made of several members (${why})`)

const tooLarge = (size: number, maxBytes: number): E.Either<DataError, never> =>
  refuse(`the data take ${size} bytes, but at most ${maxBytes} are allowed (maxBytes)`)

/** The bytes as they are, or unpacked when they are gzip; a `Left` beyond `maxBytes`, or when they are damaged. */
export const unpack = (bytes: Uint8Array, maxBytes: number = defaultMaxBytes): E.Either<DataError, Uint8Array> => {
  if (!isBytes(bytes)) return refuse('expected the bytes of a file, a Uint8Array')
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) {
    return bytes.length > maxBytes ? tooLarge(bytes.length, maxBytes) : E.right(bytes)
  }
  if (bytes.length < SMALLEST) return damaged(`it has only ${bytes.length} bytes`)
  const trailer = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - TRAILER)
  const size = trailer.getUint32(4, true)
  if (size > MOST_EXPANSION * bytes.length) return damaged('its size cannot be right')
  if (size > maxBytes) return tooLarge(size, maxBytes)
  const deflated = bytes.subarray(headerEnd(bytes), bytes.length - TRAILER)
  // one byte more shows a stream that is too long; the host may refuse so many
  const unpacked = E.tryCatch(() => inflateSync(deflated, { out: new Uint8Array(size + 1) }), String)
  if (E.isLeft(unpacked)) return damaged('it cannot be inflated')
  if (unpacked.right.length !== size || crc32(unpacked.right) !== trailer.getUint32(0, true)) {
    return damaged('its checksum differs')
  }
  return hasTwin(bytes) ? damaged('it has a second member') : E.right(unpacked.right)
}

/** UTF-8 text of bytes that may be gzipped; a byte order mark is dropped. */
export const unpackText = (bytes: Uint8Array, maxBytes?: number): E.Either<DataError, string> => {
  const unpacked = unpack(bytes, maxBytes)
  if (E.isLeft(unpacked)) return unpacked
  if (unpacked.right.length > LONGEST_TEXT) return tooLarge(unpacked.right.length, LONGEST_TEXT)
  const text = E.tryCatch(() => new TextDecoder().decode(unpacked.right), String)
  return E.isLeft(text) ? refuse(`the text cannot be read (${text.left})`) : text
}
