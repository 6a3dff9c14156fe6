/** Weights of classes and rows: torch's form from torch, Keras' from Keras, and that they reach everything. */
import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pipe } from '#fp/function.js'
import {
  Data,
  Label,
  Layer,
  Loss,
  Metric,
  Net,
  Optimizer,
  Penalty,
  Recipe,
  type Reduction,
  State,
  Trainer,
} from '../../src/index.js'
import { keras } from '../optim/libraries.js'
import { assertBits, assertClose, expectRight } from '../support/assert.js'
import { floats, hashOf, rows, small, stateWith, tensorsOf } from './support.js'
import { descent, weighed } from './weights.support.js'

const test = suite('weights')
const near = (actual: ArrayLike<number>, expected: ArrayLike<number>, what?: string) =>
  assertClose(actual, expected, { rel: 1e-5, abs: 1e-6 }, what)

// --- torch and Keras --------------------------------------------------------------------------------------------------
interface Tensor {
  readonly data: readonly number[]
}
interface Case {
  readonly name: string
  readonly classWeights: readonly number[]
  readonly start: { readonly w: Tensor; readonly b: Tensor }
  readonly batches: readonly { readonly x: Tensor; readonly labels: Tensor; readonly weights?: Tensor }[]
  readonly losses: readonly number[]
  readonly total: number
  readonly gradients: { readonly w: Tensor; readonly b: Tensor }
  readonly final: { readonly w: Tensor; readonly b: Tensor }
}
const oracle: { readonly rate: number; readonly steps: number; readonly cases: readonly Case[] } = JSON.parse(
  readFileSync(new URL('../oracle/weights.json', import.meta.url), 'utf8'),
)

const inForms = [
  ...oracle.cases.map(c => ({ ...c, form: 'torch' })),
  ...keras.weights.map(({ of, ...said }) => ({ ...(oracle.cases[of] as Case), ...said, form: 'keras' })),
]

for (const c of inForms)
  test(`losses, gradients and ten steps: ${c.form}, weights of ${c.name}`, async () => {
    const recipe = Recipe.of({
      net: pipe(Net.input(5), Layer.dense(3, { name: 'd' })),
      loss: Loss.softmaxCrossEntropy(),
      optimizer: Optimizer.sgd({ rate: oracle.rate }),
      batch: 5,
      epochs: 1,
      seed: 0,
      classWeights: c.classWeights,
      reduction: c.form === 'torch' ? 'weightedMean' : 'sumOverBatchSize',
    })
    const trainer = expectRight(await Trainer.compile(recipe, { weighted: true })())
    const batches = c.batches.map(({ x, labels, weights }) =>
      expectRight(
        Data.of({ inputs: [5], label: Label.classes(3) })({
          x: x.data,
          y: labels.data,
          ...(weights && { weights: weights.data }),
        }),
      ),
    )
    const start = new Map([
      ['d/w', c.start.w.data],
      ['d/b', c.start.b.data],
    ])
    let state = stateWith(trainer, start)
    near(
      batches.map(b => expectRight(trainer.evaluate(state, b)).loss),
      c.losses,
      'losses',
    )
    const all = batches.slice(1).reduce((a, b) => expectRight(Data.concat(b)(a)), batches[0] as (typeof batches)[0])
    assert.is(all.size, 16) // more than a batch: evaluated in parts of 5
    near([expectRight(trainer.evaluate(state, all)).loss], [c.total], 'all batches')
    const { gradients } = expectRight(trainer.gradients(state, batches[0] as (typeof batches)[0]))
    near(gradients['d/w']?.values ?? [], c.gradients.w.data, 'gradient of w')
    near(gradients['d/b']?.values ?? [], c.gradients.b.data, 'gradient of b')
    for (let i = 0; i < oracle.steps; i++)
      state = expectRight(trainer.step(state, batches[i % 3] as (typeof batches)[0])).state
    near(floats(tensorsOf(trainer, state).get('d/w')), c.final.w.data, 'w')
    near(floats(tensorsOf(trainer, state).get('d/b')), c.final.b.data, 'b')
  })

// --- laws ---------------------------------------------------------------------------------------------------------------
test('weights of 1 change no bit', async () => {
  const bare = small()
  const run = async (recipe: typeof bare, n = rows(19)) => expectRight(await Trainer.fit(recipe)({ train: n })())
  const plain = await run(bare)
  for (const [recipe, data] of [
    [small({ classWeights: [1, 1, 1] }), rows(19)],
    [small({ reduction: 'sumOverBatchSize', classWeights: [1, 1, 1] }), rows(19)],
    [bare, weighed(19, new Float32Array(19).fill(1))],
  ] as const) {
    const other = await run(recipe, data)
    assert.is(other.hash, plain.hash)
    assertClose([other.history[0]?.train.loss ?? 0], [plain.history[0]?.train.loss ?? 1], { rel: 1e-6 })
  }
  assert.is.not((await run(bare, weighed(19))).hash, plain.hash)
  assert.is.not((await run(small({ classWeights: [1, 2, 1] }))).hash, plain.hash)
})

test('a row of weight 2 counts like that row twice, one of weight 0 like none', async () => {
  const trainer = expectRight(await Trainer.compile(small(descent), { weighted: true, rows: 20 })())
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 6, maxLength: 6 }), weights => {
      fc.pre(weights.some(w => w > 0))
      const repeated = weights.flatMap((w, i) => new Array<number>(w).fill(i))
      const counted = expectRight(trainer.gradients(trainer.init(), weighed(6, Float32Array.from(weights))))
      const plain = expectRight(trainer.gradients(trainer.init(), expectRight(Data.gather(repeated)(rows(6)))))
      near([counted.metrics.loss], [plain.metrics.loss])
      for (const [path, g] of Object.entries(counted.gradients))
        near(g.values, plain.gradients[path]?.values ?? [], path)
    }),
    { numRuns: 20 },
  )
})

test('a mean of weights has no scale, a sum over the batch has', async () => {
  const gradient = async (reduction: Reduction, scale: number) => {
    const recipe = small({ ...descent, reduction, classWeights: [1, 2, 4].map(w => w * scale) })
    const trainer = expectRight(await Trainer.compile(recipe)())
    return expectRight(trainer.gradients(trainer.init(), rows(6))).gradients['dense1/w']?.values ?? []
  }
  near(await gradient('weightedMean', 8), await gradient('weightedMean', 1))
  near(
    await gradient('sumOverBatchSize', 8),
    Array.from(await gradient('sumOverBatchSize', 1), g => 8 * g),
  )
})

test('a batch whose weights are all 0 has loss 0 and no gradient, but the penalty', async () => {
  const net = pipe(Net.input(6), Layer.dense(3, { penalty: Penalty.l2(0.5) }))
  const trainer = expectRight(await Trainer.compile(small({ ...descent, net }), { weighted: true })())
  const state = trainer.init()
  const none = weighed(4, new Float32Array(4))
  const { metrics, gradients } = expectRight(trainer.gradients(state, none))
  const w = floats(tensorsOf(trainer, state).get('dense1/w'))
  assertClose([metrics.loss], [0.5 * w.reduce((n, x) => n + x * x, 0)], { rel: 1e-6 })
  assertBits(gradients['dense1/w']?.values as Float32Array, w)
  assert.ok(gradients['dense1/b']?.values.every(g => g === 0))
  assertClose([expectRight(trainer.evaluate(state, none)).loss], [metrics.loss], { rel: 1e-6 })
})

// --- means over batches, metrics ------------------------------------------------------------------------------------
test('means over many batches are means over their rows; metrics count rows alike unless they are weighted ones', async () => {
  const net = pipe(Net.input(6), Layer.dense(3, { penalty: Penalty.l2(0.1) }))
  const data = weighed(23)
  const r = Array.from(data.weights ?? [], (w, i) => w * ([2, 0.5, 1][data.labels[i] as number] as number))
  const sum = (xs: readonly number[]) => xs.reduce((a, b) => a + b, 0)
  for (const reduction of ['weightedMean', 'sumOverBatchSize'] as const) {
    const recipe = small({
      net,
      classWeights: [2, 0.5, 1],
      reduction,
      metrics: [Metric.accuracy()],
      weightedMetrics: [Metric.accuracy(), Metric.topK(2)],
      batch: 4,
    })
    const trainer = expectRight(await Trainer.compile(recipe, { weighted: true })())
    const state = trainer.init()
    const each = Array.from({ length: 23 }, (_, i) =>
      expectRight(trainer.evaluate(state, expectRight(Data.withWeights([1])(Data.slice(i, i + 1)(rows(23)))))),
    )
    const penalty = 0.1 * floats(tensorsOf(trainer, state).get('dense1/w')).reduce((n, x) => n + x * x, 0)
    // of one row: its loss, times its class weight in the sum form
    const losses = each.map((m, i) =>
      reduction === 'weightedMean'
        ? m.loss - penalty
        : (m.loss - penalty) / ([2, 0.5, 1][data.labels[i] as number] as number),
    )
    const hits = each.map(m => m['accuracy'] as number)
    const top = each.map(m => m['weightedTop2'] as number)
    const expected = {
      loss: sum(losses.map((l, i) => l * (r[i] as number))) / (reduction === 'weightedMean' ? sum(r) : 23) + penalty,
      accuracy: sum(hits) / 23,
      weightedAccuracy: sum(hits.map((h, i) => h * (r[i] as number))) / sum(r),
      weightedTop2: sum(top.map((h, i) => h * (r[i] as number))) / sum(r),
    }
    const found = expectRight(trainer.evaluate(state, data))
    assert.equal(Object.keys(found).sort(), Object.keys(expected).sort())
    for (const [name, value] of Object.entries(expected)) near([found[name] as number], [value], `${reduction} ${name}`)
    const wide = expectRight(await Trainer.compile(recipe, { weighted: true, rows: 23 })())
    const { metrics } = expectRight(wide.gradients(wide.init(), data))
    for (const [name, value] of Object.entries(expected))
      near([metrics[name] as number], [value], `of one batch: ${name}`)
    const parts = expectRight(trainer.statistics(state, data, { mode: 'infer' }))
    const whole = expectRight(wide.statistics(wide.init(), data, { mode: 'infer' }))
    near([parts.gradientNorm, parts.metrics.loss], [whole.gradientNorm, whole.metrics.loss])
    near(
      parts.layers.map(l => l.gradient.norm),
      whole.layers.map(l => l.gradient.norm),
    )
  }
})

test('statistics over many parts are those of one, with weights of rows only, of classes only, and with neither', async () => {
  const classWeights = [2, 0.5, 1]
  for (const reduction of ['weightedMean', 'sumOverBatchSize'] as const)
    for (const [data, recipe] of [
      [weighed(23), small({ reduction, batch: 4 })],
      [rows(23), small({ reduction, classWeights, batch: 4 })],
      [rows(23), small({ reduction, batch: 4 })],
    ] as const) {
      const [parts, whole] = await Promise.all(
        [4, 23].map(async n => {
          const trainer = expectRight(await Trainer.compile(recipe, { weighted: data.weights !== null, rows: n })())
          return expectRight(trainer.statistics(trainer.init(), data, { mode: 'infer' }))
        }),
      )
      const seen = (s: typeof parts) => [s?.gradientNorm ?? 0, ...(s?.layers.map(l => l.gradient.norm) ?? [])]
      near(
        seen(parts),
        seen(whole),
        `${reduction}, ${data.weights ? 'rows' : recipe.classWeights ? 'classes' : 'neither'}`,
      )
    }
})

test('statistics in parts of rows whose weights are all 0 are those of one: the penalty alone', async () => {
  const net = pipe(Net.input(6), Layer.dense(3, { penalty: Penalty.l2(0.5) }))
  const none = expectRight(Data.withWeights(new Float32Array(23))(rows(23)))
  const [parts, whole] = await Promise.all(
    [4, 23].map(async n => {
      const trainer = expectRight(await Trainer.compile(small({ net, batch: 4 }), { weighted: true, rows: n })())
      return expectRight(trainer.statistics(trainer.init(), none, { mode: 'infer' }))
    }),
  )
  assert.ok((whole?.gradientNorm ?? 0) > 0.1)
  near([parts?.gradientNorm ?? 0], [whole?.gradientNorm ?? 0])
})

test('an epoch reports the weighted mean over its rows, of the steps as they were', async () => {
  const recipe = small({ ...descent, optimizer: Optimizer.sgd({ rate: 0 }), epochs: 1, batch: 4 })
  const trained = expectRight(await Trainer.fit(recipe)({ train: weighed(19), validation: weighed(19) })())
  const { train, validation } = trained.history[0] as (typeof trained.history)[0]
  near([train.loss], [validation?.loss ?? 0])
  near([expectRight(trained.evaluate(weighed(19))).loss], [train.loss])
  assert.ok(Math.abs(expectRight(trained.evaluate(rows(19))).loss - train.loss) > 1e-3)
  assert.equal(Object.keys(train).sort(), ['accuracy', 'loss'])
  const judged = expectRight(await Trainer.fit(recipe)({ train: rows(19), validation: weighed(19) })()).history[0]
  near([judged?.validation?.loss ?? 0], [train.loss]) // only the rows to validate on have weights
})

test('a run over resident rows is the run by hand, bit for bit, and resumes from every step', async () => {
  const recipe = small({ classWeights: { 0: 1, 1: 3, 2: 0.5 }, weightedMetrics: [Metric.accuracy()] })
  const data = weighed(19)
  const fitted = expectRight(await Trainer.fit(recipe)({ train: data })())
  const trainer = expectRight(await Trainer.compile(recipe, { weighted: true })())
  let state = trainer.init()
  let apart = expectRight(State.fork(state))
  for (let epoch = 1; epoch <= recipe.epochs; epoch++)
    for (const batch of expectRight(Trainer.batches(recipe, epoch)(data))) {
      const stepped = expectRight(trainer.step(state, batch))
      const applied = expectRight(trainer.apply(apart, expectRight(trainer.gradients(apart, batch))))
      assert.equal(applied.metrics, stepped.metrics)
      assert.equal(Object.keys(stepped.metrics).sort(), ['accuracy', 'loss', 'rate', 'weightedAccuracy'])
      ;[state, apart] = [stepped.state, applied.state]
    }
  assert.is(hashOf(state), fitted.hash)
  assert.is(hashOf(apart), fitted.hash)
  const half = await Trainer.fit({ ...recipe, epochs: 1 })({ train: data })()
  const rest = await Trainer.fit(recipe, { from: expectRight(half).state })({ train: data })()
  assert.is(expectRight(rest).hash, fitted.hash)
})

test.run()
