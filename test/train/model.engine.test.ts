/** Engines of models: interpreted, generated and one after the other predict the same bits; or why they cannot. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as E from '#fp/Either.js'
import { pipe } from '#fp/function.js'
import * as Layer from '../../src/nn/Layer.js'
import * as Net from '../../src/nn/Net.js'
import { assertBits, expectLeft, expectRight } from '../support/assert.js'
import { anyNet, modelOf, rowsOf } from './inference.support.js'

const test = suite('engines of models')
const build = { cache: null }
const net = pipe(
  Net.input(9, 9, 3),
  Layer.conv2d(8, 3),
  Layer.batchNorm(),
  Layer.elu(),
  Layer.flatten(),
  Layer.dense(5),
)

test('generated: the bits of the interpreter, for any number of rows and threads, folded or not', async () => {
  const options = { rows: fc.integer({ min: 1, max: 4 }), fold: fc.boolean(), keep: fc.boolean() }
  const threads = fc.constantFrom(1, 2)
  await fc.assert(
    fc.asyncProperty(anyNet, fc.record(options), threads, async (some, chosen, n) => {
      const plain = expectRight(await modelOf(some).compile({ ...chosen, threads: 1 })())
      const model = expectRight(await plain.compile({ ...chosen, threads: n, engine: 'generated', build })())
      assert.equal([plain.engine.now(), model.engine.now()], ['interpreter', 'generated'])
      for (const rows of [1, 4, 7]) {
        const x = rowsOf(some, rows)
        assertBits(expectRight(model.predict(x)), expectRight(plain.predict(x)))
        assert.equal(model.classify(x), plain.classify(x))
      }
    }),
    { numRuns: 12, seed: 5 },
  )
})

test('auto begins with the interpreter and goes over between predictions, without changing a bit', async () => {
  const plain = modelOf(net)
  const auto = expectRight(await plain.compile({ engine: 'auto', build })())
  const x = rowsOf(net, 6)
  const wanted = expectRight(plain.predict(x))
  assert.is(auto.engine.now(), 'interpreter')
  assertBits(expectRight(auto.predict(x)), wanted)
  assert.is(await auto.engine.settled, null)
  assert.is(auto.engine.now(), 'generated')
  assertBits(expectRight(auto.predict(x)), wanted)
  assert.equal(expectRight(auto.classify(x)), expectRight(plain.classify(x)))
  assert.equal(auto.save(), plain.save())
})

test('a compiler that cannot be had: an error where the module is a must, a reason where it is not', async () => {
  const error = { _tag: 'CompileError' as const, message: 'no compiler here' }
  const broken = { cache: null, compiler: () => async () => E.left(error) }
  const model = modelOf(net)
  assert.equal(expectLeft(await model.compile({ engine: 'generated', build: broken })()), error)
  const auto = expectRight(await model.compile({ engine: 'auto', build: broken })())
  assert.is(await auto.engine.settled, error.message)
  assert.is(auto.engine.now(), 'interpreter')
  const x = rowsOf(net, 2)
  assertBits(expectRight(auto.predict(x)), expectRight(model.predict(x)))
  const nonsense = { engine: 'turbo' as 'auto' }
  assert.match(expectLeft(await model.compile(nonsense)()).message, /engine must be .* but it is turbo/)
})

test.run()
