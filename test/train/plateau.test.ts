/** A plateau judged at the end of each epoch: on the validation data, part of the state. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Data, Metric, Optimizer, Recipe, Stage, State, standard, Trainer } from '../../src/index.js'
import { expectLeft, expectRight } from '../support/assert.js'
import { rows, small } from './support.js'

const test = suite('plateau by epochs')
const split = { train: Data.slice(0, 19)(rows(30)), validation: Data.slice(19)(rows(30)) }
const rate = 0.3
const of = (o: Optimizer.PlateauOptions) =>
  Optimizer.chain(Optimizer.sgd({ rate }), Optimizer.plateau({ per: 'epoch', factor: 0.5, patience: 0, ...o }))

/** The rates of the epochs by torch's ReduceLROnPlateau, told a value at each epoch's end. */
const expected = (values: readonly number[], patience: number, way: 'min' | 'max'): readonly number[] => {
  let [factor, best, bad] = [1, Infinity, 0]
  return values.map(v => {
    const now = factor
    const value = way === 'max' ? -v : v
    if (value < best - (best === Infinity ? 0 : Math.abs(best) * 1e-4)) [best, bad] = [value, 0]
    else bad += 1
    if (bad > patience) [factor, bad] = [factor * 0.5, 0]
    return now * rate
  })
}

test('the rate falls when the validation does not, and only at the end of an epoch', async () => {
  const cases: readonly (readonly [Optimizer.PlateauOptions, string, 'min' | 'max', number])[] = [
    [{}, 'loss', 'min', 0],
    [{ patience: 1 }, 'loss', 'min', 1],
    [{ monitor: Metric.accuracy() }, 'accuracy', 'max', 0],
  ]
  for (const [o, name, way, patience] of cases)
    for (const data of [split, { train: split.train }]) {
      const { history } = expectRight(await Trainer.fit(small({ optimizer: of(o), epochs: 9 }))(data)())
      const values = history.map(e => (e.validation ?? e.train)[name] as number)
      const rates = history.map(e => e.rate)
      assert.equal(rates, expected(values, patience, way), `${name} ${patience}`)
      assert.ok((rates[8] ?? 1) < rate)
    }
})

test('what it depends on is part of the state: a resumed run goes on alike, and so does a loop by hand', async () => {
  const recipe = small({ optimizer: [Stage.only({ include: ['**'] }, of({}))], epochs: 6 })
  const files: Uint8Array[] = []
  const whole = expectRight(
    await Trainer.fit(recipe, {
      on: e => {
        if (e._tag === 'Epoch') files.push(expectRight(e.checkpoint()))
      },
    })(split)(),
  )
  for (const from of files) assert.is(expectRight(await Trainer.fit(recipe, { from })(split)()).hash, whole.hash)
  const trainer = expectRight(await Trainer.compile(recipe)())
  let state = trainer.init()
  for (let epoch = 1; epoch <= 6; epoch++) {
    for (const batch of expectRight(Trainer.batches(recipe, epoch)(split.train)))
      state = expectRight(trainer.step(state, batch)).state
    const before = state
    state = expectRight(trainer.judge(state, expectRight(trainer.evaluate(state, split.validation))))
    assert.is(expectLeft(State.hash(before))._tag, 'StateConsumed')
  }
  assert.is(expectRight(State.hash(state)), whole.hash)
  assert.match(expectLeft(trainer.judge(state, {})).message, /watches loss/)
})

test('as data: JSON of the plateau by steps as before, and what nobody reports is refused', async () => {
  const [stage] = [Optimizer.plateau()]
  assert.equal(Object.keys(stage.config as object).sort(), [
    'cooldown',
    'every',
    'factor',
    'patience',
    'smallest',
    'threshold',
  ])
  const codec = Recipe.codec(standard)
  for (const o of [{}, { monitor: Metric.accuracy() }] as const) {
    const recipe = small({ optimizer: of(o) })
    assert.equal(expectRight(codec.decode(JSON.parse(JSON.stringify(codec.encode(recipe))))), recipe)
  }
  const unheard = small({ optimizer: of({ monitor: Metric.topK(2) }) })
  assert.match(expectLeft(await Trainer.fit(unheard)(split)()).message, /watches "top2".*loss, accuracy/)
})

test.run()
