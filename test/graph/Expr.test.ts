/** Constructors are total: what does not fit becomes an Invalid, and the first one is what a program reports. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { constant, type Expr, input, invalid, tensor } from '../../src/graph/Expr.js'
import * as Program from '../../src/graph/Program.js'
import { abs, add, clamp, mul, sub } from '../../src/op/arithmetic.js'
import { broadcastShapes, broadcastTo, reshape, sum } from '../../src/op/broadcast.js'
import { logSumExp, softmax } from '../../src/op/composite.js'
import { gather, oneHot } from '../../src/op/gather.js'
import { matmul } from '../../src/op/matmul.js'
import { padBy } from '../../src/op/padBy.js'
import { argmax, max, mean } from '../../src/op/reduce.js'
import { cast, select } from '../../src/op/select.js'
import { stopGradient } from '../../src/op/stop.js'
import { concat, pad, slice, squeeze, transpose } from '../../src/op/window.js'
import { tensorType } from '../../src/shape/TensorType.js'
import { grad } from '../../src/transform/Grad.js'
import { expectLeft } from '../support/assert.js'

const test = suite('Expr')
const f32 = (...shape: readonly number[]) => tensorType('f32', shape)
const x = input('x', f32(2, 3))
const error = (e: Expr) => expectLeft(Program.of([e]))
const says = (e: Expr, pattern: RegExp): void => assert.match(`${error(e).path}: ${error(e).message}`, pattern)

test('an Invalid goes through every operation, the first one first', () => {
  const bad = invalid('here', 'went wrong')
  const later = invalid('there', 'went wrong later')
  const i = input('i', tensorType('i32', [2]))
  const built: readonly Expr[] = [
    ...[
      add(bad, later),
      add(x, bad),
      mul(1, bad),
      clamp(x, bad, later),
      abs(bad),
      select(bad, x, later),
      cast(bad, 'i32'),
    ],
    ...[
      sum(bad),
      mean(bad, [0]),
      max(bad),
      softmax(bad),
      logSumExp(bad),
      reshape(bad, [6]),
      broadcastTo(bad, [2, 2, 3]),
    ],
    ...[
      matmul(bad, x),
      matmul(x, bad),
      transpose(bad),
      slice(bad, [], []),
      pad(bad, [1], [1]),
      concat([x, bad, later]),
    ],
    ...[concat([bad, x]), squeeze(bad), gather(bad, i), gather(x, bad), oneHot(bad, 3), stopGradient(bad)],
  ]
  for (const e of built) assert.is(error(e), bad.error)
  assert.is(expectLeft(grad(sum(bad), [x])), bad.error)
  assert.is(expectLeft(Program.of([x, bad, later])), bad.error)
})

test('misfits say what did not fit', () => {
  const y = input('y', f32(4))
  const i = input('i', tensorType('i32', [3]))
  says(add(x, y), /add: the shapes f32\[2, 3\] and f32\[4\] do not broadcast/)
  says(add(x, i), /add: has no form for f32\[2, 3\] and i32\[2, 3\]/)
  says(mul(i, 0.5), /mul: 0.5 is not an i32; cast the other operand to f32/)
  says(matmul(x, x), /matmul: f32\[2, 3\] times f32\[2, 3\]: the inner sizes differ/)
  says(matmul(x, y), /both must be matrices/)
  says(reshape(x, [5]), /reshape: f32\[2, 3\] has 6 elements, \[5\] has 5/)
  says(sum(x, [2]), /sum: the axes \[2\] are not axes of f32\[2, 3\]/)
  says(sum(x, [0, -2]), /not axes/)
  says(sum(i), /sum: takes an f32 operand, not i32\[3\]; cast it first/)
  says(max(i), /cast it first/)
  says(argmax(x, 5), /argmax: axis 5 does not exist/)
  says(max(input('none', f32(0)), [0]), /max: the maximum of nothing/)
  says(concat([x, y], 1), /f32\[2, 3\] and f32\[4\] do not join along axis 1/)
  says(concat([x, input('z', f32(2))], 1), /do not join/)
  says(concat([]), /nothing to join/)
  says(slice(x, [0, 0], [2, 4]), /slice: .* does not fit f32\[2, 3\]/)
  says(slice(x, [0, 0.5], [2, 2]), /does not fit/)
  says(pad(x, [-1, 0], [0, 0]), /pad: .* does not fit/)
  says(pad(input('mask', tensorType('bool', [2])), [1], [0], [0], 1), /pad: pads masks by false only/)
  says(padBy(i, 'edge', [1], [1]), /padBy: takes an f32 operand, not i32\[3\]; cast it first/)
  says(
    padBy(x, 'edge', [1], [1, 0]),
    /padBy: low \[1\], high \[1, 0\] does not fit \[2, 3\]: give a number for each axis/,
  )
  says(padBy(x, 'edge', [1, 0.5], [1, 0]), /give whole numbers >= 0/)
  says(padBy(x, 'wrap', [3, 0], [0, 0]), /'wrap' pads an axis of 2 by at most 2/)
  says(padBy(input('none', f32(0)), 'edge', [1], [0]), /'edge' pads an axis of 0 by at most 0/)
  says(transpose(x, [0, 0]), /\[0, 0\] is not an order of the axes/)
  says(gather(x, y), /takes a table and i32 indices/)
  says(tensor([1, 2], [3]), /2 values do not fill the shape \[3\]/)
  says(cast(x, 'u8'), /cast: f32 cannot be cast to u8/)
  says(cast(constant(1, 'bool'), 'u8'), /cast: bool cannot be cast to u8/)
})

test('the rows can be moved and taken whole, but not cut or joined', () => {
  const rows = input('rows', f32(-1, 4))
  says(slice(rows, [0, 0], [2, 4]), /slice/)
  says(pad(rows, [1, 0], [0, 0]), /pad/)
  says(padBy(rows, 'edge', [0, 1], [1, 0]), /padBy: .*: the rows cannot be padded/)
  says(concat([rows, rows], 0), /do not join/)
  assert.equal(slice(rows, [0, 1], [-1, 3]).type, f32(-1, 2))
  assert.equal(reshape(rows, [-4]).type, f32(-4))
  assert.equal(transpose(rows).type, f32(4, -1))
  assert.equal(mean(rows, [0]).type, f32(4))
})

/** NumPy's rule, written from its documentation: aligned at the last axis, equal or one of them 1. */
const numpy = (a: readonly number[], b: readonly number[]): readonly number[] | null => {
  const out: number[] = []
  for (let i = 1; i <= Math.max(a.length, b.length); i++) {
    const [p, q] = [i <= a.length ? a[a.length - i] : 1, i <= b.length ? b[b.length - i] : 1] as [number, number]
    if (p !== q && p !== 1 && q !== 1) return null
    out.unshift(p === 1 ? q : p)
  }
  return out
}

test('shapes broadcast as NumPy has it', () => {
  const shape = fc.array(fc.constantFrom(0, 1, 2, 3, -1), { maxLength: 4 })
  fc.assert(
    fc.property(shape, shape, shape, (a, b, c) => {
      assert.equal(broadcastShapes([a, b]), numpy(a, b))
      const two = numpy(a, b)
      assert.equal(broadcastShapes([a, b, c]), two && numpy(two, c))
      const [p, q] = [input('p', f32(...a)), input('q', f32(...b))]
      const e = sub(p, q)
      if (two) assert.equal(e.type.shape, two)
      else assert.is(e._tag, 'Invalid')
      assert.is(broadcastTo(p, b)._tag === 'Invalid', `${numpy(a, b)}` !== `${b}` || a.length > b.length)
    }),
    { numRuns: 500, seed: 3 },
  )
})

test('a number takes the dtype of what it meets, and a step scalar is rounded for a tensor', () => {
  assert.equal(add(input('i', tensorType('i32', [3])), 2).type, tensorType('i32', [3]))
  assert.equal(mul(input('t', tensorType('f64')), 0.5).type, tensorType('f64'))
  assert.equal(mul(input('t', tensorType('f64')), x).type, f32(2, 3))
  assert.equal(select(input('m', tensorType('bool', [3])), 1, 0).type, f32(3))
})

test.run()
