import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isSeed, type Key, keyOf } from '../../src/random/Key.js'
import { permutation } from '../../src/random/Permutation.js'
import { block, type Words, words } from '../../src/random/Philox.js'
import { assertBits } from '../support/assert.js'

const test = suite('random')

const hex = (text: string): number[] => text.split(' ').map(word => Number.parseInt(word, 16))

// Random123, kat_vectors: counter, key, result
const KNOWN: readonly (readonly [Words, Key, string])[] = [
  [[0, 0, 0, 0], [0, 0], '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
  [[0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff], '408f276d 41c83b0e a20bc7c6 6d5451fd'],
  [[0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0], 'd16cfe09 94fdcceb 5001e420 24126ea1'],
]

test('Philox4x32-10 gives the published known answers', () => {
  for (const [counter, key, result] of KNOWN) assert.equal(block(key, counter), hex(result))
})

const anyKey = fc.tuple(fc.nat(0xffffffff), fc.nat(0xffffffff))

test('element e is word e & 3 of the block (e >> 2, stream, step low, step high)', () => {
  fc.assert(
    fc.property(anyKey, fc.nat(0xffffffff), fc.maxSafeNat(), fc.nat(40), (key, stream, step, n) => {
      const expected = Array.from({ length: n }, (_, e) => {
        const [low, high] = [Number(BigInt(step) & 0xffffffffn), Number(BigInt(step) >> 32n)]
        return block(key, [e >> 2, stream, low, high])[e & 3] ?? -1
      })
      assertBits(words(key, stream, step, n), Uint32Array.from(expected))
    }),
  )
})

test('the key is the head of SHA-256 of canonical JSON', () => {
  const reference = (json: string): Key => {
    const digest = createHash('sha256').update(json).digest()
    return [digest.readUInt32LE(0), digest.readUInt32LE(4)]
  }
  assert.equal(keyOf(42, 'data', 'order'), reference('[42,"data","order"]'))
  assert.equal(keyOf(-0, 'é/"x"', 'init'), reference('[0,"é/\\"x\\"","init"]'))
  assert.equal([1, -1, 1.5, Number.NaN, Infinity, 2 ** 53].map(isSeed), [true, true, false, false, false, false])
})

test('a permutation sorts the indices by their 64-bit values', () => {
  fc.assert(
    fc.property(anyKey, fc.maxSafeNat(), fc.nat(300), (key, step, n) => {
      const all = words(key, 0, step, 2 * n)
      const value = (i: number): bigint => (BigInt(all[2 * i + 1] ?? 0) << 32n) | BigInt(all[2 * i] ?? 0)
      const expected = Int32Array.from({ length: n }, (_, i) => i).sort((a, b) => (value(a) < value(b) ? -1 : 1))
      assertBits(permutation(key, step, n), expected)
    }),
  )
})

test.run()
