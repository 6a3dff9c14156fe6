/** Statistics of a network: closed forms, the reference evaluator, finite differences; and that they disturb nothing. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pipe } from '#fp/function.js'
import { evaluate as reference } from '../../src/backend/reference.js'
import { type Expr, input } from '../../src/graph/Expr.js'
import {
  Data,
  Init,
  Label,
  Layer,
  Loss,
  Metric,
  Net,
  Optimizer,
  Recipe,
  State,
  type StatisticsOptions,
  Trainer,
} from '../../src/index.js'
import { add } from '../../src/op/arithmetic.js'
import { elaborated, labelInput, reports } from '../../src/train/programs.js'
import type { AnyRecipe } from '../../src/train/Recipe.js'
import { assertClose, expectLeft, expectRight } from '../support/assert.js'
import { floats, hashOf, rows, small, smallNet, stateWith, tensorsOf } from './support.js'

const test = suite('statistics')
const compiled = async (recipe = small()) => expectRight(await Trainer.compile(recipe)())
const sum = (xs: ArrayLike<number>): number => Array.from(xs).reduce((a, b) => a + b, 0)
const mean = (xs: ArrayLike<number>): number => sum(xs) / xs.length
const variance = (xs: ArrayLike<number>): number => mean(Array.from(xs, x => (x - mean(xs)) ** 2))
const norm = (xs: ArrayLike<number>): number => Math.sqrt(sum(Array.from(xs, x => x * x)))

// --- closed forms -----------------------------------------------------------------------------------------------------
/** x [2] -> relu of x w1 (3 units, one always dead, one never) -> sum by ones; loss (y - z)^2. */
const tiny = Recipe.of({
  net: pipe(
    Net.input(2),
    Layer.dense(3, { name: 'a', bias: false }),
    Layer.relu({ name: 'r' }),
    Layer.dense(1, { name: 'b', bias: false, init: Init.ones() }),
  ),
  loss: Loss.mse(),
  metrics: [Metric.mae()],
  optimizer: Optimizer.sgd({ rate: 0.5 }),
  batch: 2,
  epochs: 1,
  seed: 0,
})
const tinyData = expectRight(
  Data.of({ inputs: [2], label: Label.values(1) })({
    x: [
      [1, 2],
      [3, 1],
    ],
    y: [[1], [2]],
  }),
)

test('a net of three units, by hand', async () => {
  const trainer = expectRight(await Trainer.compile(tiny)())
  const state = stateWith(
    trainer,
    new Map([
      // units: x1, x2 - 2 x1, -x1 - x2
      ['a/w', [1, -2, -1, 0, 1, -1]],
    ]),
  )
  const s = expectRight(trainer.statistics(state, tinyData, { bins: { activations: [-5, 0, 1, 5] } }))
  // a: [1, 0, -3], [3, -5, -4]; r: [1, 0, 0], [3, 0, 0]; b: 1, 3; errors 0, 1; dL/db: 2 e / 2 = 0, 1
  const [a, r, b] = s.layers
  assert.equal(
    s.layers.map(l => [l.path, l.kind, l.shape]),
    [
      ['a', 'gradus/dense', [3]],
      ['r', 'gradus/relu', [3]],
      ['b', 'gradus/dense', [1]],
    ],
  )
  assert.is(a?.activation.mean, -8 / 6)
  assert.is(a?.activation.variance, variance([1, 0, -3, 3, -5, -4]))
  assert.equal([a?.activation.min, a?.activation.max, a?.activation.zeros], [-5, 3, 1 / 6])
  assert.equal(a?.activation.histogram, { edges: [-5, 0, 1, 5], counts: [3, 1, 2], below: 0, above: 0 })
  assert.equal([r?.activation.zeros, r?.dead, a?.dead, b?.dead], [4 / 6, 2 / 3, 2 / 3, 0])
  assert.equal([b?.gradient.mean, b?.gradient.min, b?.gradient.max], [0.5, 0, 1])
  assert.equal([r?.gradient.mean, r?.gradient.zeros], [0.5, 0.5]) // 0 0 0, 1 1 1
  assert.equal([a?.gradient.mean, a?.gradient.norm], [1 / 6, 1]) // only unit 0 of row 1 lets it through
  // dL/dw of a: x of row 1 for unit 0: [3, 0, 0, 1, 0, 0]; of b: y of r in row 1: [3, 0, 0]
  const { 'a/w': wa, 'b/w': wb } = s.parameters
  assert.equal([wa?.gradient.norm, wb?.gradient.norm], [Math.sqrt(10), 3])
  assert.is(s.gradientNorm, Math.sqrt(Math.sqrt(10) ** 2 + 9))
  assert.equal([wa?.value.norm, wb?.value.norm], [Math.sqrt(8), Math.sqrt(3)])
  assert.equal([wa?.update.norm, wa?.update.max, wb?.update.norm], [Math.sqrt(2.5), 1.5, 1.5])
  assert.equal([wa?.ratio, wb?.ratio], [Math.sqrt(2.5) / Math.sqrt(8), 1.5 / Math.sqrt(3)])
  assert.equal(s.metrics, { loss: 0.5, mae: 0.5, rate: 0.5 })
  assert.equal([s.step, s.mode, s.rows], [0, 'train', 2])
})

test('the ratio where the parameter or the update is 0', async () => {
  const trainer = expectRight(await Trainer.compile(tiny)())
  const state = stateWith(
    trainer,
    new Map([
      ['b/w', [0, 0, 0]],
      ['a/w', [1, 1, 1, 1, 1, 1]],
    ]),
  )
  const { parameters } = expectRight(trainer.statistics(state, tinyData))
  assert.is(parameters['b/w']?.ratio, null)
  assert.is(parameters['a/w']?.ratio, 0) // b passes no gradient back
})

// --- gradients belong to a use of a value, not to the value ---------------------------------------------------------
test('the gradient of a layer that changes nothing counts only what goes through it', async () => {
  // y = sum(dropout(x w)) + sum(2 x w) in inference: 1 through the dropout, 2 past it
  const net = pipe(
    Net.input(1),
    Layer.dense(1, { name: 'a', bias: false, init: Init.ones() }),
    x =>
      Layer.concat(
        pipe(x, Layer.dropout(0.5, { name: 'd' })),
        pipe(x, Layer.dense(1, { name: 'two', bias: false, init: Init.constant(2) })),
      ),
    Layer.dense(1, { name: 'sum', bias: false, init: Init.ones() }),
  )
  const recipe = Recipe.of({
    net,
    loss: Loss.mae(),
    optimizer: Optimizer.sgd({ rate: 1 }),
    batch: 1,
    epochs: 1,
    seed: 0,
  })
  const trainer = expectRight(await Trainer.compile(recipe)())
  const data = expectRight(Data.of({ inputs: [1], label: Label.values(1) })({ x: [[1]], y: [[0]] }))
  const { layers } = expectRight(trainer.statistics(trainer.init(), data, { mode: 'infer' }))
  const of = (path: string) => layers.find(l => l.path === path)?.gradient.mean
  assert.equal([of('d'), of('two'), of('a'), of('sum')], [1, 1, 3, 1])
})

test('two places of one shared layer stand one after the other', async () => {
  const shared = Layer.dense(6, { name: 's' })
  const net = pipe(Net.input(6), shared, Layer.tanh(), shared, Layer.dense(3))
  const trainer = await compiled(small({ net }))
  const { layers, parameters } = expectRight(trainer.statistics(trainer.init(), rows(4)))
  assert.equal(
    layers.map(l => l.path),
    ['s', 'tanh1', 's', 'dense1'],
  )
  assert.is.not(layers[0]?.activation.mean, layers[2]?.activation.mean)
  assert.equal(Object.keys(parameters), ['s/w', 's/b', 'dense1/w', 'dense1/b'])
})

// --- the reference evaluator, and finite differences ----------------------------------------------------------------
const deep = pipe(
  Net.input(6),
  Layer.dense(7, { init: Init.he() }),
  Layer.batchNorm(),
  Layer.elu(),
  Layer.dropout(0.3),
  Layer.dense(5),
  Layer.relu(),
  Layer.dense(3),
)

for (const mode of ['train', 'infer'] as const)
  test(`activations and gradients are those of the reference and of finite differences: ${mode}`, async () => {
    const recipe = small({ net: deep, optimizer: Optimizer.adam() })
    const trainer = await compiled(recipe)
    const batch = rows(3)
    let state = trainer.init()
    for (let i = 0; i < 3; i++) state = expectRight(trainer.step(state, rows(7))).state
    const s = expectRight(trainer.statistics(state, batch, { mode }))
    const slots = expectRight(State.values(state))
    const bindings = {
      ...Object.fromEntries(Object.entries(slots).map(([name, t]) => [name, t.values])),
      input: batch.columns['input'] as Float32Array,
      [labelInput]: batch.labels,
    }
    const any = recipe as AnyRecipe
    const outputs: Expr[] = []
    /** The loss with something added to the output of layer `place`. */
    const moved = (place: number): Expr => {
      outputs.length = 0
      const net = elaborated(any, mode, (_, y) => (outputs.push(y) === place + 1 ? add(y, input('move', y.type)) : y))
      return reports(any, expectRight(net), false, mode).loss
    }
    const loss = (e: Expr, move: readonly number[]): number =>
      expectRight(reference([e], { ...bindings, move }, 3))[0]?.values[0] as number
    assertClose([s.metrics.loss], [loss(moved(-1), [])], { rel: 1e-5 })
    const values = expectRight(reference([...outputs], bindings, 3)).map(v => v.values)
    assert.is(values.length, s.layers.length)
    values.forEach((y, place) => {
      const { activation, gradient, dead, path, shape } = s.layers[place] as (typeof s.layers)[0]
      assertClose([activation.mean, activation.variance], [mean(y), variance(y)], { rel: 1e-4, abs: 1e-6 }, path)
      assertClose([activation.min, activation.max], [Math.min(...y), Math.max(...y)], { rel: 1e-5, abs: 1e-6 }, path)
      const width = shape[0] as number
      const units = Array.from({ length: width }, (_, u) => Array.from(y).filter((_, i) => i % width === u))
      assert.is(dead, units.filter(u => u.every(v => v <= 0)).length / width)
      const objective = moved(place)
      const slopes = Array.from(y, (_, i) => {
        const by = (d: number) => Array.from(y, (_, j) => (i === j ? d : 0))
        return (loss(objective, by(1e-4)) - loss(objective, by(-1e-4))) / 2e-4
      })
      const g = [gradient.mean, gradient.norm, gradient.min, gradient.max]
      const expected = [mean(slopes), norm(slopes), Math.min(...slopes), Math.max(...slopes)]
      assertClose(g, expected, { rel: 2e-4, abs: 1e-6 }, `gradient of ${path}`)
    })
  })

// --- the run is not disturbed ---------------------------------------------------------------------------------------
test('a run goes on to the same bits, whatever was looked at on the way', async () => {
  const [watched, alone] = [await compiled(), await compiled()]
  let [a, b] = [watched.init(), alone.init()]
  for (let i = 0; i < 6; i++) {
    const batch = rows(4 + (i % 3))
    const before = hashOf(a)
    const first = expectRight(watched.statistics(a, batch))
    const infer = expectRight(watched.statistics(a, rows(30), { mode: 'infer' }))
    assert.equal(expectRight(watched.statistics(a, batch)), first) // deterministic
    assert.equal([first.step, infer.step, hashOf(a)], [i, i, before])
    const next = expectRight(watched.step(a, batch))
    assert.equal(first.metrics, next.metrics) // masks, statistics and rate of that step
    a = next.state
    b = expectRight(alone.step(b, batch)).state
    assert.is(hashOf(a), hashOf(b))
  }
})

test('gradients and updates are those of the step, bit for bit', async () => {
  const trainer = await compiled(small({ optimizer: Optimizer.sgd({ rate: 1 }), net: deep }))
  const start = stateWith(
    trainer,
    new Map([
      ['dense3/b', [0, 0, 0]],
      ['dense2/b', [0, 0, 0, 0, 0]],
    ]),
  )
  const { parameters } = expectRight(trainer.statistics(start, rows(6)))
  const before = tensorsOf(trainer, start)
  const after = tensorsOf(trainer, expectRight(trainer.step(start, rows(6))).state)
  for (const path of ['dense2/b', 'dense3/b']) {
    const gradient = floats(after.get(path)).map((x, i) => (floats(before.get(path))[i] as number) - x)
    assert.is(parameters[path]?.gradient.norm, norm(gradient), path)
    assert.is(parameters[path]?.update.norm, norm(gradient), path)
    assert.is(parameters[path]?.gradient.mean, mean(gradient), path)
  }
})

test('the update is that of the optimizer: after clipping, and 0 while batches accumulate', async () => {
  const clipped = expectRight(await Trainer.compile(small())())
  const s = expectRight(clipped.statistics(clipped.init(), rows(6)))
  const updates = norm(Object.values(s.parameters).map(p => p.update.norm))
  assertClose([updates], [0.1 * 1.9 * Math.min(1, s.gradientNorm)], { rel: 1e-5 }) // nesterov's first step
  const waiting = await compiled(small({ optimizer: Optimizer.accumulate(2, Optimizer.sgd({ rate: 1 })) }))
  const first = waiting.init()
  const ratios = (state: State) =>
    Object.values(expectRight(waiting.statistics(state, rows(6))).parameters).map(p => p.ratio)
  assert.ok(ratios(first).every(r => r === 0 || r === null))
  assert.ok(ratios(expectRight(waiting.step(first, rows(6))).state).some(r => (r ?? 0) > 0))
})

// --- many rows in inference -----------------------------------------------------------------------------------------
test('a data set larger than a batch: as if it were one', async () => {
  const [narrow, wide] = [
    expectRight(await Trainer.compile(small({ net: deep }), { rows: 7 })()),
    expectRight(await Trainer.compile(small({ net: deep }), { rows: 100 })()),
  ]
  const options: StatisticsOptions = { mode: 'infer', bins: { activations: [-3, -1, 0, 1, 3], gradients: 8 } }
  const [a, b] = [narrow, wide].map(t => expectRight(t.statistics(t.init(), rows(60), options)))
  assert.is(a?.rows, 60)
  a?.layers.forEach((l, i) => {
    const other = b?.layers[i]
    assert.equal({ ...l.activation }, { ...other?.activation }, l.path) // a row's activations do not depend on its batch
    assert.is(l.dead, other?.dead)
    const figures = (d = l.gradient) => [d.mean, d.variance, d.norm, d.min, d.max]
    assertClose(figures(), figures(other?.gradient), { rel: 1e-5, abs: 1e-9 }, l.path)
  })
  assertClose([a?.gradientNorm ?? 0], [b?.gradientNorm ?? 1], { rel: 1e-5 })
  assertClose([a?.metrics.loss ?? 0], [b?.metrics.loss ?? 1], { rel: 1e-6 })
  assertClose([a?.metrics['accuracy'] ?? 0], [b?.metrics['accuracy'] ?? 1], { rel: 1e-6 })
})

// --- what is frozen, what is broken ---------------------------------------------------------------------------------
test('frozen layers have activations, but no parameters that are trained', async () => {
  const net = pipe(Net.input(6), Layer.dense(7, { name: 'a' }), Layer.relu(), Net.freeze, Layer.dense(3, { name: 'c' }))
  const trainer = await compiled(small({ net }))
  const { layers, parameters } = expectRight(trainer.statistics(trainer.init(), rows(6)))
  assert.equal(
    [layers.map(l => l.path), Object.keys(parameters)],
    [
      ['a', 'relu1', 'c'],
      ['c/w', 'c/b'],
    ],
  )
  assert.ok((layers[0]?.gradient.norm ?? 0) > 0)
})

test('a state that has diverged can be looked at', async () => {
  const trainer = expectRight(await Trainer.compile(tiny)())
  const state = stateWith(trainer, new Map([['a/w', [3e38, 1, 1, 3e38, 1, 1]]]))
  const { layers, metrics } = expectRight(trainer.statistics(state, tinyData))
  assert.is(layers[0]?.activation.nonFinite, 2)
  assert.not(Number.isFinite(metrics.loss))
})

test('bad input', async () => {
  const trainer = await compiled()
  const state = trainer.init()
  const says = (left: { readonly message: string }, words: RegExp) => assert.match(left.message, words)
  says(expectLeft(trainer.statistics(state, rows(8))), /8 rows.*at most 7/)
  says(expectLeft(trainer.statistics(state, rows(4), { bins: { updates: 0 } })), /^statistics: bins of updates: 0 bins/)
  says(expectLeft(trainer.statistics(state, rows(4), { bins: { gradients: [1, 0] } })), /gradients: edge 1 is 0/)
  says(expectLeft(trainer.statistics(state, rows(4), { mode: 'test' as 'train' })), /mode is test/)
  says(expectLeft(trainer.statistics(state, Data.slice(0, 0)(rows(4)), { mode: 'infer' })), /empty/)
  const other = await compiled()
  says(expectLeft(other.statistics(state, rows(4))), /another trainer/)
  expectRight(trainer.step(state, rows(4)))
  says(expectLeft(trainer.statistics(state, rows(4))), /consumed/)
})

test('plain data: as JSON and back', async () => {
  const trainer = await compiled(small({ net: smallNet }))
  const s = expectRight(trainer.statistics(trainer.init(), rows(4)))
  assert.equal(JSON.parse(JSON.stringify(s)), s)
})

test.run()
