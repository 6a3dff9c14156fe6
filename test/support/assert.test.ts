import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as E from '#fp/Either.js'
import { assertBits, assertClose, expectLeft, expectRight } from './assert.js'

const test = suite('test/support/assert')

test('assertClose accepts up to the tolerance and names the worst element beyond it', () => {
  assertClose([1, 100], [1.5, 100.25], { abs: 0.5 })
  assertClose([101], [100], { rel: 0.01 })
  assert.throws(() => assertClose([1, 2, 7], [1, 1, 4], { abs: 0.5 }), /2 of 3 elements .* \[2\]: 7, expected 4/)
  assert.throws(() => assertClose([1], [1.0000001], {}), /1 of 1/)
})

test('assertClose knows NaN, infinities and lengths', () => {
  assertClose([Number.NaN, Infinity, 0], [Number.NaN, Infinity, -0], { rel: 1e-6 })
  assert.throws(() => assertClose([Number.NaN], [0], { abs: 1e9 }), /\[0\]: NaN, expected 0/)
  assert.throws(() => assertClose([0], [Number.NaN], { abs: 1e9 }), /\[0\]: 0, expected NaN/)
  assert.throws(() => assertClose([Infinity], [-Infinity], { abs: 1e9 }), /Infinity/)
  assert.throws(() => assertClose([1, 2], [1], { abs: 1 }), /2 elements, expected 1/)
})

test('assertBits tells 0 from -0, and reads views at an offset', () => {
  const x = Float32Array.of(9, 0, 1, Number.NaN)
  assertBits(x.subarray(1), Float32Array.of(0, 1, Number.NaN))
  assert.throws(() => assertBits(Float32Array.of(0), Float32Array.of(-0)), /\[0\]: 0 \(0x00000000\).*\(0x80000000\)/)
  assert.throws(() => assertBits(Float32Array.of(1), Int32Array.of(1)), /Float32Array, expected Int32Array/)
  assert.throws(() => assertBits(Float32Array.of(1), Float32Array.of(1, 2)), /1 elements, expected 2/)
})

test('the unwrappers show what they did not expect', () => {
  assert.is(expectRight(E.right(3)), 3)
  assert.is(expectLeft(E.left('no')), 'no')
  assert.throws(() => expectRight(E.left({ _tag: 'ShapeError' })), /expected a Right.*ShapeError/)
  assert.throws(() => expectLeft(E.right(3)), /expected a Left.*Right 3/)
})

test.run()
