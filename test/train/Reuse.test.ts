import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as E from '#fp/Either.js'
import { pipe } from '#fp/function.js'
import {
  Data,
  Init,
  type Inputs,
  Layer,
  Model,
  Net,
  Optimizer,
  Reuse,
  type Shape,
  State,
  standard,
  Trainer,
} from '../../src/index.js'
import { assertBits, expectLeft, expectRight } from '../support/assert.js'
import { rows, small } from './support.js'

const test = suite('Reuse')

const front = pipe(
  Net.input(6),
  Layer.dense(7, { name: 'a', init: Init.he() }),
  Layer.batchNorm({ name: 'n' }),
  Layer.elu(),
  Layer.dropout(0.3, { name: 'd' }),
)
const head = Layer.dense(3, { name: 'head' })
const compiled = async (net: Net<readonly [6], readonly [3]>, seed: number) =>
  expectRight(await Trainer.compile(small({ net, seed }))())
const pretrained = async () =>
  expectRight(await Trainer.fit(small({ net: pipe(front, head), seed: 1 }))({ train: rows(40) })())
const numbersOf = (state: State, name: string) => expectRight(State.values(state))[name]?.values as Float32Array
const variableOf = (model: Pick<Model<Inputs, Shape>, 'variables'>, name: string) =>
  new Float32Array(model.variables.find(v => v.name === name)?.bytes.slice().buffer ?? new ArrayBuffer(0))

test('weights: parameters and statistics by path, all else as drawn; the state is not consumed', async () => {
  const model = await pretrained()
  const trainer = await compiled(pipe(front, Layer.dense(3, { name: 'other' })), 2)
  const initial = trainer.init()
  const before = expectRight(State.values(initial))
  const state = expectRight(Reuse.weights(model)(initial))
  for (const name of ['a/w', 'a/b', 'n/gamma', 'n/mean', 'n/variance'])
    assertBits(numbersOf(state, name), variableOf(model, name), name)
  assert.not.equal(numbersOf(state, 'a/w'), before['a/w']?.values)
  const taken = /^[an][/]/
  for (const [name, { values }] of Object.entries(expectRight(State.values(state))))
    if (!taken.test(name)) assert.equal(values, before[name]?.values, name)
  expectRight(trainer.step(initial, rows(4)))
})

test('weights of a selection', async () => {
  const model = await pretrained()
  const trainer = await compiled(pipe(front, head), 2)
  const before = trainer.init()
  const state = expectRight(Reuse.weights(model, { include: ['a/*', 'n/*'], exclude: ['**/b'] })(before))
  assertBits(numbersOf(state, 'a/w'), variableOf(model, 'a/w'))
  assertBits(numbersOf(state, 'a/b'), numbersOf(before, 'a/b'))
  assertBits(numbersOf(state, 'head/w'), numbersOf(before, 'head/w'))
})

test('weights: another shape, a pattern that finds nothing and a consumed state are refused', async () => {
  const model = await pretrained()
  const wide = pipe(Net.input(6), Layer.dense(8, { name: 'a' }), Layer.relu(), head)
  const trainer = await compiled(wide, 2)
  const state = trainer.init()
  const { message } = expectLeft(Reuse.weights(model)(state))
  assert.match(
    message,
    /it is \[6, 7\] in the model, but \[6, 8\] in the net; exclude it, or give the layer another name/,
  )
  assert.match(expectLeft(Reuse.weights(model, { include: ['n/*'] })(state)).message, /the pattern "n[/][*]" finds no/)
  expectRight(trainer.step(state, rows(4)))
  assert.match(expectLeft(Reuse.weights(model, { include: ['head/b'] })(state)).message, /was consumed/)
})

test('start: fit begins at those values, and refuses a checkpoint besides', async () => {
  const model = await pretrained()
  const recipe = small({ net: pipe(front, Net.freeze, head), seed: 3, optimizer: Optimizer.sgd({ rate: 0.1 }) })
  const split = { train: rows(40) }
  const fitted = expectRight(await Trainer.fit(recipe, { start: Reuse.weights(model) })(split)())
  for (const name of ['a/w', 'n/mean', 'n/variance'])
    assertBits(variableOf(fitted, name), variableOf(model, name), `frozen ${name}`)
  assert.not.equal(variableOf(fitted, 'head/w'), variableOf(model, 'head/w'))
  const same = expectRight(await Trainer.fit(recipe, { start: E.right })(split)())
  assert.is(same.hash, expectRight(await Trainer.fit(recipe)(split)()).hash)
  const both = await Trainer.fit(recipe, { start: E.right, from: fitted.state })(split)()
  assert.match(expectLeft(both).message, /give one of them/)
  const trainer = await compiled(pipe(front, head), 3)
  const foreign = await Trainer.fit(recipe, { start: () => E.right(trainer.init()) })(split)()
  assert.match(expectLeft(foreign).message, /belongs to another trainer/)
})

test('a top behind frozen layers and one on their cached outputs: the same bits', async () => {
  const model = await pretrained()
  const top = <I extends Inputs>(x: Net<I, readonly [7]>) =>
    pipe(x, Layer.dense(5, { name: 'b' }), Layer.batchNorm({ name: 'm' }), Layer.dropout(0.2, { name: 'e' }), head)
  const frozen = small({ net: pipe(front, Net.freeze, top), seed: 5 })
  const below = expectRight(Reuse.part(front)(model))
  const data = expectRight(Data.withWeights(Array.from({ length: 43 }, (_, i) => i % 3))(rows(43)))
  const features = expectRight(Reuse.cache(below)(data))
  assert.equal([features.inputs, features.size, features.labels], [[7], 43, data.labels])
  assert.is(features.weights, data.weights)
  const start = Reuse.weights(model, { exclude: ['head/*'] })
  const one = expectRight(await Trainer.fit(frozen, { start })({ train: data })())
  const cached = { ...frozen, net: pipe(Net.input(7), top) }
  const two = expectRight(await Trainer.fit(cached)({ train: features })())
  for (const name of ['b/w', 'b/b', 'm/mean', 'm/gamma', 'head/w', 'head/b'])
    assertBits(variableOf(one, name), variableOf(two, name), name)
  const whole = expectRight(Model.of(frozen.net, 'class', null, [...below.variables, ...two.variables]))
  assertBits(expectRight(whole.predict(data)), expectRight(one.predict(data)))
})

test('part: also of a model from a file, up to a layer of a path', async () => {
  const model = await pretrained()
  const loaded = expectRight(Model.load(standard)(model.save()))
  const cut = expectRight(Reuse.part(expectRight(Net.upTo('elu1')(loaded.net)))(loaded))
  const built = expectRight(Reuse.part(front)(model))
  assertBits(expectRight(cut.predict(rows(9))), expectRight(built.predict(rows(9))))
  assert.is(expectRight(built.predict(rows(9))).length, 9 * 7)
  const other = pipe(Net.input(6), Layer.dense(7, { name: 'z' }))
  assert.match(expectLeft(Reuse.part(other)(model)).message, /the variable z[/]w \[6, 7\] is missing/)
})

test.run()
