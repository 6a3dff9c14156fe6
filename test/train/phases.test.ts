/** A step in its phases: their law, and gradients that are edited between them. */
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pipe } from '#fp/function.js'
import {
  Clip,
  Constraint,
  Data,
  type Floats,
  type Given,
  Guard,
  Label,
  Layer,
  Loss,
  Net,
  Optimizer,
  Penalty,
  Recipe,
  State,
  Trainer,
} from '../../src/index.js'
import { assertBits, assertClose, expectLeft, expectRight } from '../support/assert.js'
import { classes, floats, hashOf, numbers, optimizer, rows, small, smallNet, tensorsOf } from './support.js'

const test = suite('phases of a step')
const compiled = async (recipe = small()) => expectRight(await Trainer.compile(recipe)())
const edited = (of: Readonly<Record<string, Floats>>, f: (x: number, i: number) => number) =>
  Object.fromEntries(Object.entries(of).map(([path, g]) => [path, { values: g.values.map(f) }]))

// --- the law ----------------------------------------------------------------------------------------------------------
const shared = Layer.dense(6, { name: 's' })
const nets = {
  'batch norm and dropout': smallNet,
  'the moving statistics of torch': pipe(
    Net.input(6),
    Layer.dense(5),
    Layer.batchNorm({ form: 'torch' }),
    Layer.relu(),
    Layer.dense(3),
  ),
  'shared, frozen, penalized': pipe(
    Net.input(6),
    Layer.batchNorm(),
    Net.freeze,
    shared,
    Layer.tanh(),
    shared,
    Layer.dense(3, { penalty: Penalty.l2(0.01) }),
  ),
}
const optimizers = {
  none: [],
  clipped: optimizer,
  adam: Optimizer.adam(),
  'skipping, accumulating': Optimizer.chain(Guard.skip(), Optimizer.accumulate(2, Optimizer.adam())),
  'looking at the loss': Optimizer.chain(Optimizer.sgd({ rate: 0.1 }), Optimizer.plateau({ patience: 0 })),
  'projecting, averaging': Optimizer.chain(
    Optimizer.lookahead(Optimizer.momentum({ rate: 0.1 }), { every: 2 }),
    Constraint.maxNorm(0.5),
    Optimizer.ema(0.9),
  ),
}

test('apply(gradients(batch)) is step(batch), bit for bit', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...(Object.keys(nets) as (keyof typeof nets)[])),
      fc.constantFrom(...(Object.keys(optimizers) as (keyof typeof optimizers)[])),
      fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 0, max: 99 }),
      async (net, by, sizes, seed) => {
        const recipe = small({ net: nets[net], optimizer: optimizers[by], seed })
        const [whole, apart] = [await compiled(recipe), await compiled(recipe)]
        let [a, b] = [whole.init(), apart.init()]
        for (const n of sizes) {
          const next = expectRight(whole.step(a, rows(n)))
          const before = hashOf(b)
          const computed = expectRight(apart.gradients(b, rows(n)))
          assert.is(hashOf(b), before) // not consumed
          const applied = expectRight(apart.apply(b, computed))
          assert.equal(applied.metrics, next.metrics)
          ;[a, b] = [next.state, applied.state]
          assert.is(b.step, a.step)
          assert.is(hashOf(b), hashOf(a))
        }
      },
    ),
    { numRuns: 25 },
  )
})

test('the same by F(4x4), whose bits are others; statistics have the gradients of that step', async () => {
  const net = pipe(
    Net.input(12, 12, 8),
    Layer.conv2d(16, 3, { padding: 'same' }),
    Layer.relu(),
    Layer.conv2d(16, 3, { padding: 'same' }),
    Layer.flatten(),
    Layer.dense(3),
  )
  const sgd = Optimizer.sgd({ rate: 1 })
  const recipe = Recipe.of({ net, loss: Loss.softmaxCrossEntropy(), optimizer: sgd, batch: 4, epochs: 1, seed: 3 })
  const n = 4
  const images = { inputs: [12, 12, 8], label: Label.classes(3) } as const
  const batch = expectRight(Data.of(images)({ x: numbers(n * 1152), y: classes(n, 3) }))
  const hashes = new Set<string>()
  for (const winograd of ['F(2x2)', 'F(4x4)'] as const) {
    const trainer = expectRight(await Trainer.compile(recipe, { winograd })())
    const [a, b] = [trainer.init(), trainer.init()]
    const computed = expectRight(trainer.gradients(a, batch))
    const { parameters } = expectRight(trainer.statistics(a, batch))
    for (const [path, { gradient }] of Object.entries(parameters))
      assert.is(gradient.max, Math.max(...(computed.gradients[path]?.values ?? [])), `${winograd} ${path}`)
    const stepped = expectRight(trainer.step(b, batch))
    assert.is(hashOf(expectRight(trainer.apply(a, computed)).state), hashOf(stepped.state), winograd)
    hashes.add(hashOf(stepped.state))
  }
  assert.is(hashes.size, 2)
})

// --- by hand ----------------------------------------------------------------------------------------------------------
test('gradients by path, clipped by hand, are those that Clip.byValue leaves', async () => {
  const descent = Optimizer.momentum({ rate: 0.1 })
  const byHand = await compiled(small({ optimizer: descent }))
  const byStage = await compiled(small({ optimizer: Optimizer.chain(Clip.byValue(0.05), descent) }))
  let [a, b] = [byHand.init(), byStage.init()]
  let cut = 0
  for (let i = 0; i < 4; i++) {
    const computed = expectRight(byHand.gradients(a, rows(5)))
    assert.equal(Object.keys(computed.gradients), [
      'dense1/w',
      'dense1/b',
      'batchNorm1/gamma',
      'batchNorm1/beta',
      'dense2/w',
      'dense2/b',
    ])
    assert.equal(computed.gradients['dense1/w']?.shape, [6, 7])
    const gradients = edited(computed.gradients, g => Math.max(-0.05, Math.min(0.05, g)))
    cut += Object.values(computed.gradients).filter(g => g.values.some(x => Math.abs(x) > 0.05)).length
    a = expectRight(byHand.apply(a, { ...computed, gradients })).state
    b = expectRight(byStage.step(b, rows(5))).state
    for (const [path, { bytes }] of tensorsOf(byHand, a))
      if (!path.startsWith('optimizer/'))
        assertBits(bytes, tensorsOf(byStage, b).get(path)?.bytes ?? bytes.slice(1), path)
  }
  assert.ok(cut > 0)
})

test('gradients of two batches, averaged by hand: the step of the mean gradient', async () => {
  const trainer = await compiled(small({ optimizer: Optimizer.sgd({ rate: 1 }) }))
  const state = trainer.init()
  const [x, y] = [rows(4), rows(7)].map(batch => expectRight(trainer.gradients(state, batch)))
  const path = 'dense2/w'
  const mean = (x?.gradients[path]?.values ?? []).map((g, i) => (g + (y?.gradients[path]?.values[i] ?? 0)) / 2)
  const before = floats(tensorsOf(trainer, state).get(path))
  const given: Given = { metrics: { loss: 0 }, gradients: { ...x?.gradients, [path]: { values: mean } } }
  const after = floats(tensorsOf(trainer, expectRight(trainer.apply(state, given)).state).get(path))
  assertBits(
    after,
    before.map((p, i) => p - Math.fround(mean[i] as number)),
  )
})

test('transform gives what the stages leave, and consumes nothing', async () => {
  const trainer = await compiled(
    small({ optimizer: Optimizer.chain(Clip.byGlobalNorm(0.5), Optimizer.sgd({ rate: 0.1 })) }),
  )
  const state = trainer.init()
  const computed = expectRight(trainer.gradients(state, rows(6)))
  const norm = Math.sqrt(
    Object.values(computed.gradients).reduce((n, g) => n + g.values.reduce((a, x) => a + x * x, 0), 0),
  )
  assert.ok(norm > 0.5)
  const { updates, rate, skipped } = expectRight(trainer.transform(state, computed))
  assert.equal([rate, skipped], [0.1, false])
  for (const [path, { shape, values }] of Object.entries(updates)) {
    const g = computed.gradients[path]
    assert.equal(shape, g?.shape)
    assertClose(values, g?.values.map(x => (x * 0.1 * 0.5) / norm) ?? [], { rel: 1e-5, abs: 1e-9 }, path)
  }
  expectRight(trainer.step(state, rows(6)))
})

test('a guard skips what was made not finite by hand; the loss is only looked at by apply', async () => {
  const trainer = await compiled(small({ optimizer: Optimizer.chain(Guard.skip(), Optimizer.adam()) }))
  const state = trainer.init()
  const computed = expectRight(trainer.gradients(state, rows(5)))
  const broken = { ...computed, gradients: edited(computed.gradients, () => Number.NaN), moving: {} }
  assert.is(expectRight(trainer.transform(state, broken)).skipped, true)
  const before = tensorsOf(trainer, state)
  const after = tensorsOf(trainer, expectRight(trainer.apply(state, broken)).state)
  for (const [path, { bytes }] of before)
    if (!/^(step|optimizer)/.test(path)) assertBits(after.get(path)?.bytes ?? bytes.slice(1), bytes, path)
})

test('moving statistics: as given, and as they were where they are left out', async () => {
  const trainer = await compiled()
  const given = expectRight(trainer.gradients(trainer.init(), rows(5)))
  assert.equal(Object.keys(given.moving), ['batchNorm1/mean', 'batchNorm1/variance'])
  const kept = tensorsOf(trainer, trainer.init())
  const all = tensorsOf(trainer, expectRight(trainer.apply(trainer.init(), given)).state)
  const one = { ...given, moving: { 'batchNorm1/mean': { values: [1, 2, 3, 4, 5, 6, 7] } } }
  const some = tensorsOf(trainer, expectRight(trainer.apply(trainer.init(), one)).state)
  assert.equal([...floats(some.get('batchNorm1/mean'))], [1, 2, 3, 4, 5, 6, 7])
  assertBits(floats(some.get('batchNorm1/variance')), floats(kept.get('batchNorm1/variance')))
  assertBits(floats(all.get('batchNorm1/variance')), given.moving['batchNorm1/variance']?.values as Float32Array)
})

// --- bad input --------------------------------------------------------------------------------------------------------
test('bad input', async () => {
  const trainer = await compiled()
  const state = trainer.init()
  const { gradients, metrics, moving } = expectRight(trainer.gradients(state, rows(5)))
  const { 'dense1/w': w, ...others } = gradients
  const cases: readonly (readonly [Given, RegExp])[] = [
    [{ metrics, gradients: others }, /^the gradient "dense1\/w" \[6, 7\] is missing$/],
    [{ metrics, gradients: { ...gradients, x: w as Floats } }, /^there is no gradient "x"; there are dense1\/w/],
    [{ metrics, gradients: { ...gradients, 'dense1/w': { values: [1] } } }, /"dense1\/w" is \[6, 7\], but 1 values/],
    [{ metrics, gradients, moving: { x: w as Floats } }, /^there is no moving statistic "x"/],
  ]
  for (const [given, words] of cases) {
    assert.match(expectLeft(trainer.transform(state, given)).message, words)
    assert.match(expectLeft(trainer.apply(state, given)).message, words)
  }
  assert.is(expectLeft(trainer.apply(state, { gradients, moving, metrics: { loss: Number.NaN } }))._tag, 'NonFinite')
  assert.match(expectLeft(trainer.gradients(state, rows(8))).message, /8 rows/)
  const other = await compiled()
  assert.match(expectLeft(other.gradients(state, rows(5))).message, /another trainer/)
  assert.match(expectLeft(other.apply(state, { gradients, metrics })).message, /another trainer/)
  const forked = expectRight(State.fork(state))
  expectRight(trainer.apply(state, { gradients, metrics, moving })) // no error above consumed it
  assert.match(expectLeft(trainer.apply(state, { gradients, metrics, moving })).message, /consumed/)
  expectRight(trainer.step(forked, rows(5)))
})

test.run()
