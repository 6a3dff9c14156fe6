/**
 * What `dist/node` has in the place of fflate, of `data/crc32.ts` and of the binaries' base64: the host's own zlib,
 * which is there at once and is faster. The binaries are kept deflated, a fifth as long, since V8 takes longer to read
 * their text than zlib to inflate it.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib'

export { crc32 } from 'node:zlib'

/** At most `most` bytes; throws at more, and at bytes that are damaged or end early. */
const inflate = (bytes: Uint8Array, most: number): Uint8Array<ArrayBuffer> => {
  const { buffer, byteOffset, length } = inflateRawSync(bytes, { chunkSize: Math.max(most, 64), maxOutputLength: most })
  return new Uint8Array(buffer, byteOffset, length)
}

/** fflate's, for at most as many bytes as `out` has. */
export const inflateSync = (bytes: Uint8Array, { out }: { readonly out: Uint8Array }): Uint8Array<ArrayBuffer> =>
  inflate(bytes, out.length)

/** A text in base64 as `decode` takes it. */
export const deflated = (base64: string): string =>
  deflateRawSync(Buffer.from(base64, 'base64'), { level: 9 }).toString('base64')

/** The bytes of a text that `deflated` gave. */
export const decode = (text: string): Uint8Array<ArrayBuffer> => inflate(Buffer.from(text, 'base64'), 2 ** 20)
