/** Types of tensors: sizes with rows, their text, and what no tensor can be. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bytesOf } from '../../src/shape/DType.js'
import {
  byteSize,
  resolveDim,
  resolveShape,
  resolveType,
  sameShape,
  sameType,
  showType,
  sizeOf,
  stridesOf,
  tensorType,
  typeFault,
} from '../../src/shape/TensorType.js'

const test = suite('TensorType')
const dim = fc.nat(6)
/** A shape in which at most one size is a multiple of the rows. */
const shape = fc
  .tuple(fc.array(dim, { maxLength: 5 }), fc.nat(5), fc.integer({ min: -4, max: -1 }), fc.boolean())
  .map(([dims, at, rows, has]) => (has ? [...dims.slice(0, at), rows, ...dims.slice(at)] : dims))

test('sizes multiply before the rows are known as after', () => {
  fc.assert(
    fc.property(shape, fc.nat(9), (s, rows) => {
      const resolved = resolveShape(s, rows)
      assert.ok(resolved.every(d => d >= 0))
      assert.is(resolveDim(sizeOf(s), rows) + 0, sizeOf(resolved) + 0)
      for (const dtype of ['f32', 'i32', 'bool', 'f64', 'u8'] as const)
        assert.is(byteSize(tensorType(dtype, s), rows) + 0, (sizeOf(resolved) + 0) * bytesOf(dtype))
      assert.equal(resolveType(tensorType('i32', s), rows), tensorType('i32', resolved))
    }),
    { seed: 13 },
  )
})

test('strides are row-major: they count the elements in order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }), s => {
      const strides = stridesOf(s)
      const at = s.map(() => 0)
      for (let i = 0; i < sizeOf(s); i++) {
        assert.is(
          at.reduce((n, a, k) => n + a * (strides[k] as number), 0),
          i,
        )
        for (let k = s.length - 1; k >= 0; k--) {
          at[k] = ((at[k] as number) + 1) % (s[k] as number)
          if (at[k] !== 0) break
        }
      }
    }),
    { seed: 14 },
  )
})

test('text and equality', () => {
  assert.is(showType(tensorType('f32', [-1, 28, -49, 0])), 'f32[rows, 28, 49*rows, 0]')
  assert.is(showType(tensorType('bool')), 'bool[]')
  assert.ok(sameShape([], []) && sameShape([-1, 2], [-1, 2]))
  assert.not(sameShape([2], [2, 1]) || sameShape([-1], [1]) || sameShape([2, 1], [2]))
  assert.ok(sameType(tensorType('f32', [2]), tensorType('f32', [2])))
  assert.not(sameType(tensorType('f32', [2]), tensorType('i32', [2])))
})

test('what no tensor can be', () => {
  const faults = (['f32', 'i32', 'bool'] as const).map(d => typeFault(tensorType(d, [-1, 2, 0])))
  assert.equal(
    [...faults, typeFault(tensorType('f64')), typeFault(tensorType('f32', new Array(8).fill(1)))],
    [null, null, null, null, null],
  )
  assert.match(typeFault(tensorType('f32', [-1, -1])) ?? '', /rows twice/)
  assert.match(typeFault(tensorType('f32', [0.5])) ?? '', /not a whole number/)
  assert.match(typeFault(tensorType('f32', [Number.NaN])) ?? '', /not a whole number/)
  assert.match(typeFault(tensorType('f32', [2 ** 53])) ?? '', /not a whole number/)
  assert.match(typeFault(tensorType('f32', new Array(9).fill(1))) ?? '', /more than 8 axes/)
  assert.match(typeFault(tensorType('f64', [1])) ?? '', /scalars only/)
  assert.match(typeFault(tensorType('u8', [4])) ?? '', /data sets/)
})

test.run()
