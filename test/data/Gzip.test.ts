import * as zlib from 'node:zlib'
import fc from 'fast-check'
import * as fflate from 'fflate'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { inflateSync } from '../../src/cli/inflate.js'
import { crc32 } from '../../src/data/crc32.js'
import { unpack, unpackText } from '../../src/data/Gzip.js'
import { assertBits, expectLeft, expectRight } from '../support/assert.js'

const test = suite('Gzip')

const bytes = fc.uint8Array({ maxLength: 500 })

test('crc32 has the check value of its standard', () => {
  assert.is(crc32(new TextEncoder().encode('123456789')), 0xcbf43926)
  fc.assert(fc.property(bytes, b => assert.is(crc32(b), zlib.crc32(b))))
})

test('unpack . gzip = id, and plain bytes stay as they are', () => {
  fc.assert(
    fc.property(bytes, b => {
      assertBits(expectRight(unpack(new Uint8Array(zlib.gzipSync(b)))), b)
      fc.pre(b[0] !== 0x1f)
      assertBits(expectRight(unpack(b)), b)
    }),
  )
})

test('a header may hold more: an extra field, a name, a comment, a checksum', () => {
  const text = fc.uint8Array({ min: 1, maxLength: 9 })
  fc.assert(
    fc.property(bytes, fc.integer({ min: 0, max: 15 }), text, text, (b, which, extra, name) => {
      const packed = zlib.gzipSync(b)
      const more = [
        ...(which & 1 ? [extra.length, 0, ...extra] : []),
        ...(which & 2 ? [...name, 0] : []),
        ...(which & 4 ? [...name, 0] : []),
      ]
      const flags = (which & 1 ? 4 : 0) | (which & 2 ? 8 : 0) | (which & 4 ? 16 : 0) | (which & 8 ? 2 : 0)
      const head = Uint8Array.of(...packed.subarray(0, 3), flags, ...packed.subarray(4, 10), ...more)
      const checksum = new Uint8Array(Uint16Array.of(zlib.crc32(head) & 0xffff).buffer)
      const file = Uint8Array.of(...head, ...(which & 8 ? checksum : []), ...packed.subarray(10))
      assertBits(Uint8Array.from(zlib.gunzipSync(file)), b)
      assertBits(expectRight(unpack(file)), b)
    }),
  )
})

test('a byte changed or cut off is noticed', () => {
  const packed = new Uint8Array(zlib.gzipSync('3.14159,2.71828,0\n'.repeat(9)))
  for (let length = 2; length < packed.length; length++) expectLeft(unpack(packed.slice(0, length)))
  const original = expectRight(unpack(packed))
  for (let i = 10; i < packed.length; i++) {
    const changed = packed.slice()
    changed[i] = (packed[i] ?? 0) ^ 0x10
    const result = unpack(changed)
    if (result._tag === 'Right') assertBits(result.right, original)
  }
  assert.match(expectLeft(unpack(new Uint8Array([...packed, ...packed]))).message, /several members/)
})

test('a bomb is refused before it unpacks', () => {
  const bomb = new Uint8Array(zlib.gzipSync(new Uint8Array(10_000_000)))
  assert.match(expectLeft(unpack(bomb, 9_999_999)).message, /10000000 bytes.*maxBytes/)
  assert.is(expectRight(unpack(bomb, 10_000_000)).length, 10_000_000)
  assert.match(expectLeft(unpack(new Uint8Array(11), 10)).message, /maxBytes/)
  // a size that lies: too large for any DEFLATE stream, and too small for this one
  const lying = bomb.slice()
  lying.fill(0xff, -4)
  assert.match(expectLeft(unpack(lying)).message, /size cannot be right/)
  lying.set([1, 0, 0, 0], lying.length - 4)
  expectLeft(unpack(lying))
})

test("the host's zlib stands in for fflate: the same bytes, never more than there is room for", () => {
  fc.assert(
    fc.property(bytes, fc.nat(9), fc.nat(9), (b, room, cut) => {
      const deflated = new Uint8Array(zlib.deflateRawSync(b))
      const out = new Uint8Array(b.length + room + 1)
      assertBits(inflateSync(deflated, { out }), fflate.inflateSync(deflated, { out }))
      assert.throws(() => inflateSync(deflated.subarray(0, -1 - cut), { out }))
      if (b.length > 1) assert.throws(() => inflateSync(deflated, { out: new Uint8Array(b.length - 1) }))
    }),
  )
})

test('no bytes make it throw', () => {
  fc.assert(
    fc.property(bytes, b => {
      unpackText(b)
      unpackText(Uint8Array.of(0x1f, 0x8b, 8, ...b), 1_000_000)
    }),
    { numRuns: 500 },
  )
})

test.run()
