/** Runs over steps whose loss or gradients are not finite: with a guard they go on, without one they say where. */
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  Data,
  type FitEvent,
  Guard,
  Label,
  Layer,
  Loss,
  Monitor,
  Net,
  Optimizer,
  pipe,
  Recipe,
  Stop,
  Trainer,
} from '../../src/index.js'
import { assertBits, expectLeft, expectRight } from '../support/assert.js'
import { floats, numbers, tensorsOf } from './support.js'

const test = suite('guarded')

/** Rows of numbers whose squares overflow float32 at some places: there the loss is infinite. */
const rowsWith = (n: number, bad: readonly number[]) => {
  const y = numbers(n, 5).map((v, i) => (bad.includes(i) ? 1e30 : v))
  return expectRight(
    Data.of({ inputs: [3], label: Label.values(2) })({ x: numbers(3 * n), y: [...y].flatMap(v => [v, v]) }),
  )
}
const net = pipe(Net.input(3), Layer.dense(4), Layer.batchNorm(), Layer.tanh(), Layer.dense(2))
const adam = Optimizer.adam({ rate: 0.05 })
const recipeOf = (optimizer: Optimizer.Optimizer, more: { readonly epochs?: number; readonly stop?: Stop } = {}) =>
  Recipe.of({ net, loss: Loss.mse(), optimizer, batch: 4, batching: 'keepRemainder', epochs: 2, seed: 3, ...more })
const guarded = (more = {}) => recipeOf(Optimizer.chain(Guard.skip(), adam), more)

/** The rows of the batches of a run, by hand. */
const batches = (recipe: ReturnType<typeof guarded>, data: ReturnType<typeof rowsWith>) =>
  Array.from({ length: recipe.epochs }, (_, e) => expectRight(Trainer.batches(recipe, e + 1)(data))).flat()

test('a guarded run is the run without the batches that are not finite, batch norm included', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.integer({ min: 0, max: 17 }), { maxLength: 3 }), async bad => {
      const data = rowsWith(18, bad)
      const trainer = expectRight(await Trainer.compile(guarded())())
      const plain = expectRight(await Trainer.compile(recipeOf(adam))())
      let [state, clean] = [trainer.init(), plain.init()]
      for (const batch of batches(guarded(), data)) {
        const broken = batch.labels.some(v => v > 1e20)
        const next = expectRight(trainer.step(state, batch))
        assert.is(next.skipped, broken)
        assert.is(Number.isFinite(next.metrics.loss), !broken)
        assert.equal(Object.keys(next.metrics).sort(), ['loss', 'rate'])
        state = next.state
        if (!broken) clean = expectRight(plain.step(clean, batch)).state
      }
      const [kept, expected] = [tensorsOf(trainer, state), tensorsOf(plain, clean)]
      for (const [name, tensor] of expected) {
        if (name === 'step' || name.startsWith('optimizer/') || name.startsWith('key/')) continue
        assertBits(floats(kept.get(name)), floats(tensor), name)
      }
      assert.ok([...expected.keys()].some(name => /batchNorm1\/.*(mean|variance)/i.test(name)))
    }),
    { numRuns: 8 },
  )
})

test('the means of an epoch are over the steps that count, and events say how many did not', async () => {
  const data = rowsWith(18, [2, 9])
  const recipe = guarded()
  const events: FitEvent[] = []
  const each = Monitor.fold({ start: 0, step: s => ({ state: s }), next: (_, step) => step + 1 })
  const fitted = expectRight(
    await Trainer.fit(recipe, { on: e => events.push(e), monitors: [each] })({ train: data })(),
  )
  const trainer = expectRight(await Trainer.compile(recipe)())
  let state = trainer.init()
  const seen = batches(recipe, data).map(batch => {
    const next = expectRight(trainer.step(state, batch))
    state = next.state
    return { rows: batch.size, loss: next.metrics.loss, skipped: next.skipped }
  })
  for (const [i, { train, skipped }] of fitted.history.entries()) {
    const all = seen.slice(5 * i, 5 * i + 5)
    const counted = all.filter(b => !b.skipped)
    assert.is(skipped, 5 - counted.length)
    assert.ok(skipped >= 1)
    const rows = counted.reduce((n, b) => n + b.rows, 0)
    assert.is(train.loss, counted.reduce((s, b) => s + b.rows * b.loss, 0) / rows)
  }
  const running = events.flatMap(e => (e._tag === 'Progress' && e.epoch === 1 ? [e.skipped] : []))
  assert.equal(
    running,
    [1, 2, 3, 4].map(n => seen.slice(0, n).filter(b => b.skipped).length),
  )
  assert.is(fitted.hash, expectRight(await Trainer.fit(recipe)({ train: data })()).hash)
})

test('a run goes on from a checkpoint after a skipped step to the same bits and means', async () => {
  const data = rowsWith(18, [2, 9])
  const { sink, kept } = Monitor.inMemory(99)
  const monitors = [Monitor.checkpoints({ every: { steps: 1 } }, sink)]
  const whole = expectRight(await Trainer.fit(guarded(), { monitors })({ train: data })())
  for (const { bytes, step } of kept().slice(0, 6)) {
    const resumed = expectRight(await Trainer.fit(guarded(), { from: bytes })({ train: data })())
    assert.is(resumed.hash, whole.hash)
    const later = whole.history.filter(e => e.step > step)
    assert.equal(
      resumed.history.map(e => [e.train, e.skipped]),
      later.map(e => [e.train, e.skipped]),
    )
  }
})

test('where every step is skipped nothing is trained, and the mean is no number', async () => {
  const data = rowsWith(8, [0, 1, 2, 3, 4, 5, 6, 7])
  const [epoch] = expectRight(await Trainer.fit(guarded({ epochs: 1 }))({ train: data })()).history
  assert.is(epoch?.skipped, 2)
  assert.ok(Number.isNaN(epoch?.train.loss))
})

test('Stop.skipped ends a run with too many', async () => {
  const of = async (most: number) =>
    expectRight(await Trainer.fit(guarded({ epochs: 5, stop: Stop.skipped({ most }) }))({ train: rowsWith(18, [2]) })())
      .history.length
  assert.is(await of(0), 1)
  assert.is(await of(1), 5)
})

test('in phases too: where the loss is not finite apply skips as the step does, or says where', async () => {
  const [fine, broken] = [rowsWith(4, []), rowsWith(4, [1])]
  for (const recipe of [guarded(), recipeOf(adam)]) {
    const trainer = expectRight(await Trainer.compile(recipe)())
    const after = () => expectRight(trainer.step(trainer.init(), fine)).state
    const [one, other] = [after(), after()]
    const computed = expectRight(trainer.gradients(one, broken))
    assert.is(computed.metrics.loss, Infinity)
    const [stepped, applied] = [trainer.step(other, broken), trainer.apply(one, computed)]
    if (recipe.optimizer.length === 1) {
      assert.equal(expectLeft(applied), expectLeft(stepped))
      continue
    }
    assert.is(expectRight(applied).skipped, true)
    const [a, b] = [stepped, applied].map(s => tensorsOf(trainer, expectRight(s).state))
    for (const [path, { bytes }] of a ?? []) assertBits(b?.get(path)?.bytes ?? new Uint8Array(), bytes, path)
  }
})

test('accumulation in between does not hold batch norm, a guard does', async () => {
  const data = rowsWith(8, [])
  const optimizer = Optimizer.accumulate(2, adam)
  const trainer = expectRight(await Trainer.compile(recipeOf(optimizer))())
  const before = tensorsOf(trainer, trainer.init())
  const after = tensorsOf(trainer, expectRight(trainer.step(trainer.init(), Data.take(4)(data))).state)
  const changed = [...before.keys()].filter(
    n => n.startsWith('batchNorm1/') && `${before.get(n)?.bytes}` !== `${after.get(n)?.bytes}`,
  )
  assert.is(changed.length, 2)
})

test('without a guard the step is an error that names it', async () => {
  const left = expectLeft(await Trainer.fit(recipeOf(adam))({ train: rowsWith(18, [2]) })())
  assert.is(left._tag, 'NonFinite')
  const trainer = expectRight(await Trainer.compile(recipeOf(adam))())
  assert.is(expectLeft(trainer.step(trainer.init(), Data.take(4)(rowsWith(18, [2]))))._tag, 'NonFinite')
})

test.run()
