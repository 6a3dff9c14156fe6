/**
 * The safetensors format (Hugging Face), so that saved weights open elsewhere too: eight bytes with the header's length
 * (little-endian), the header as JSON, `{ name: { dtype, shape, data_offsets }, "__metadata__": { key: text } }`, then
 * the tensors one after another.
 *
 * Files written here carry a SHA-256 of header and data in their metadata, so that one changed byte is found. Decoding
 * trusts nothing: lengths, offsets, sizes and, if it is there, the hash are checked, and whatever is wrong is a `Left`;
 * a file of gradus without its hash is wrong too. Law: decode . encode = id.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import canonicalize from 'canonicalize'
import * as E from '#fp/Either.js'
import * as t from '#io/index.js'
import { isBytes } from '../graph/settings.js'
import { type FileError, fileError } from './FileError.js'

export type StoredDType = 'F32' | 'F64' | 'I32'

export interface StoredTensor {
  readonly name: string
  readonly dtype: StoredDType
  readonly shape: readonly number[]
  /** little-endian, row-major */
  readonly bytes: Uint8Array
}

export interface Stored {
  readonly tensors: readonly StoredTensor[]
  readonly metadata: Readonly<Record<string, string>>
}

const widths: Readonly<Record<StoredDType, number>> = { F32: 4, F64: 8, I32: 4 }
const maxHeaderBytes = 64 * 1048576
const metadataKey = '__metadata__'
const hashKey = 'sha256'

const Entry = t.type({
  dtype: t.keyof({ F32: null, F64: null, I32: null }),
  shape: t.readonlyArray(t.number),
  data_offsets: t.tuple([t.number, t.number]),
})
type Entry = t.TypeOf<typeof Entry>
const Metadata = t.record(t.string, t.string)

const isSize = (n: number): boolean => Number.isSafeInteger(n) && n >= 0

type Entries = Readonly<Record<string, Entry>>

/** Of the entries, the metadata without the hash, and the data. */
const digest = (entries: Entries, metadata: Stored['metadata'], data: Uint8Array): string =>
  bytesToHex(sha256(concatBytes(utf8ToBytes(canonicalize([entries, metadata]) ?? ''), data)))

/** The file's bytes. Names must differ and must not be `__metadata__`, a key of the metadata must not be `sha256`. */
export const encode = ({ tensors, metadata }: Stored): Uint8Array<ArrayBuffer> => {
  let at = 0
  const entries: Entries = Object.fromEntries(
    tensors.map(({ name, dtype, shape, bytes }) => {
      const from = at
      at += bytes.length
      return [name, { dtype, shape, data_offsets: [from, at] }]
    }),
  )
  const data = concatBytes(...tensors.map(x => x.bytes))
  const hash = digest(entries, metadata, data)
  const header = utf8ToBytes(canonicalize({ ...entries, [metadataKey]: { ...metadata, [hashKey]: hash } }) ?? '')
  const text = new Uint8Array(Math.ceil(header.length / 8) * 8).fill(0x20)
  text.set(header)
  const length = new Uint8Array(8)
  new DataView(length.buffer).setUint32(0, text.length, true)
  return Uint8Array.from(concatBytes(length, text, data))
}

const [space, open, close] = [0x20, 0x7b, 0x7d]

/** The header begins with a brace, and nothing but spaces follows its end. */
const parse = (text: Uint8Array): E.Either<FileError, unknown> => {
  const end = text.findLastIndex(byte => byte !== space)
  return text[0] === open && text[end] === close
    ? E.tryCatch(() => JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(text)) as unknown, notJson)
    : E.left(notJson())
}

const notJson = (): FileError => fileError('the header is not JSON: the file is damaged or not a safetensors file')

const readHeader = (
  bytes: Uint8Array,
): E.Either<FileError, { readonly header: unknown; readonly data: Uint8Array }> => {
  if (!isBytes(bytes)) return E.left(fileError('expected the bytes of a file, a Uint8Array'))
  if (bytes.length < 8)
    return E.left(fileError(`the file has ${bytes.length} bytes, fewer than its header's length takes`))
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length = view.getUint32(0, true)
  if (view.getUint32(4, true) !== 0 || length > maxHeaderBytes)
    return E.left(fileError('the header is too long: the file is damaged or not a safetensors file'))
  if (8 + length > bytes.length)
    return E.left(
      fileError(`the header takes ${length} bytes, but only ${bytes.length - 8} follow: the file is truncated`),
    )
  return E.map((header: unknown) => ({ header, data: bytes.subarray(8 + length) }))(
    parse(bytes.subarray(8, 8 + length)),
  )
}

interface Found {
  readonly from: number
  readonly tensor: StoredTensor
}

const readTensor = (name: string, entry: unknown, data: Uint8Array): E.Either<FileError, Found> => {
  const decoded = Entry.decode(entry)
  if (E.isLeft(decoded)) return E.left(fileError(`tensor "${name}": its entry in the header is not valid`))
  const { dtype, shape, data_offsets } = decoded.right
  const [from, to] = data_offsets
  if (![from, to, ...shape].every(isSize) || shape.length > 8 || from > to)
    return E.left(fileError(`tensor "${name}": its shape or offsets are not valid`))
  if (to > data.length)
    return E.left(
      fileError(`tensor "${name}" ends at byte ${to}, but the data has ${data.length}: the file is truncated`),
    )
  const size = shape.reduce((n, d) => n * d, widths[dtype])
  return to - from === size
    ? E.right({ from, tensor: { name, dtype, shape, bytes: data.slice(from, to) } })
    : E.left(fileError(`tensor "${name}": ${to - from} bytes do not fill ${dtype}[${shape.join(', ')}]`))
}

/** What the file holds, or the first thing that is wrong with it. */
export const decode = (bytes: Uint8Array): E.Either<FileError, Stored> => {
  const read = readHeader(bytes)
  if (E.isLeft(read)) return read
  const { header, data } = read.right
  const table = t.UnknownRecord.decode(header)
  if (E.isLeft(table)) return E.left(fileError('the header is not an object: the file is damaged'))
  const { [metadataKey]: about = {}, ...entries } = table.right
  const metadata = Metadata.decode(about)
  if (E.isLeft(metadata)) return E.left(fileError('the metadata are not texts: the file is damaged'))
  const found: Found[] = []
  for (const [name, entry] of Object.entries(entries)) {
    const read = readTensor(name, entry, data)
    if (E.isLeft(read)) return read
    found.push(read.right)
  }
  found.sort((a, b) => a.from - b.from || a.tensor.bytes.length - b.tensor.bytes.length)
  let at = 0
  for (const { from, tensor } of found) {
    if (from !== at)
      return E.left(fileError(`tensor "${tensor.name}" begins at byte ${from}, not at ${at}: the file is damaged`))
    at += tensor.bytes.length
  }
  if (at !== data.length)
    return E.left(fileError(`the tensors take ${at} bytes, but ${data.length} are there: the file is damaged`))
  return checkHash(found, metadata.right, data)
}

const checkHash = (
  found: readonly Found[],
  { [hashKey]: hash, ...metadata }: Stored['metadata'],
  data: Uint8Array,
): E.Either<FileError, Stored> => {
  const stored = { tensors: found.map(f => f.tensor), metadata }
  if (hash === undefined)
    return Object.hasOwn(metadata, 'gradus')
      ? E.left(fileError('the SHA-256 is missing: the file is damaged'))
      : E.right(stored)
  const entries = found.map(({ from, tensor: { name, dtype, shape, bytes } }) => {
    const entry: Entry = { dtype, shape, data_offsets: [from, from + bytes.length] }
    return [name, entry] as const
  })
  return hash === digest(Object.fromEntries(entries), metadata, data)
    ? E.right(stored)
    : E.left(fileError('the SHA-256 does not match: the file is damaged'))
}
