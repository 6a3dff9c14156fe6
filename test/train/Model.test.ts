/** Models: predictions, classes by name, and saving. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pipe } from '#fp/function.js'
import {
  Data,
  Init,
  Label,
  Layer,
  Loss,
  Model,
  Net,
  Optimizer,
  orThrow,
  Recipe,
  standard,
  Trainer,
} from '../../src/index.js'
import { assertBits, assertClose, expectLeft, expectRight } from '../support/assert.js'
import { numbers, rows, small, stateWith } from './support.js'

const test = suite('Model')

const pets = Label.classes('cat', 'dog')
const petRows = expectRight(
  Data.of({ inputs: [3], label: pets })({
    x: numbers(60),
    y: Array.from({ length: 20 }, (_, i) => (i % 3 ? 'cat' : 'dog')),
  }),
)
const petRecipe = (change = {}) =>
  Recipe.of({
    net: pipe(Net.input(3), Layer.dense(2)),
    loss: Loss.softmaxCrossEntropy(),
    optimizer: Optimizer.adam(),
    batch: 5,
    epochs: 2,
    seed: 1,
    ...change,
  })

test('names of the classes come from the data, or the recipe, and outlive saving', async () => {
  const fitted = expectRight(await Trainer.fit(petRecipe())({ train: petRows })())
  assert.equal(fitted.labels, ['cat', 'dog'])
  const plain = expectRight(Data.of({ inputs: [3], label: Label.classes(2) })({ x: numbers(60), y: petRows.labels }))
  assert.equal(expectRight(await Trainer.fit(petRecipe())({ train: plain })()).labels, ['0', '1'])
  const named = expectRight(await Trainer.fit(petRecipe({ label: pets }))({ train: plain })())
  assert.equal(named.labels, ['cat', 'dog'])
  const trainer = expectRight(await Trainer.compile(petRecipe({ label: pets }))())
  assert.equal(expectRight(trainer.model(trainer.init())).labels, ['cat', 'dog'])
  const loaded = expectRight(Model.load(standard)(fitted.save()))
  assert.equal(loaded.labels, ['cat', 'dog'])
  assert.equal(
    expectRight(loaded.classify([1, 2, 3]))[0]
      ?.map(x => x.label)
      .sort(),
    ['cat', 'dog'],
  )
  assertBits(expectRight(loaded.predict(numbers(30))), expectRight(fitted.predict(numbers(30))))
})

test('classify sorts probabilities that sum to 1 and are the softmax of predict', async () => {
  const trainer = expectRight(await Trainer.compile(small({ label: Label.classes('a', 'b', 'c') }))())
  const model = expectRight(trainer.model(trainer.init()))
  const x = numbers(6 * 300)
  const logits = expectRight(model.predict(x))
  const all = expectRight(model.classify(x))
  assert.is(all.length, 300)
  all.forEach((row, r) => {
    assert.is(row.length, 3)
    assertClose([row.reduce((sum, { p }) => sum + p, 0)], [1], { abs: 1e-6 })
    const e = [0, 1, 2].map(c => Math.exp(logits[3 * r + c] as number))
    const total = e.reduce((a, b) => a + b)
    row.forEach(({ label, p }, i) => {
      assert.ok(i === 0 || p <= (row[i - 1]?.p ?? 0))
      assertClose([p], [(e['abc'.indexOf(label)] as number) / total], { rel: 1e-5 })
    })
  })
})

test('equal probabilities keep the order of the classes; huge logits stay finite', async () => {
  const trainer = expectRight(await Trainer.compile(petRecipe({ label: pets }))())
  const of = (w: readonly number[]) => expectRight(trainer.model(stateWith(trainer, new Map([['dense1/w', w]]))))
  assert.equal(orThrow(of([0, 0, 0, 0, 0, 0]).classify([1, 1, 1])), [
    [
      { label: 'cat', p: 0.5 },
      { label: 'dog', p: 0.5 },
    ],
  ])
  assert.equal(orThrow(of([0, 3e38, 0, 0, 0, 0]).classify([1, 1, 1])), [
    [
      { label: 'dog', p: 1 },
      { label: 'cat', p: 0 },
    ],
  ])
})

test('a net for values predicts, and says so when asked for classes', async () => {
  const net = pipe(Net.input(2, 3), Layer.flatten(), Layer.dense(4), Layer.reshape(2, 2))
  const recipe = Recipe.of({ net, loss: Loss.mse(), optimizer: Optimizer.adam(), batch: 2, epochs: 1, seed: 1 })
  const trainer = expectRight(await Trainer.compile(recipe)())
  const model = expectRight(trainer.model(trainer.init()))
  assert.equal([model.shape, model.labels, model.target], [[2, 2], [], 'values'])
  assert.is(expectRight(model.predict(numbers(18))).length, 12)
  assert.match(expectLeft(model.classify(numbers(18))).message, /classify.*predict/)
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY])
    assert.match(
      expectLeft(model.predict(Float32Array.from(numbers(18)).fill(bad, 17))).message,
      new RegExp(`row 3 of the input holds ${bad}`),
    )
  assertBits(
    expectRight(expectRight(Model.load(standard)(model.save())).predict(numbers(18))),
    expectRight(model.predict(numbers(18))),
  )
})

test('inputs by name, in any order; one that is missing, too much or uneven is named', async () => {
  const { b, a } = Net.inputs({ b: [2], a: [1] })
  const net = pipe(Layer.concat(a, b), Layer.dense(2, { init: Init.ones() }))
  const trainer = expectRight(await Trainer.compile({ ...petRecipe(), net })())
  const model = expectRight(trainer.model(trainer.init()))
  const expected = Float32Array.of(6, 6, 60, 60)
  assertBits(expectRight(model.predict({ a: [1, 10], b: [2, 3, 20, 30] })), expected)
  assertBits(expectRight(model.predict({ b: Float64Array.of(2, 3, 20, 30), a: Uint8Array.of(1, 10) })), expected)
  const message = (x: object) => expectLeft(model.predict(x as Parameters<typeof model.predict>[0])).message
  assert.match(message({ a: [1] }), /"b" \[2\]/)
  assert.match(message([1, 2, 3]), /by name.* a, b$/)
  assert.match(message({ a: [1], b: [2, 3], c: [4] }), /no input "c"; the inputs are a, b$/)
  assert.match(message({ a: [1], b: [1, 2, 3] }), /3 numbers.*"b" \[2\]/)
  assert.match(message({ a: [1], b: [1, 2, 3, 4] }), /"b" has 2 rows.*1/)
  assert.match(message({ a: [1], b: [1, Number.NaN] }), /row 1.*"b".*NaN/)
  assert.match(message({ a: [], b: [] }), /0 numbers/)
})

test('a model has the moving statistics and parameters, and nothing of the optimizer', async () => {
  const trainer = expectRight(await Trainer.compile(small())())
  const model = expectRight(trainer.model(trainer.init()))
  assert.equal(
    model.variables.map(v => v.name),
    [
      'dense1/w',
      'dense1/b',
      'batchNorm1/gamma',
      'batchNorm1/beta',
      'batchNorm1/mean',
      'batchNorm1/variance',
      'dense2/w',
      'dense2/b',
    ],
  )
})

test('a model trained on raw bytes takes raw bytes', async () => {
  const net = pipe(Net.input(6), Layer.rescale(1 / 255), Layer.dense(3))
  const bytes = Uint8Array.from(numbers(6 * 19), v => 100 * (v + 1))
  const train = expectRight(Data.of({ inputs: [6], label: Label.classes(3) })({ x: bytes, y: rows(19).labels }))
  const fitted = expectRight(await Trainer.fit(small({ net }))({ train })())
  assertBits(expectRight(fitted.predict(bytes)), expectRight(fitted.predict(Float32Array.from(bytes))))
})

test.run()
