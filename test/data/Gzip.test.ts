import * as zlib from 'node:zlib'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { crc32, unpack, unpackText } from '../../src/data/Gzip.js'
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
