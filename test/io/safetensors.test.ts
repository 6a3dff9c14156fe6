import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { decode, encode, type Stored, type StoredTensor } from '../../src/io/safetensors.js'
import { assertBits, expectLeft, expectRight } from '../support/assert.js'

const test = suite('safetensors')

/** A file by the format's description: length, header, data. */
const file = (header: unknown, data: readonly number[] = [], length?: bigint): Uint8Array => {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header))
  const bytes = new Uint8Array(8 + text.length + data.length)
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(text.length), true)
  bytes.set(text, 8)
  bytes.set(data, 8 + text.length)
  return bytes
}
const refused = (bytes: Uint8Array, words: RegExp) => {
  const left = expectLeft(decode(bytes))
  assert.is(left._tag, 'FileError')
  assert.match(left.message, words)
}

// --- the format -----------------------------------------------------------------------------------------------------
const one = [0x00, 0x00, 0x80, 0x3f]
const minusTwo = [0x00, 0x00, 0x00, 0xc0]

test('reads a file written by hand, entries in any order, with spaces behind the header', () => {
  const header = {
    b: { dtype: 'I32', shape: [], data_offsets: [8, 12] },
    a: { dtype: 'F32', shape: [2, 1], data_offsets: [0, 8] },
    none: { dtype: 'F64', shape: [0, 3], data_offsets: [12, 12] },
    __metadata__: { format: 'pt' },
  }
  const { tensors, metadata } = expectRight(
    decode(file(`${JSON.stringify(header)}   `, [...one, ...minusTwo, 7, 0, 0, 0])),
  )
  assert.equal(metadata, { format: 'pt' })
  assert.equal(
    tensors.map(x => [x.name, x.dtype, x.shape, [...x.bytes]]),
    [
      ['a', 'F32', [2, 1], [...one, ...minusTwo]],
      ['b', 'I32', [], [7, 0, 0, 0]],
      ['none', 'F64', [0, 3], []],
    ],
  )
})

test('reads the smallest file', () => {
  assert.equal(expectRight(decode(file('{}'))), { tensors: [], metadata: {} })
})

test('writes the length in eight bytes, a header that is a multiple of eight, and the data in order', () => {
  const bytes = encode({
    tensors: [
      { name: 'w', dtype: 'F32', shape: [2], bytes: Uint8Array.from([...one, ...minusTwo]) },
      { name: 'a', dtype: 'I32', shape: [1], bytes: Uint8Array.of(1, 2, 3, 4) },
    ],
    metadata: { format: 'pt' },
  })
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true))
  assert.is(length % 8, 0)
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)))
  assert.equal(header.w, { dtype: 'F32', shape: [2], data_offsets: [0, 8] })
  assert.equal(header.a, { dtype: 'I32', shape: [1], data_offsets: [8, 12] })
  assert.is(header.__metadata__.format, 'pt')
  assert.match(header.__metadata__.sha256, /^[0-9a-f]{64}$/)
  assert.equal([...bytes.subarray(8 + length)], [...one, ...minusTwo, 1, 2, 3, 4])
})

// --- laws -----------------------------------------------------------------------------------------------------------
const widths = { F32: 4, F64: 8, I32: 4 } as const
const text = fc.string({ unit: 'binary' }).map(s => s.replace(/\p{Surrogate}/gu, '?'))
const name = fc.oneof(text, fc.constantFrom('__proto__', 'constructor', 'toString', '0', '1', 'a/b', 'é', '', '"'))
const tensor: fc.Arbitrary<StoredTensor> = fc
  .tuple(name, fc.constantFrom('F32', 'F64', 'I32'), fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }))
  .chain(([called, dtype, shape]) => {
    const size = shape.reduce((a, b) => a * b, widths[dtype])
    return fc
      .uint8Array({ minLength: size, maxLength: size })
      .map(bytes => ({ name: called, dtype, shape, bytes: Uint8Array.from(bytes) }))
  })
const stored: fc.Arbitrary<Stored> = fc.record({
  tensors: fc
    .uniqueArray(tensor, { selector: x => x.name, maxLength: 6 })
    .filter(all => all.every(x => x.name !== '__metadata__')),
  metadata: fc
    .array(fc.tuple(name, text), { maxLength: 4 })
    .map(entries => Object.fromEntries(entries.filter(([key]) => key !== 'sha256'))),
})

test('decode . encode = id, in order, under any names', () => {
  fc.assert(
    fc.property(stored, x => {
      const { tensors, metadata } = expectRight(decode(encode(x)))
      assert.equal(Object.entries(metadata).sort(), Object.entries(x.metadata).sort())
      assert.equal(
        tensors.map(t => [t.name, t.dtype, t.shape]),
        x.tensors.map(t => [t.name, t.dtype, t.shape]),
      )
      tensors.forEach((t, i) => {
        assertBits(t.bytes, (x.tensors[i] as StoredTensor).bytes)
      })
    }),
  )
})

test('any changed byte of what was written here is found, or leaves the file as it was', () => {
  fc.assert(
    fc.property(stored, fc.nat(), fc.integer({ min: 1, max: 255 }), (x, at, by) => {
      const bytes = encode({ ...x, metadata: { ...x.metadata, gradus: 'test' } })
      const i = at % bytes.length
      bytes[i] = (bytes[i] as number) ^ by
      assert.is(expectLeft(decode(bytes))._tag, 'FileError')
    }),
    { numRuns: 300 },
  )
})

test('noise, and noise in the place of the header, is refused or read, without an exception', () => {
  const json = fc.oneof(
    fc.json(),
    fc.json().map(j => `{"a":${j}}`),
    fc.json().map(j => `{"__metadata__":${j}}`),
  )
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), noise => void decode(noise)))
  fc.assert(
    fc.property(json, fc.array(fc.nat(255), { maxLength: 16 }), (header, data) => void decode(file(header, data))),
  )
  const entry = fc.record({ dtype: fc.jsonValue(), shape: fc.jsonValue(), data_offsets: fc.jsonValue() })
  fc.assert(fc.property(fc.dictionary(fc.string(), entry), header => void decode(file(header, one))))
})

// --- what is refused ------------------------------------------------------------------------------------------------
const f32 = (shape: readonly unknown[], from: unknown, to: unknown) => ({
  dtype: 'F32',
  shape,
  data_offsets: [from, to],
})

test('lengths of the header that cannot be', () => {
  refused(new Uint8Array(7), /7 bytes/)
  refused(file('{}', [], 3n), /truncated/)
  for (const length of [2n ** 32n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 32n + 2n, 2n ** 31n])
    refused(file('{}', [], length), /long/)
  refused(file('', [], 0n), /JSON/)
})

test('headers that are none', () => {
  for (const header of ['[]', 'null', '{', '{}\n', ' {}', '\ufeff{}', '{}}', '{"a":1}{}', 'x', '"{}"'])
    refused(file(header), /JSON|valid/)
  refused(file({ a: 1 }), /"a"/)
  refused(file({ __metadata__: { a: 1 } }), /metadata/)
  refused(file({ __metadata__: 'x' }), /metadata/)
  refused(Uint8Array.from([...file('').subarray(0, 0), 2, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0xff]), /JSON/)
  const nested = `{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4],"x":${'['.repeat(100_000)}${']'.repeat(100_000)}},"__metadata__":{"sha256":"0"}}`
  refused(file(nested, one), /SHA-256/)
})

test('shapes and offsets that do not fit', () => {
  refused(file({ a: f32([1], 0, 8) }, one), /"a".*8/)
  refused(file({ a: f32([2], 0, 4) }, one), /\[2\]/)
  refused(file({ a: f32([1], 4, 0) }, one), /"a"/)
  refused(file({ a: f32([1], -4, 0) }, one), /"a"/)
  refused(file({ a: f32([1], 0.5, 4.5) }, [...one, 0]), /"a"/)
  refused(file({ a: f32([-1, -1], 0, 4) }, one), /"a"/)
  refused(file({ a: f32(['1'], 0, 4) }, one), /"a"/)
  refused(file({ a: f32([2 ** 31, 2 ** 31], 0, 4) }, one), /"a"/)
  refused(file({ a: { ...f32([1], 0, 4), dtype: 'BF16' } }, one), /"a"/)
  refused(file({ a: { ...f32([1], 0, 4), dtype: 'toString' } }, one), /"a"/)
})

test('tensors that overlap or leave a gap', () => {
  refused(file({ a: f32([1], 0, 4) }, [...one, ...one]), /4 bytes.*8/)
  refused(file({ a: f32([1], 4, 8) }, [...one, ...one]), /"a".*4/)
  refused(file({ a: f32([1], 0, 4), b: f32([1], 0, 4) }, [...one, ...one]), /"b"/)
  refused(file({ a: f32([2], 0, 8), b: f32([2], 4, 12) }, [...one, ...one, ...one]), /"b"/)
})

test('a wrong hash, and none in a file of gradus', () => {
  refused(file({ __metadata__: { sha256: '00' } }), /SHA-256/)
  refused(file({ __metadata__: { gradus: 'state' } }), /SHA-256 is missing/)
})

test.run()
