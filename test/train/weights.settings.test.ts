/** Weights of classes and rows as settings: balanced, as JSON, by name, watched, and what is refused. */
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Data, Label, Loss, Metric, Recipe, Stop, standard, Trainer } from '../../src/index.js'
import { assertClose, expectLeft, expectRight } from '../support/assert.js'
import { hashOf, rows, small } from './support.js'
import { descent, linear, weighed } from './weights.support.js'

const test = suite('settings of weights')

// --- balanced -----------------------------------------------------------------------------------------------------------
// sklearn.utils.class_weight.compute_class_weight('balanced', classes=[0, 1, 2], y=[0, 0, 0, 1, 2, 2, 2, 2])
test('balanced class weights: those of scikit-learn', () => {
  const of = (y: readonly number[]) =>
    expectRight(Data.of({ inputs: [1], label: Label.classes(3) })({ x: new Float32Array(y.length), y }))
  assert.equal(expectRight(Data.balancedClassWeights(of([0, 0, 0, 1, 2, 2, 2, 2]))), [8 / 9, 8 / 3, 8 / 12])
  assert.match(expectLeft(Data.balancedClassWeights(of([0, 0, 2]))).message, /class 1 has no row/)
  assert.match(expectLeft(Data.balancedClassWeights(of([1, 1, 2]))).message, /class 0 has no row/)
})

test('balanced: every class has the same share of the loss, rows weigh 1 on average', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 40 }), more => {
      const y = [0, 1, 2, ...more]
      const weights = expectRight(
        Data.balancedClassWeights(
          expectRight(Data.of({ inputs: [1], label: Label.classes(3) })({ x: new Float32Array(y.length), y })),
        ),
      )
      const shares = [0, 1, 2].map(c => (weights[c] as number) * y.filter(z => z === c).length)
      assertClose(shares, new Array(3).fill(y.length / 3), { rel: 1e-12 })
    }),
  )
})

// --- settings as JSON -------------------------------------------------------------------------------------------------
test('what is not used leaves the recipe, its JSON and its hash as they were', () => {
  const plain = small()
  const codec = Recipe.codec(standard)
  const defaults = small({ reduction: 'weightedMean', weightedMetrics: [] })
  assert.equal(defaults, plain)
  assert.is(Recipe.hash(defaults), Recipe.hash(plain))
  assert.not('classWeights' in (codec.encode(plain) as object))
  for (const changes of [
    { classWeights: [1, 2, 3] },
    { classWeights: { 0: 1, 1: 2, 2: 3 } },
    { reduction: 'sumOverBatchSize' as const },
    { weightedMetrics: [Metric.accuracy(), Metric.topK(2)] },
  ]) {
    const recipe = small(changes)
    assert.is.not(Recipe.hash(recipe), Recipe.hash(plain))
    const again = expectRight(codec.decode(JSON.parse(JSON.stringify(codec.encode(recipe)))))
    assert.equal(codec.encode(again), codec.encode(recipe))
    assert.is(Recipe.hash(again), Recipe.hash(recipe))
  }
})

// --- by name --------------------------------------------------------------------------------------------------------------
test('class weights by the names of the label, in any order, or by index', async () => {
  const label = Label.classes('cat', 'dog', 'eel')
  const hashes = []
  for (const classWeights of [[1, 2, 3], { eel: 3, cat: 1, dog: 2 }, { 2: 3, 0: 1, 1: 2 }]) {
    const trainer = expectRight(await Trainer.compile(small({ ...descent, label, classWeights }))())
    hashes.push(hashOf(expectRight(trainer.step(trainer.init(), rows(5))).state))
  }
  assert.is(new Set(hashes).size, 1)
  // where the names are numbers of other classes, a name is a name
  const odd = { label: Label.classes('2', '1', '0'), classWeights: { 0: 3, 1: 2, 2: 1 } }
  const trainer = expectRight(await Trainer.compile(small({ ...descent, ...odd }))())
  assert.is(hashOf(expectRight(trainer.step(trainer.init(), rows(5))).state), hashes[0])
})

test('a rule to stop may watch a weighted metric', async () => {
  const stop = Stop.early({ monitor: 'weightedAccuracy', patience: 1 })
  const recipe = small({ ...descent, stop, weightedMetrics: [Metric.accuracy()], classWeights: [1, 2, 1], epochs: 4 })
  const fitted = expectRight(await Trainer.fit(recipe)({ train: rows(19), validation: rows(19) })())
  assert.type(fitted.history[0]?.validation?.['weightedAccuracy'], 'number')
})

// --- bad input ----------------------------------------------------------------------------------------------------------
test('bad input: recipes', async () => {
  const says = async (changes: Parameters<typeof small>[0], words: RegExp) => {
    const left = expectLeft(await Trainer.compile(small({ ...descent, ...changes }))())
    assert.is(left._tag, 'RecipeError')
    assert.match(left.message, words)
  }
  await says({ classWeights: [1, 2] }, /^there are 2 class weights for 3 classes$/)
  await says({ classWeights: [1, -2, 3] }, /class 1: the weight -2 is negative/)
  await says({ classWeights: [1, Number.NaN, 3] }, /class 1: NaN is not allowed/)
  await says({ classWeights: [1, 1e39, 3] }, /too large/)
  await says({ classWeights: [0, 0, 0] }, /all class weights are 0/)
  await says({ classWeights: { 0: 1, 1: 2 } }, /the class "2" has no class weight/)
  await says({ classWeights: { 0: 1, 1: 2, 2: 1, 3: 1 } }, /name "3", but the classes are 0, 1, 2/)
  await says({ classWeights: { cat: 1 } }, /name "cat".*give the recipe the label/)
  await says(
    { label: Label.classes('a', 'b', 'c'), classWeights: { a: 1, x: 2 } },
    /name "x", but the classes are a, b, c$/,
  )
  await says({ reduction: 'mean' as 'weightedMean' }, /^reduction must be "weightedMean" or "sumOverBatchSize"/)
  await says({ weightedMetrics: [Metric.accuracy(), Metric.accuracy()] }, /weightedAccuracy, which is reported already/)
  const values = Recipe.of({
    net: linear,
    loss: Loss.mse(),
    optimizer: [],
    batch: 1,
    epochs: 1,
    seed: 0,
    classWeights: [1, 1, 1],
  })
  assert.match(expectLeft(await Trainer.compile(values)()).message, /class weights need class labels.*mse wants values/)
})

test('bad input: data', async () => {
  assert.match(expectLeft(Data.withWeights([1, 2])(rows(3))).message, /^weights: there are 2 weights for 3 rows$/)
  assert.match(expectLeft(Data.withWeights([1, -2, 3])(rows(3))).message, /^weights\[1\]: the weight -2 is negative$/)
  assert.match(
    expectLeft(Data.withWeights([1, 2, Infinity])(rows(3))).message,
    /^weights\[2\]: Infinity is not allowed/,
  )
  const trainer = expectRight(await Trainer.compile(small())())
  const state = trainer.init()
  for (const used of [trainer.step, trainer.evaluate, trainer.gradients, trainer.statistics])
    assert.match(expectLeft(used(state, weighed(4))).message, /compile it with \{ weighted: true \}/)
  expectRight(trainer.step(state, Data.withoutWeights(weighed(4))))
  const broken = { ...rows(4), weights: new Float32Array(3) }
  assert.match(expectLeft(await Trainer.fit(small())({ train: broken })()).message, /^train: there are 3 weights for 4/)
})

test.run()
