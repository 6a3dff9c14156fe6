/** The learning-rate range test against a loop by hand and its formulas. */
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  Clip,
  Data,
  Guard,
  Layer,
  Metric,
  Net,
  Optimizer,
  pipe,
  Recipe,
  Schedule,
  Stage,
  Stop,
  Trainer,
} from '../../src/index.js'
import { withRate } from '../../src/optim/withRate.js'
import { assertClose, expectLeft, expectRight } from '../support/assert.js'
import { rows, small } from './support.js'

const test = suite('rangeTest')
const train = rows(19)
const momentum = Optimizer.momentum({ rate: Schedule.cosine({ initial: 5, steps: 9 }) })
type Options = Parameters<typeof Trainer.rangeTest>[1]
type Changes = Parameters<typeof small>[0]
const range = async (optimizer: Optimizer.Optimizer, o: Options, changes: Changes = {}, data = train) =>
  expectRight(await Trainer.rangeTest(small({ optimizer, ...changes }), o)({ train: data })())

/** The losses of a loop by hand under an optimizer, the batches in the order of `fit`. */
const byHand = async (optimizer: Optimizer.Optimizer, steps: number, changes: Changes = {}, data = train) => {
  const recipe = small({ optimizer, ...changes })
  const trainer = expectRight(await Trainer.compile(recipe, { weighted: data.weights !== null })())
  let state = trainer.init()
  const seen: { readonly loss: number; readonly rate: number }[] = []
  for (let epoch = 1; seen.length < steps; epoch++)
    for (const batch of expectRight(Trainer.batches(recipe, epoch)(data))) {
      const next = expectRight(trainer.step(state, batch))
      state = next.state
      seen.push({ loss: next.metrics.loss, rate: next.metrics['rate'] ?? Number.NaN })
    }
  return seen.slice(0, steps)
}

test('the losses are those of the recipe’s optimizer under the rising rate, whatever its schedule was', async () => {
  const o = { low: 1e-3, high: 1e-1, steps: 11, limit: 1e9 }
  for (const form of ['exponential', 'linear'] as const) {
    const { rates, losses, diverged } = await range(Optimizer.chain(Clip.byGlobalNorm(1), momentum), { ...o, form })
    const rising =
      form === 'linear'
        ? Schedule.linear({ initial: 1e-3, final: 1e-1, steps: 10 })
        : Schedule.exponential({ initial: 1e-3, decay: 100, steps: 10 })
    const seen = await byHand(Optimizer.chain(Clip.byGlobalNorm(1), Optimizer.momentum({ rate: rising })), 11)
    assert.equal(
      losses,
      seen.map(s => s.loss),
    )
    const expected = rates.map((_, t) => (form === 'linear' ? 1e-3 + (t / 10) * 0.099 : 1e-3 * 100 ** (t / 10)))
    assertClose(rates, expected, { rel: 1e-12 })
    assert.is(diverged, null)
  }
})

test('weights of rows and classes count in its losses as in those of a step', async () => {
  const weights = Array.from({ length: 19 }, (_, i) => (i % 4) / 2)
  const data = expectRight(Data.withWeights(weights)(train))
  const o = { low: 1e-3, high: 1e-1, steps: 7, limit: 1e9 }
  const rising = Optimizer.momentum({ rate: Schedule.exponential({ initial: 1e-3, decay: 100, steps: 6 }) })
  const plain = (await range(momentum, o)).losses
  for (const changes of [{}, { reduction: 'sumOverBatchSize', classWeights: [1, 2, 0.5] }] as const) {
    const { losses } = await range(momentum, o, changes, data)
    assert.equal(
      losses,
      (await byHand(rising, 7, changes, data)).map(s => s.loss),
    )
    assert.not.equal(losses, plain)
  }
})

test('smoothed losses are means weighted by b^age', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(0, 0.5, 0.9, 0.98), fc.integer({ min: 3, max: 15 }), async (b, steps) => {
      const { losses, smoothed } = await range(momentum, { low: 1e-3, high: 0.3, steps, smoothing: b, limit: 1e9 })
      const expected = losses.map((_, t) => {
        const weights = losses.slice(0, t + 1).map((_l, i) => b ** (t - i))
        const total = weights.reduce((s, w) => s + w, 0)
        return weights.reduce((s, w, i) => s + w * (losses[i] as number), 0) / total
      })
      assert.is(smoothed.length, steps)
      assertClose(smoothed, expected, { rel: 1e-9 })
    }),
    { numRuns: 6 },
  )
})

test('steepest is where the smoothed loss falls fastest, lowest where it is lowest', async () => {
  for (const skip of [0, 7]) {
    const o = { low: 1e-3, high: 0.5, steps: 40, smoothing: 0.8, limit: 1e9, skip }
    const { rates, smoothed, steepest, lowest } = await range(momentum, o)
    const slopes = smoothed.map((_, i) =>
      i < Math.max(skip, 1) || i === smoothed.length - 1 ? 0 : ((smoothed[i + 1] ?? 0) - (smoothed[i - 1] ?? 0)) / 2,
    )
    assert.ok(Math.min(...slopes) < 0)
    assert.is(steepest, rates[slopes.indexOf(Math.min(...slopes))])
    assert.is(lowest, rates[smoothed.indexOf(Math.min(...smoothed))])
  }
})

test('the test ends where the loss diverges', async () => {
  const o = { low: 1e-2, high: 1e9, steps: 60, smoothing: 0.5 }
  for (const limit of [1.05, 1.3, 2, 4]) {
    const { losses, smoothed, rates, diverged } = await range(Optimizer.sgd({ rate: 1 }), { ...o, limit })
    assert.ok(losses.length < 60 && losses.every(Number.isFinite))
    assert.is(diverged?.step, losses.length)
    assert.is(diverged?.rate, rates[rates.length - 1])
    const past = (i: number) => (smoothed[i] as number) > limit * Math.min(...smoothed.slice(0, i))
    assert.equal(
      smoothed.flatMap((_, i) => (i > 0 && past(i) ? [i] : [])),
      [smoothed.length - 1],
    )
  }
  const net = pipe(Net.input(6), Layer.dense(7), Layer.relu(), Layer.dense(3))
  for (const optimizer of [Optimizer.sgd({ rate: 1 }), Optimizer.chain(Guard.skip(), Optimizer.sgd({ rate: 1 }))]) {
    const infinite = await range(optimizer, { ...o, high: 1e38, limit: Number.MAX_VALUE }, { net })
    assert.ok(infinite.losses.every(Number.isFinite))
    assert.is(infinite.diverged?.step, infinite.losses.length + 1)
  }
})

test('an update of several batches is one point, their mean', async () => {
  const o = { low: 1e-3, high: 1e-1, steps: 5, limit: 1e9 }
  const { rates, losses } = await range(Optimizer.accumulate(3, momentum), o)
  assertClose(
    rates,
    rates.map((_, t) => 1e-3 * 100 ** (t / 4)),
    { rel: 1e-12 },
  )
  const rising = Schedule.exponential({ initial: 1e-3, decay: 100, steps: 4 })
  const seen = await byHand(Optimizer.accumulate(3, Optimizer.momentum({ rate: rising })), 15)
  assert.equal(
    losses,
    [0, 1, 2, 3, 4].map(k => seen.slice(3 * k, 3 * k + 3).reduce((s, x) => s + x.loss, 0) / 3),
  )
})

test('rates of groups are replaced, a plateau left out, the rest kept', () => {
  const rate = Schedule.constant(0.5)
  const of = (r: Schedule.Rate, ...more: readonly Stage.Stage[]) =>
    Optimizer.chain(
      Guard.skip(),
      Stage.only({ include: ['a'] }, Optimizer.adam({ rate: r })),
      Stage.only({ exclude: ['a'] }, [...Optimizer.sgd({ rate: r }), ...more]),
      Optimizer.scaleRate({ factor: 3 }),
      ...more,
    )
  assert.equal(expectRight(withRate(of(7, Optimizer.plateau()), rate)), of(rate))
  assert.match(expectLeft(withRate([Clip.byNorm(1)], rate)).message, /no learning rate/)
  const odd = Stage.define({
    kind: 'acme/odd',
    config: small().loss.def?.config as never,
    slots: () => [],
    rate: () => Schedule.constant(1),
    apply: (_c, { gradients }) => ({ updates: gradients, slots: {} }),
  })(null as never)
  assert.match(expectLeft(withRate([odd], rate)).message, /acme\/odd/)
})

test('the same test twice, and the recipe as it was', async () => {
  const recipe = small({
    optimizer: momentum,
    stop: Stop.early({ patience: 1, monitor: 'accuracy' }),
    metrics: [Metric.accuracy()],
  })
  const hash = Recipe.hash(recipe)
  const once = expectRight(await Trainer.rangeTest(recipe)({ train })())
  assert.equal(expectRight(await Trainer.rangeTest(recipe)({ train })()), once)
  assert.is(Recipe.hash(recipe), hash)
  assert.ok(once.losses.length > 10)
})

test('settings at the ends of their ranges; a tenth of the steps is skipped by default', async () => {
  const ends = { low: 0.5, high: 0.6, steps: 3, smoothing: 0, limit: 1e9, skip: 0 }
  const { losses, smoothed } = await range(momentum, ends)
  assert.is(losses.length, 3)
  assert.equal(smoothed, losses)
  await range(momentum, { ...ends, limit: 1.5 })
  const o = { low: 1e-3, high: 1e-1, steps: 30, limit: 1e9 }
  const [usual, third, none] = [
    await range(momentum, o),
    await range(momentum, { ...o, skip: 3 }),
    await range(momentum, { ...o, skip: 300 }),
  ]
  assert.equal(usual, third)
  assert.is.not(usual.steepest, null)
  assert.is(none.steepest, null)
})

test('settings and data that do not fit', async () => {
  const wrong: readonly (readonly [object, RegExp])[] = [
    [{ low: 0 }, /low .* 0$/],
    [{ low: Number.NaN }, /low .* NaN$/],
    [{ low: 1, high: 1 }, /high .* > low, 1, .* 1$/],
    [{ steps: 2 }, /steps .* 2$/],
    [{ form: 'cubic' }, /form .* cubic$/],
    [{ smoothing: 1 }, /smoothing .* 1$/],
    [{ limit: 1 }, /limit .* 1$/],
    [{ skip: -1 }, /skip .* -1$/],
  ]
  for (const [o, words] of wrong) {
    const left = expectLeft(await Trainer.rangeTest(small(), o)({ train })())
    assert.is(left._tag, 'RecipeError')
    assert.match(left.message, words)
  }
  const none = small({ optimizer: Optimizer.chain(Clip.byValue(1)) })
  assert.match(expectLeft(await Trainer.rangeTest(none)({ train })()).message, /no learning rate/)
  assert.match(expectLeft(await Trainer.rangeTest(small())({ train: Data.take(2)(train) })()).message, /4 rows/)
})

test.run()
