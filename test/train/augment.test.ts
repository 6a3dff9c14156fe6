/** Augmentation in a recipe: which bits are trained on, which are not, and soft labels. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pipe } from '#fp/function.js'
import { nothing } from '../../src/graph/settings.js'
import {
  Augment,
  Data,
  Label,
  Layer,
  Loss,
  Metric,
  Net,
  Optimizer,
  Recipe,
  Schedule,
  standard,
  Trainer,
} from '../../src/index.js'
import { checkDeterminism } from '../../src/testing/index.js'
import { assertClose, expectLeft, expectRight } from '../support/assert.js'
import { hashOf, numbers } from './support.js'

const test = suite('augment')

const three = { inputs: [4, 4, 1], label: Label.classes(3) } as const
const y = (n: number) => Int32Array.from({ length: n }, (_, i) => (i * i + i) % 3)
const floats = (n: number) => expectRight(Data.of(three)({ x: numbers(16 * n).map(v => (v + 1) / 2), y: y(n) }))
const bytes = (n: number) =>
  expectRight(Data.of(three)({ x: Uint8Array.from(numbers(16 * n), v => (v + 1) * 127), y: y(n) }))

const net = pipe(
  Net.input(4, 4, 1),
  Layer.conv2d(3, 3),
  Layer.batchNorm(),
  Layer.relu(),
  Layer.flatten(),
  Layer.dropout(0.2),
  Layer.dense(3),
)
const plain = pipe(Net.input(4, 4, 1), Layer.flatten(), Layer.dense(3))
const pictures = [Augment.flip(), Augment.crop({ padding: 1 }), Augment.color({ brightness: 0.3 })]
const mixing = [Augment.flip(), Augment.mixup({ alpha: 0.4 })]

type Changes = Partial<Parameters<typeof Recipe.of<readonly [4, 4, 1], readonly [3], 'class'>>[0]>
const of = (changes: Changes = {}) =>
  Recipe.of({
    net,
    loss: Loss.softmaxCrossEntropy(),
    metrics: [Metric.accuracy()],
    optimizer: Optimizer.momentum({ rate: Schedule.constant(0.1), momentum: 0.9 }),
    batch: 5,
    epochs: 2,
    seed: 11,
    ...changes,
  })

for (const [name, augment] of Object.entries({ pictures, mixing, cutmix: [Augment.cutmix(), ...pictures] }))
  for (const [kind, data] of [
    ['floats', floats(23)],
    ['bytes', bytes(23)],
  ] as const)
    test(`${name} of ${kind}: fitted twice, by hand, stopped and resumed, saved and loaded: the same bits`, async () => {
      expectRight(await checkDeterminism(of({ augment }))(data)())
    })

test('rows with weights are augmented to the same bits as well', async () => {
  const weighted = expectRight(Data.withWeights(numbers(23).map(Math.abs))(floats(23)))
  const recipe = of({ augment: mixing, classWeights: [1, 2, 0.5] })
  const fit = async (from?: Uint8Array) =>
    expectRight(await Trainer.fit(recipe, from ? { from } : {})({ train: weighted })())
  const trainer = expectRight(await Trainer.compile(recipe, { weighted: true })())
  let state = trainer.init()
  for (const epoch of [1, 2])
    for (const batch of expectRight(Trainer.batches(recipe, epoch)(weighted)))
      state = expectRight(trainer.step(state, batch)).state
  const { hash } = await fit()
  assert.is(hashOf(state), hash)
  assert.is((await fit()).hash, hash)
})

test('what is trained on are the rows of Augment.apply in the order of the epoch, cut from the seed, epoch and row', () => {
  const recipe = of({ augment: pictures })
  for (const data of [floats(23), bytes(23)])
    for (const epoch of [1, 2, 7]) {
      const all = expectRight(Augment.apply(pictures, { seed: 11, epoch })(data))
      const { augment: _, ...without } = recipe
      const rows = expectRight(Trainer.batches(without, epoch)(all))
      assert.equal(expectRight(Trainer.batches(recipe, epoch)(data)), rows)
    }
  const [first] = expectRight(Trainer.batches(of({ augment: mixing }), 1)(floats(23)))
  assert.equal([first?.size, first?.labels.length], [6, 18])
})

test('epochs differ, settings and their order count in the hash and in the weights; none at all is the plain recipe', async () => {
  const data = floats(20)
  const hashes: string[] = []
  for (const augment of [
    [],
    pictures,
    [...pictures].reverse(),
    mixing,
    [Augment.mixup({ alpha: 0.5 })],
    Augment.mixup(),
  ]) {
    const recipe = of({ augment, epochs: 1 })
    hashes.push(Recipe.hash(recipe), expectRight(await Trainer.fit(recipe)({ train: data })()).hash)
    const back = expectRight(
      Recipe.codec(standard).decode(JSON.parse(JSON.stringify(Recipe.codec(standard).encode(recipe)))),
    )
    assert.equal(back, recipe)
  }
  assert.is(new Set(hashes).size, hashes.length)
  assert.is(Recipe.hash(of({ augment: [] })), Recipe.hash(of()))
  const one = (epoch: number) => expectRight(Trainer.batches(of({ augment: pictures, batch: 20 }), epoch)(data))[0]
  assert.not.equal(one(1)?.columns, one(2)?.columns)
})

test('evaluation sees the rows as they are', async () => {
  const data = floats(12)
  const [augmented, without] = [of({ augment: mixing }), of()]
  const [a, b] = [expectRight(await Trainer.compile(augmented)()), expectRight(await Trainer.compile(without)())]
  assert.equal(expectRight(a.evaluate(a.init(), data)), expectRight(b.evaluate(b.init(), data)))
  const fitted = expectRight(await Trainer.fit(of({ augment: mixing, epochs: 1 }))({ train: data, validation: data })())
  assert.equal(fitted.history[0]?.validation, expectRight(fitted.evaluate(data)))
  assert.equal(
    expectRight(a.statistics(a.init(), data, { mode: 'infer' })).metrics,
    expectRight(b.statistics(b.init(), data, { mode: 'infer' })).metrics,
  )
})

for (const [name, changes] of Object.entries({
  plain: {},
  smoothed: { loss: Loss.softmaxCrossEntropy({ smoothing: 0.2 }) },
  weighted: { classWeights: [1, 3, 0.25] },
} satisfies Record<string, Changes>))
  test(`the loss of a soft label is the mean of the classes' losses by their shares (${name})`, async () => {
    const recipe = of({ net: plain, augment: Augment.mixup(), ...changes })
    const trainer = expectRight(await Trainer.compile(recipe)())
    const state = trainer.init()
    const [batch] = expectRight(Trainer.batches(recipe, 1)(floats(7)))
    assert.ok(batch)
    const weights: readonly number[] = 'classWeights' in changes ? changes.classWeights : [1, 1, 1]
    let [loss, total, hits] = [0, 0, 0]
    for (let r = 0; r < batch.size; r++) {
      const x = (batch.columns['input'] as Float32Array).slice(16 * r, 16 * r + 16)
      const shares = Array.from(batch.labels.slice(3 * r, 3 * r + 3))
      const of = (c: number) => expectRight(trainer.evaluate(state, expectRight(Data.of(three)({ x, y: [c] }))))
      const r_i = shares.reduce((s, p, c) => s + p * (weights[c] as number), 0)
      loss += r_i * shares.reduce((s, p, c) => s + p * of(c).loss, 0)
      total += r_i
      hits += of(shares.indexOf(Math.max(...shares)))['accuracy'] as number
    }
    const { metrics } = expectRight(trainer.gradients(state, batch))
    assertClose([metrics.loss, metrics['accuracy'] as number], [loss / total, hits / batch.size], { rel: 2e-6 })
    const seen = expectRight(trainer.statistics(state, batch)).metrics
    assertClose([seen.loss], [metrics.loss], { rel: 1e-6 })
    const hard = Data.take(5)(floats(7))
    const one = expectRight(await Trainer.compile(of({ net: plain, ...changes }))())
    assertClose(
      [expectRight(trainer.gradients(state, hard)).metrics.loss],
      [expectRight(one.gradients(one.init(), hard)).metrics.loss],
      { rel: 2e-6 },
    )
  })

test('values are mixed for any loss', async () => {
  const data = expectRight(Data.of({ inputs: [2], label: Label.values(1) })({ x: numbers(20), y: numbers(10, 3) }))
  const recipe = Recipe.of({
    net: pipe(Net.input(2), Layer.dense(1)),
    loss: Loss.mse(),
    optimizer: Optimizer.sgd({ rate: 0.1 }),
    augment: Augment.mixup({ alpha: 0.3 }),
    batch: 3,
    epochs: 2,
    seed: 0,
  })
  expectRight(await checkDeterminism(recipe)(data)())
})

test('the range test trains on augmented rows too', async () => {
  const data = floats(20)
  const recipe = of({ augment: pictures, net: plain })
  const { losses } = expectRight(await Trainer.rangeTest(recipe, { steps: 3 })({ train: data })())
  const trainer = expectRight(await Trainer.compile(recipe)())
  const [batch] = expectRight(Trainer.batches(recipe, 1)(data))
  assert.is(losses[0], batch && expectRight(trainer.gradients(trainer.init(), batch)).metrics.loss)
})

test('what does not fit is refused: settings, shapes, a loss without soft labels, soft labels elsewhere', async () => {
  const says = (changes: Changes) => expectLeft(Recipe.check(of(changes))).message
  assert.is(
    says({ augment: [Augment.flip(), Augment.crop({ padding: 4 })] }),
    'augmentation 1 (gradus/crop): padding must be less than the shorter side of the picture [4, 4, 1], 4, but it is 4',
  )
  const bare = Loss.define({ kind: 'acme/hinge', target: 'class', config: nothing, compute: (_, x) => x })
  assert.is(
    says({ loss: bare(null), augment: Augment.mixup() }),
    'the augmentation mixes rows, but the loss acme/hinge has no meaning for soft labels; define it with `soft`',
  )
  expectRight(Recipe.check(of({ loss: bare(null), augment: pictures })))
  const recipe = of({ augment: mixing })
  const trainer = expectRight(await Trainer.compile(recipe)())
  const [soft] = expectRight(Trainer.batches(recipe, 1)(floats(7)))
  assert.ok(soft)
  const training = /soft.* to train on only/
  assert.match(expectLeft(trainer.evaluate(trainer.init(), soft)).message, training)
  assert.match(expectLeft(trainer.statistics(trainer.init(), soft, { mode: 'infer' })).message, training)
  assert.match(
    expectLeft(await Trainer.fit(recipe)({ train: floats(7), validation: soft })()).message,
    /validation: the labels are soft/,
  )
  const other = expectRight(await Trainer.compile(of())())
  assert.match(expectLeft(other.step(other.init(), soft)).message, /labels are soft.*the recipe has no such one/)
  const wrong = of({ augment: Augment.rotation(-1) })
  assert.match(expectLeft(Trainer.batches(wrong, 1)(floats(7))).message, /rotation/)
  assert.match(expectLeft(await Trainer.fit(wrong)({ train: floats(7) })()).message, /degrees must be/)
  const json = JSON.parse(JSON.stringify(Recipe.codec(standard).encode(wrong)))
  expectLeft(Recipe.codec(standard).decode(json))
  expectLeft(
    Recipe.codec({ ...standard, augmentation: [] }).decode(
      JSON.parse(JSON.stringify(Recipe.codec(standard).encode(recipe))),
    ),
  )
})

test.run()
