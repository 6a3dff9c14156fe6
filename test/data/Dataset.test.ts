import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pipe } from '#fp/function.js'
import * as Data from '../../src/data/Data.js'
import * as Label from '../../src/data/Label.js'
import type { Inputs } from '../../src/shape/Dims.js'
import { expectLeft, expectRight } from '../support/assert.js'

const test = suite('Data')

const as = { inputs: { img: [2], meta: [] }, label: Label.classes(1_000) } as const
type Rows = Data.Data<typeof as.inputs, Label.Class<1_000>>

/** Row i has label i, input img (i / 2, -i) and meta i mod 256, as bytes. */
const numbered = (n: number): Rows => {
  const ids = Array.from({ length: n }, (_, i) => i)
  const x = { img: ids.flatMap(i => [i / 2, -i]), meta: Uint8Array.from(ids) }
  return expectRight(Data.of(as)({ x, y: ids }))
}

const ids = (data: Rows): number[] => {
  const { img, meta } = data.columns
  assert.is(data.size, data.labels.length)
  data.labels.forEach((id, r) => {
    assert.equal([img?.[2 * r], img?.[2 * r + 1], meta?.[r]], [id / 2, 0 - id, id % 256])
  })
  assert.instance(meta, Uint8Array)
  return [...data.labels]
}

const size = fc.integer({ min: 1, max: 60 })
const place = fc.oneof({ weight: 9, arbitrary: fc.integer({ min: -70, max: 70 }) }, fc.constant(Number.NaN))

test('slice and take count as Array.slice does', () => {
  fc.assert(
    fc.property(size, place, fc.option(place, { nil: undefined }), (n, from, to) => {
      const data = numbered(n)
      assert.equal(ids(Data.slice(from, to)(data)), ids(data).slice(from, to))
      if (!(from < 0)) assert.equal(ids(Data.take(from)(data)), ids(data).slice(0, from))
    }),
  )
})

test('gather takes rows in order, and refuses an index outside', () => {
  fc.assert(
    fc.property(size, fc.array(fc.nat(59)), (n, wanted) => {
      const inside = wanted.map(i => i % n)
      assert.equal(ids(expectRight(Data.gather(inside)(numbered(n)))), inside)
    }),
  )
  for (const bad of [-1, 5, 0.5, Number.NaN]) expectLeft(Data.gather([0, bad])(numbered(5)))
})

test('concat undoes slice', () => {
  fc.assert(
    fc.property(size, fc.nat(60), (n, at) => {
      const data = numbered(n)
      assert.equal(ids(expectRight(pipe(data, Data.take(at), Data.concat(Data.slice(at)(data))))), ids(data))
    }),
  )
})

test('concat widens bytes and refuses what does not fit', () => {
  const one = (x: Uint8Array | Int32Array | Float32Array) =>
    expectRight(Data.of({ inputs: [1], label: Label.classes(2) })({ x, y: [0] }))
  const [bytes, ints, floats] = [one(Uint8Array.of(7)), one(Int32Array.of(-7)), one(Float32Array.of(0.5))]
  const both = (a: typeof bytes, b: typeof bytes) => expectRight(pipe(a, Data.concat(b))).columns.input
  assert.equal(both(bytes, ints), Int32Array.of(7, -7))
  assert.equal(both(floats, bytes), Float32Array.of(0.5, 7))
  assert.equal(both(bytes, bytes), Uint8Array.of(7, 7))
  assert.match(expectLeft(pipe(ints, Data.concat(floats))).message, /floats in one/)
  const loose: Data.Data<Inputs, Label.Label> = bytes
  const wide: Data.Data<Inputs, Label.Label> = { ...bytes, inputs: [2] }
  const named: Data.Data<Inputs, Label.Label> = { ...bytes, label: Label.classes('a', 'b') }
  const message = (a: typeof loose, b: typeof loose): string => expectLeft(pipe(a, Data.concat(b))).message
  assert.is(message(loose, wide), 'concat: inputs [2] do not follow [1]')
  assert.is(message(named, loose), 'concat: 2 classes do not follow 2 classes (a, b)')
  assert.is(message(loose, named), 'concat: 2 classes (a, b) do not follow 2 classes')
})

test('split parts the rows by the seed, in order', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 10, max: 60 }),
      fc.integer({ min: 10, max: 90 }),
      fc.integer(),
      (n, percent, seed) => {
        const { train, validation } = expectRight(Data.split({ validation: percent / 100, seed })(numbered(n)))
        assert.is(validation.size, Math.floor(n * (percent / 100) + 0.5))
        const [a, b] = [ids(train), ids(validation)]
        assert.equal(
          [...a, ...b].sort((p, q) => p - q),
          ids(numbered(n)),
        )
        for (const part of [a, b])
          assert.equal(
            part,
            part.slice().sort((p, q) => p - q),
          )
      },
    ),
  )
  const drawn = (seed: number) => ids(expectRight(Data.split({ validation: 0.2, seed })(numbered(40))).validation)
  assert.equal(drawn(1), drawn(1))
  assert.not.equal(drawn(1), drawn(2))
  assert.equal(drawn(42), [9, 12, 16, 19, 21, 27, 28, 35])
})

test('split refuses impossible shares and seeds', () => {
  for (const validation of [0, 1, -0.1, 1.5, Number.NaN, 0.001]) {
    assert.match(expectLeft(Data.split({ validation, seed: 1 })(numbered(9))).message, /split/)
  }
  assert.match(expectLeft(Data.split({ validation: 0.5, seed: Number.NaN })(numbered(9))).message, /seed NaN/)
})

test('as narrows by value', () => {
  const bytes = new TextEncoder().encode('1,2,0\n3,4,1')
  const read = (n: number, label: Label.Label): Data.Data<Inputs, Label.Label> =>
    expectRight(Data.csv({ inputs: [n], label })(bytes))
  const pair = { inputs: [2], label: Label.classes(2) } as const
  const narrow: Data.Data<readonly [2], Label.Class<2>> = expectRight(Data.as(pair)(read(2, Label.classes(2))))
  assert.is(narrow.size, 2)
  assert.match(expectLeft(Data.as({ ...pair, inputs: [3] })(read(2, Label.classes(2)))).message, /\[2\], not \[3\]/)
  assert.match(expectLeft(Data.as(pair)(read(2, Label.classes(3)))).message, /3 classes, not 2 classes/)
  assert.match(expectLeft(Data.as(pair)(read(2, Label.values()))).message, /values \[\], not 2 classes/)
  assert.match(
    expectLeft(Data.as({ ...pair, inputs: { input: [2] } })(read(2, Label.classes(2)))).message,
    /not \{ input/,
  )
  // names: the data's are kept, missing ones are given, others refused
  const pets = { inputs: [2], label: Label.classes('cat', 'dog') } as const
  assert.equal(expectRight(Data.as(pair)(read(2, pets.label))).label.names, ['cat', 'dog'])
  assert.equal(expectRight(Data.as(pets)(read(2, Label.classes(2)))).label.names, ['cat', 'dog'])
  assert.match(
    expectLeft(Data.as(pets)(read(2, Label.classes('a', 'b')))).message,
    /\(a, b\), not 2 classes \(cat, dog\)/,
  )
})

test.run()
