/** Ways to compile a model: the same bits, or the same values to within rounding, and what is refused. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pipe } from '#fp/function.js'
import { evaluate } from '../../src/backend/evaluate.js'
import * as Layer from '../../src/nn/Layer.js'
import * as Net from '../../src/nn/Net.js'
import { meaning } from '../nn/support.js'
import { assertBits, assertClose, expectLeft, expectRight } from '../support/assert.js'
import { anyNet, modelOf, rowsOf, tensorsOf } from './inference.support.js'

const test = suite('inference')

/** The net's meaning in a model, run as it stands. */
const plainly = (net: Net.AnyNet, rows: number): Float32Array => {
  const floats = tensorsOf(net).map(({ name, bytes }) => [name, new Float32Array(bytes.buffer)] as const)
  const given = { ...Object.fromEntries(floats), input: rowsOf(net, rows) }
  return Float32Array.from(expectRight(evaluate(meaning(net, 'infer').output, given, rows)).values)
}

test('a model predicts the bits of its net', () => {
  fc.assert(
    fc.property(anyNet, fc.integer({ min: 1, max: 5 }), (net, rows) => {
      assertBits(expectRight(modelOf(net).predict(rowsOf(net, rows))), plainly(net, rows))
    }),
    { numRuns: 60, seed: 9 },
  )
})

test('folded it predicts the same to within rounding', async () => {
  await fc.assert(
    fc.asyncProperty(anyNet, fc.integer({ min: 1, max: 5 }), async (net, rows) => {
      const folded = expectRight(await modelOf(net).compile({ fold: true })())
      const wanted = plainly(net, rows)
      const scale = wanted.reduce((m, v) => Math.max(m, Math.abs(v)), 1)
      assertClose(expectRight(folded.predict(rowsOf(net, rows))), wanted, { abs: 3e-5 * scale })
    }),
    { numRuns: 60, seed: 9 },
  )
})

test('so many rows at a time as asked for, with the same bits; a copy keeps what the model is', async () => {
  const net = pipe(Net.input(6, 6, 3), Layer.conv2d(5, 3), Layer.batchNorm(), Layer.flatten(), Layer.dense(4))
  const model = modelOf(net)
  const one = expectRight(await model.compile({ rows: 1 })())
  const x = rowsOf(net, 7)
  assertBits(expectRight(one.predict(x)), expectRight(model.predict(x)))
  assert.equal(expectRight(one.classify(x)), expectRight(model.classify(x)))
  assert.ok(one.memoryBytes < model.memoryBytes)
  assert.equal(one.save(), model.save())
  assert.equal(expectRight(await one.compile({ fold: true })()).save(), model.save())
  for (const rows of [0, 1.5, Number.NaN])
    assert.match(expectLeft(await model.compile({ rows })()).message, /rows must be a whole number >= 1/)
})

test("Winograd's F(4x4) is taken if asked for, and close", async () => {
  const net = pipe(Net.input(16, 16, 16), Layer.conv2d(16, 3, { padding: 'same' }), Layer.relu())
  const [model, x] = [modelOf(net), rowsOf(net, 2)]
  const wanted = expectRight(model.predict(x))
  const got = expectRight(expectRight(await model.compile({ winograd: 'F(4x4)' })()).predict(x))
  assertClose(got, wanted, { abs: 1e-3 })
  assert.ok(got.some((v, i) => v !== wanted[i]))
  assertBits(expectRight(expectRight(await model.compile({ winograd: 'F(2x2)' })()).predict(x)), wanted)
})

test('a large image takes few rows at a time by itself', () => {
  const net = pipe(Net.input(512, 512, 3), Layer.conv2d(8, 3, { padding: 'same' }), Layer.globalAveragePool())
  assert.ok(modelOf(net).memoryBytes < 2 ** 28) // 256 rows took 2 GiB for the convolution alone
})

test.run()
