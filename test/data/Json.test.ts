import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Data, type JsonOptions, json } from '../../src/data/Data.js'
import * as Label from '../../src/data/Label.js'
import type { Inputs } from '../../src/shape/Dims.js'
import { assertBits, expectLeft, expectRight } from '../support/assert.js'

const test = suite('Data.json')

const sole = { inputs: [2, 2], label: Label.classes('cat', 'dog') } as const
const named = { inputs: { img: [2], meta: [] }, label: Label.values(2) } as const
const message = (text: string, options: JsonOptions<Inputs, Label.Label> = sole): string =>
  expectLeft(json(options)(text)).message

test('a sole input, flat or nested; labels by number or name; text, bytes or gzip', () => {
  const text = '[{"input": [1, 2, 3, 4], "label": "dog"}, {"input": [[5, 6], [7, 8e0]], "label": 0, "id": "x"}]'
  for (const source of [text, new TextEncoder().encode(text), new Uint8Array(gzipSync(text))]) {
    const data: Data<readonly [2, 2], Label.Class<2>> = expectRight(json(sole)(source))
    assertBits(data.columns.input as Float32Array, Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8))
    assertBits(data.labels as Int32Array, Int32Array.of(1, 0))
  }
})

test('named inputs', () => {
  const data = expectRight(json(named)('[{"inputs": {"meta": 3, "img": [1, 2]}, "label": [0.5, -1]}]'))
  assertBits(data.columns.img as Float32Array, Float32Array.of(1, 2))
  assertBits(data.columns.meta as Float32Array, Float32Array.of(3))
  assertBits(data.labels as Float32Array, Float32Array.of(0.5, -1))
})

test('class numbers beyond float32 stay exact', () => {
  const many = { inputs: [], label: Label.classes(20_000_000) } as const
  assert.is(expectRight(json(many)('[{"input": 1, "label": 16777217}]')).labels[0], 16_777_217)
})

test('the first wrong field is named', () => {
  const row = '{"input": [1, 2, 3, 4], "label": 1}'
  assert.is(message(`[${row}, {"input": [1, 2, null, 4], "label": 1}]`), 'json: row 2: input[2]: null is not a number')
  assert.match(message('[{"input": [[1, 2], [3, "4"]], "label": 1}]'), /input\[1\]\[1\]: "4" is not a number/)
  assert.match(message('[{"input": [1, 2, 3], "label": 1}]'), /input: expected 4 numbers for \[2, 2\], but found 3/)
  assert.match(message('[{"input": [[1, 2]], "label": 1}]'), /expected 2 lists/)
  assert.match(message('[{"input": [1, 2, 3, 1e999], "label": 1}]'), /Infinity is not allowed/)
  assert.match(message('[{"input": [1, 2, 3, 4], "label": "cow"}]'), /label: the label "cow" is none of the names/)
  assert.match(message('[{"input": [1, 2, 3, 4], "label": 2}]'), /label: the label 2 is out of range/)
  assert.match(message('[{"input": [1, 2, 3, 4]}]'), /label: .*neither a number nor a name/)
  assert.match(message('[{"label": 1}]'), /input: .*found no list/)
  assert.match(message('[{"inputs": {"img": [1]}, "label": 1}]', named), /inputs\.img: expected 2 numbers/)
  assert.is(message('[7]'), 'json: row 1: expected an object')
  assert.is(message('[{"inputs": 3, "label": 1}]', named), 'json: row 1: inputs: expected an object')
  assert.is(message('[]'), 'json: there are no rows')
  assert.is(message('{}'), 'json: expected a list of rows')
  assert.match(message('[{'), /not JSON/)
  assert.match(message('[{"input": [NaN]}]'), /not JSON/)
  assert.match(message('[]', { inputs: {}, label: Label.classes(2) }), /inputs: there is none/)
})

test('no text makes it throw', () => {
  const options = fc.constantFrom<JsonOptions<Inputs, Label.Label>>(sole, named, { inputs: [], label: Label.values() })
  const near = fc.array(
    fc.record(
      {
        input: fc.oneof(fc.array(fc.double(), { minLength: 4, maxLength: 4 }), fc.jsonValue()),
        inputs: fc.oneof(fc.record({ img: fc.jsonValue(), meta: fc.jsonValue() }), fc.jsonValue()),
        label: fc.oneof(fc.integer({ min: -1, max: 3 }), fc.jsonValue()),
      },
      { requiredKeys: [] },
    ),
    { maxLength: 3 },
  )
  fc.assert(
    fc.property(
      fc.oneof(
        near.map(x => JSON.stringify(x)),
        fc.string(),
        fc.json(),
      ),
      options,
      (text, o) => {
        json(o)(text)
      },
    ),
    { numRuns: 1_000 },
  )
  json(sole)(`[{"input": ${'['.repeat(100_000)}${']'.repeat(100_000)}, "label": 1}]`)
})

test.run()
