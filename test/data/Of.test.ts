import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Data, of } from '../../src/data/Data.js'
import * as Label from '../../src/data/Label.js'
import { assertBits, expectLeft, expectRight } from '../support/assert.js'

const test = suite('Data.of')

const as = { inputs: [2], label: Label.classes(3) } as const
const message = (
  x: Parameters<ReturnType<typeof of<readonly [2], Label.Class<3>>>>[0]['x'],
  y: readonly number[],
): string => expectLeft(of(as)({ x, y })).message

test('flat, nested and typed inputs', () => {
  const y = [2, 0]
  const floats = Float32Array.of(1, 2, 3, 4)
  for (const x of [
    [1, 2, 3, 4],
    [
      [1, 2],
      [3, 4],
    ],
    floats,
    Float64Array.of(1, 2, 3, 4),
  ]) {
    const data: Data<readonly [2], Label.Class<3>> = expectRight(of(as)({ x, y }))
    assert.is(data.size, 2)
    assertBits(data.columns.input as Float32Array, floats)
    assertBits(data.labels as Int32Array, Int32Array.of(2, 0))
  }
  const images = { inputs: [1, 2, 1], label: Label.classes(3) } as const
  assertBits(expectRight(of(images)({ x: [[[[1], [2]]], [[[3], [4]]]], y })).columns.input as Float32Array, floats)
  assert.instance(expectRight(of(as)({ x: Uint8Array.of(1, 2, 3, 4), y })).columns.input, Uint8Array)
  assert.instance(expectRight(of(as)({ x: Uint8ClampedArray.of(1, 2, 3, 4), y })).columns.input, Uint8Array)
  assert.instance(expectRight(of(as)({ x: Int32Array.of(1, 2, 3, 4), y })).columns.input, Int32Array)
})

test('the arrays are copied', () => {
  for (const x of [Float32Array.of(1, 2), Uint8Array.of(1, 2), Int32Array.of(1, 2)]) {
    const y = Int32Array.of(1)
    const data = expectRight(of(as)({ x, y }))
    x[0] = 9
    y[0] = 2
    assert.is(data.columns.input?.[0], 1)
    assert.is(data.labels[0], 1)
  }
})

test('named inputs', () => {
  const two = { inputs: { img: [2], meta: [] }, label: Label.values() } as const
  const data = expectRight(of(two)({ x: { img: [1, 2, 3, 4], meta: Int32Array.of(5, 6) }, y: [0.5, 1] }))
  assert.equal([...(data.columns.meta ?? [])], [5, 6])
  assert.equal([...data.labels], [0.5, 1])
  const wrong = of(two)({ x: { img: [1, 2, 3, 4], meta: [1] }, y: [0, 0] })
  assert.is(expectLeft(wrong).message, 'x.meta: 1 rows, but the inputs before it have 2')
})

test('class labels as numbers, names or one-hot rows', () => {
  const x = [1, 2, 3, 4]
  const onehot = [0, 0, 1, 1, 0, 0]
  for (const y of [
    [2, 0],
    Float32Array.of(2, 0),
    onehot,
    Float32Array.from(onehot),
    [
      [0, 0, 1],
      [1, 0, 0],
    ],
  ]) {
    assert.equal([...expectRight(of(as)({ x, y })).labels], [2, 0])
  }
  const pets = { inputs: [2], label: Label.classes('cat', 'dog') } as const
  assert.equal([...expectRight(of(pets)({ x, y: ['dog', 'cat'] })).labels], [1, 0])
  assert.equal([...expectRight(of({ inputs: [2], label: Label.classes(1) })({ x, y: [0, 0] })).labels], [0, 0])
})

test('what is wrong is named', () => {
  assert.is(message([1, 2, 3, Number.NaN], [0, 0]), 'x[3]: NaN is not allowed: every value must be finite')
  assert.is(
    message(
      [
        [1, 2],
        [3, Infinity],
      ],
      [0, 0],
    ),
    'x[1][1]: Infinity is not allowed: every value must be finite',
  )
  assert.match(message(Float32Array.of(1, -Infinity), [0]), /x\[1\]: -Infinity/)
  assert.is(message([1, 2, 3], [0]), 'x: 3 numbers are no whole number of rows of 2')
  assert.is(message([], []), 'x: there are no rows')
  assert.is(message([[1, 2], [3]], [0, 0]), 'x[1]: expected 2 numbers for [2], but found 1')
  assert.is(message([1, 2, 3, 4], [0]), 'y: there are 1 labels for 2 rows')
  assert.is(message([1, 2, 3, 4], [0, 3]), 'y[1]: the label 3 is out of range: 3 classes are labeled 0 to 2')
  assert.match(message([1, 2, 3, 4], [0, 0.5]), /y\[1\]: the label 0.5 is not an integer/)
  assert.match(message([1, 2, 3, 4], [0, Number.NaN]), /y\[1\]: the label NaN is not an integer/)
  for (const bad of [
    [0, 0, 0],
    [1, 1, 0],
    [2, 0, 0],
    [0.5, 0.5, 0],
  ]) {
    assert.is(message([1, 2, 3, 4], [1, 0, 0, ...bad]), 'y[1]: the row is not one-hot: one 1, the others 0')
  }
  const regression = { inputs: [2], label: Label.values(2) } as const
  assert.is(expectLeft(of(regression)({ x: [1, 2], y: [1, 2, 3, 4] })).message, 'y: there are 2 labels for 1 rows')
  assert.match(expectLeft(of(regression)({ x: [1, 2], y: [1, Number.NaN] })).message, /y\[1\]: NaN/)
})

test('nothing a JavaScript caller passes makes it throw', () => {
  const call: (rows: never) => unknown = of(as)
  const callNamed: (rows: never) => unknown = of({ inputs: { a: [2], b: [1] }, label: Label.values() })
  fc.assert(
    fc.property(fc.record({ x: fc.anything(), y: fc.anything() }), rows => {
      call(rows as never)
      callNamed(rows as never)
    }),
    { numRuns: 1_000 },
  )
})

test.run()
