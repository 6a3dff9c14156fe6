/** Bad input: every time a `Left` that says what and where, never an exception, never silence. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pipe } from '#fp/function.js'
import {
  Data,
  Label,
  Layer,
  Loss,
  Metric,
  Model,
  Net,
  Optimizer,
  Recipe,
  Schedule,
  Stop,
  standard,
  Trainer,
} from '../../src/index.js'
import { expectLeft, expectRight } from '../support/assert.js'
import { classes, numbers, rows, small, smallNet, threeClasses } from './support.js'

const test = suite('bad input')

const trainer = expectRight(await Trainer.compile(small())())
const says = (left: { readonly message: string; readonly _tag: string }, tag: string, ...words: readonly RegExp[]) => {
  assert.is(left._tag, tag, left.message)
  for (const w of words) assert.match(left.message, w)
  assert.not.match(left.message, /\n|undefined|\[object/)
  assert.ok(left.message.length < 400)
}

// --- data that do not fit -----------------------------------------------------------------------------------------
// the compiler refuses these too; the casts stand for JavaScript and for decoded data
type Right = ReturnType<typeof rows>
const wide = {
  ...expectRight(Data.of({ inputs: [5], label: Label.classes(3) })({ x: numbers(50), y: classes(10, 3) })),
}
const wrong: readonly (readonly [string, unknown, readonly RegExp[]])[] = [
  ['inputs of another shape', wide, [/\[6\]/, /\[5\]/]],
  [
    'named inputs',
    expectRight(Data.of({ inputs: { a: [6] }, label: Label.classes(3) })({ x: { a: numbers(60) }, y: classes(10, 3) })),
    [/input/],
  ],
  [
    'another number of classes',
    expectRight(Data.of({ inputs: [6], label: Label.classes(4) })({ x: numbers(60), y: classes(10, 3) })),
    [/\[3\]/, /4 classes/],
  ],
  [
    'values',
    expectRight(Data.of({ inputs: [6], label: Label.values(3) })({ x: numbers(60), y: numbers(30) })),
    [/class labels/, /values \[3\]/],
  ],
  ['no rows', Data.slice(0, 0)(rows(10)), [/empty/]],
  // written by hand, past all readers
  ['numbers that are not its rows', { ...rows(10), size: 9 }, [/60 numbers/, /9 rows of \[6\]/]],
  ['fewer labels than rows', { ...rows(10), labels: Int32Array.of(0) }, [/1 labels for 10 rows/]],
  ['a class beyond the last', { ...rows(3), labels: Int32Array.of(0, 3, 1) }, [/row 2: the label 3 /, /0 to 2$/]],
  ['a negative class', { ...rows(3), labels: Int32Array.of(0, 1, -1) }, [/row 3: the label -1 /]],
]
for (const [name, data, words] of wrong)
  test(`data with ${name}`, async () => {
    const bad = data as Right
    const state = trainer.init()
    says(expectLeft(trainer.step(state, bad)), 'DataError', ...words)
    says(expectLeft(trainer.evaluate(state, bad)), 'DataError', ...words)
    expectRight(trainer.step(state, rows(4))) // not consumed by what was refused
    says(expectLeft(await Trainer.fit(small())({ train: bad })()), 'DataError', /^train: /, ...words)
    const split = { train: rows(10), validation: bad }
    says(expectLeft(await Trainer.fit(small())(split)()), 'DataError', /^validation: /, ...words)
  })

test('what only callers without types can leave out', async () => {
  const none = undefined as never
  const state = trainer.init()
  says(expectLeft(trainer.step(state, none)), 'DataError', /no data set/)
  expectRight(trainer.step(state, rows(4)))
  for (const split of [none, {} as never, { train: 3 } as never])
    says(expectLeft(await Trainer.fit(small())(split)()), 'DataError', /train: there is no data set/)
  const fresh = trainer.init()
  const { metrics, gradients } = expectRight(trainer.gradients(fresh, rows(4)))
  for (const given of [none, null, { metrics }, { gradients }, 3])
    says(expectLeft(trainer.apply(fresh, given as never)), 'DataError', /^apply: expects { metrics, gradients }/)
  for (const bytes of [none, null, new ArrayBuffer(9), new DataView(new ArrayBuffer(9)), [1, 2, 3], 'abc']) {
    says(expectLeft(Data.csv(threeClasses)(bytes as never)), 'DataError', /Uint8Array/)
    says(expectLeft(trainer.restore(bytes as never)), 'FileError', /Uint8Array/)
    says(expectLeft(Model.load(standard)(bytes as never)), 'FileError', /Uint8Array/)
  }
  const model = expectRight(trainer.model(trainer.init()))
  for (const x of ['abc' as never, none, null as never, 3 as never])
    says(expectLeft(model.predict(x)), 'DataError', /rows/)
  for (const part of ['net', 'loss', 'optimizer'])
    says(
      expectLeft(await Trainer.compile(small({ [part]: undefined }))()),
      'RecipeError',
      new RegExp(`^${part} is missing`),
    )
})

test('values of another shape for a regression', async () => {
  const net = pipe(Net.input(6), Layer.dense(2))
  const recipe = Recipe.of({
    net,
    loss: Loss.mse(),
    optimizer: Optimizer.sgd({ rate: 0.1 }),
    batch: 4,
    epochs: 1,
    seed: 0,
  })
  const data = expectRight(Data.of({ inputs: [6], label: Label.values(3) })({ x: numbers(60), y: numbers(30) }))
  const t = expectRight(await Trainer.compile(recipe)())
  const bad = data as unknown as Parameters<typeof t.step>[1]
  says(expectLeft(t.step(t.init(), bad)), 'DataError', /\[2\]/, /\[3\]/)
})

test('labels that the loss has no meaning for', async () => {
  const shape = { inputs: [6], label: Label.values(2) } as const
  const net = pipe(Net.input(6), Layer.dense(2))
  const settings = { net, optimizer: Optimizer.sgd({ rate: 0.1 }), batch: 2, epochs: 1, seed: 0 }
  for (const loss of [Loss.sigmoidCrossEntropy(), Loss.softmaxCrossEntropy({ labels: 'oneHot' })])
    for (const odd of [-0.01, 1.01]) {
      const recipe = Recipe.of({ ...settings, loss })
      const train = expectRight(Data.of(shape)({ x: numbers(12), y: [0, 1, 0.5, odd] }))
      says(expectLeft(await Trainer.fit(recipe)({ train })()), 'DataError', /^train: row 2: the label /, /0 to 1$/)
      expectRight(await Trainer.fit(Recipe.of({ ...settings, loss: Loss.mse() }))({ train })())
    }
})

test('class names that contradict each other', async () => {
  const named = (...names: readonly [string, string, string]) =>
    expectRight(Data.of({ inputs: [6], label: Label.classes(...names) })({ x: numbers(60), y: classes(10, 3) }))
  const recipe = small({ label: Label.classes('a', 'b', 'c') })
  says(expectLeft(await Trainer.fit(recipe)({ train: named('a', 'c', 'b') })()), 'DataError', /a, b, c/, /a, c, b/)
  const split = { train: named('a', 'b', 'c'), validation: named('c', 'b', 'a') }
  says(expectLeft(await Trainer.fit(small())(split)()), 'DataError', /^validation: /)
  expectRight(await Trainer.fit(recipe)({ train: rows(10), validation: named('a', 'b', 'c') })())
})

test('a batch larger than the trainer was compiled for', async () => {
  assert.is(trainer.rows, 7)
  const state = trainer.init()
  says(expectLeft(trainer.step(state, rows(8))), 'DataError', /8 rows/, /at most 7/)
  expectRight(trainer.step(state, rows(7)))
  const two = expectRight(await Trainer.compile(small(), { rows: 2 })())
  says(expectLeft(two.step(two.init(), rows(3))), 'DataError', /3 rows/, /at most 2/)
})

test('the evaluation of rows that are more than a batch', async () => {
  const two = expectRight(await Trainer.compile(small(), { rows: 2 })())
  const loss = expectRight(two.evaluate(two.init(), rows(10)))['loss'] as number
  assert.ok(Math.abs(loss - (expectRight(trainer.evaluate(trainer.init(), rows(10)))['loss'] as number)) < 1e-6)
})

test('a batch larger than the data', async () => {
  for (const batching of ['arraySplit', 'dropLast'] as const)
    says(expectLeft(await Trainer.fit(small({ batching }))({ train: rows(3) })()), 'DataError', /4 rows/, /only 3/)
  expectRight(await Trainer.fit(small({ batching: 'keepRemainder' }))({ train: rows(3) })())
})

// --- NaN ----------------------------------------------------------------------------------------------------------
for (const bad of [Number.NaN, Infinity, -Infinity, 1e39])
  test(`${bad} in the data`, () => {
    const x = [...numbers(59), bad]
    says(expectLeft(Data.of(threeClasses)({ x, y: classes(10, 3) })), 'DataError', /x/, /finite|too large/)
    says(expectLeft(Data.of(threeClasses)({ x: Float32Array.from(x), y: classes(10, 3) })), 'DataError', /x/)
    const csv = new TextEncoder().encode(`1,2,3,4,5,6,0\n1,2,3,4,5,${bad},1\n`)
    says(expectLeft(Data.csv(threeClasses)(csv)), 'DataError', /2/, /finite|too large/)
    const model = expectRight(trainer.model(trainer.init()))
    says(expectLeft(model.predict(x)), 'DataError', /row 10/)
    says(expectLeft(model.classify(x)), 'DataError', /row 10/)
    says(expectLeft(Data.of({ inputs: [1], label: Label.values() })({ x: [1], y: [bad] })), 'DataError', /y/)
  })

test('rows that are none', () => {
  const model = expectRight(trainer.model(trainer.init()))
  const twice = expectRight(Data.of({ inputs: [12], label: Label.classes(3) })({ x: numbers(12), y: [0] }))
  says(expectLeft(model.predict(twice as unknown as Right)), 'DataError', /input is \[6\], but the data have \[12\]/)
  const named = { input: numbers(6) } as unknown as Float32Array
  for (const x of [[], [1], numbers(7), named]) says(expectLeft(model.predict(x)), 'DataError', /\[6\]/)
})

test('a loss that becomes infinite is named by its step, by hand and in fit', async () => {
  const recipe = small({ optimizer: Optimizer.sgd({ rate: 1e30 }), epochs: 50 })
  const t = expectRight(await Trainer.compile(recipe)())
  const train = rows(4)
  const walk = (
    state = t.init(),
    steps = 0,
  ): { readonly message: string; readonly step: number; readonly _tag: string } => {
    const next = t.step(state, train)
    if (next._tag === 'Right') return walk(next.right.state, steps + 1)
    assert.is(next.left._tag, 'NonFinite')
    assert.is((next.left as { readonly step: number }).step, steps + 1)
    assert.is(expectLeft(t.step(state, train))._tag, 'StateConsumed')
    return next.left as ReturnType<typeof walk>
  }
  const left = walk()
  says(left, 'NonFinite', new RegExp(`step ${left.step}\\b`), /1.00e\+30/, /rate/)
  const fitted = expectLeft(await Trainer.fit(recipe)({ train })())
  says(fitted, 'NonFinite', new RegExp(`step ${left.step}\\b`))
  assert.is((fitted as { readonly step: number }).step, left.step)
})

test('a last step that leaves the parameters infinite is no model', async () => {
  const recipe = small({ optimizer: Optimizer.sgd({ rate: 3e38 }), epochs: 1 })
  const x = numbers(24).map(v => 1000 * v)
  const train = expectRight(Data.of(threeClasses)({ x, y: classes(4, 3) }))
  says(
    expectLeft(await Trainer.fit({ ...recipe, net: pipe(Net.input(6), Layer.dense(3)) })({ train })()),
    'NonFinite',
    /dense1\/w/,
    /step 1\b/,
  )
})

// --- recipes ------------------------------------------------------------------------------------------------------
type Six = Net<readonly [6], readonly [6]>
const clashing = ['momentum', '1', 'optimizer'].reduce<(x: Six) => Six>(
  (f, name) => Net.scope(name, f),
  Layer.dense(6),
)(Net.input(6))
const image = pipe(Net.input(2, 3), Layer.relu())
const settings: readonly (readonly [string, object, readonly RegExp[]])[] = [
  ...[0, 1.5, -1, Number.NaN, Infinity, 2 ** 53].map(n => [`batch ${n}`, { batch: n }, [/batch/, />= 1/]] as const),
  ...[0, 1.5, Number.NaN].map(n => [`epochs ${n}`, { epochs: n }, [/epochs/, />= 1/]] as const),
  ...[Number.NaN, 1.5, Infinity, 2 ** 53].map(n => [`seed ${n}`, { seed: n }, [/seed/, /integer/]] as const),
  ['momentum 1.5', { optimizer: Optimizer.momentum({ rate: 1, momentum: 1.5 }) }, [/momentum/, /1\.5/, /\[0, 1\)/]],
  ['momentum NaN', { optimizer: Optimizer.momentum({ rate: 1, momentum: Number.NaN }) }, [/momentum/, /NaN/]],
  ['rate NaN', { optimizer: Optimizer.sgd({ rate: Number.NaN }) }, [/rate/, /NaN/]],
  [
    'a schedule of no steps',
    { optimizer: Optimizer.sgd({ rate: Schedule.exponential({ initial: 1, steps: 0, decay: 0.1 }) }) },
    [/steps/],
  ],
  ['patience 0', { stop: Stop.early({ patience: 0 }) }, [/patience/, />= 1/]],
  ['minDelta NaN', { stop: Stop.early({ patience: 1, minDelta: Number.NaN }) }, [/minDelta/]],
  [
    'a monitor that nothing reports',
    { stop: Stop.early({ patience: 1, monitor: 'acuracy' }) },
    [/acuracy/, /loss, accuracy/],
  ],
  ['two names for three classes', { label: { names: ['a', 'b'] } }, [/2 label names/, /\[3\]/]],
  ['one name twice', { label: { names: ['a', 'b', 'a'] } }, [/two classes/, /"a"/]],
  ['a metric of another target', { metrics: [Metric.mae()] }, [/mae/, /values/, /class/]],
  ['a metric twice', { metrics: [Metric.accuracy(), Metric.accuracy()] }, [/accuracy/]],
  [
    'a metric called loss',
    { metrics: [Metric.define({ ...Metric.accuracy.def, target: 'class', name: 'loss' })()] },
    [/loss/],
  ],
  ['a batching that is none', { batching: 'some' }, [/batching/, /arraySplit/]],
  ['dropout 1', { net: pipe(smallNet, Layer.dropout(1)) }, [/dropout/, /\[0, 1\)/]],
  ['class labels for an image', { net: image }, [/logits/, /2, 3/]],
  ['values for a huber loss without width', { loss: Loss.huber({ delta: 0 }), metrics: [] }, [/delta|huber/]],
  ['a path that is a slot of the optimizer', { net: pipe(clashing, Layer.dense(3)) }, [/slot/]],
  ['more memory than there is', { batch: 2 ** 40 }, [/MiB/]],
]
for (const [name, change, words] of settings)
  test(`a recipe with ${name}`, async () => {
    const recipe = small(change)
    const left = expectLeft(await Trainer.compile(recipe)())
    for (const w of words) assert.match(left.message, w)
    assert.ok(left._tag === 'RecipeError' || left._tag === 'ShapeError')
    const fitted = expectLeft(await Trainer.fit(recipe)({ train: rows(10) })())
    assert.ok(fitted.message.length > 0)
    assert.is(Recipe.hash(recipe), Recipe.hash(small(change)))
    if (/memory|image|huber|called|slot/.test(name)) return
    const decoded = Recipe.codec(standard).decode(JSON.parse(JSON.stringify(Recipe.codec(standard).encode(recipe))))
    assert.ok(expectLeft(decoded).length > 0)
  })

for (const n of [0, 1.5, Number.NaN, -3])
  test(`compiling for ${n} rows`, async () => {
    says(expectLeft(await Trainer.compile(small(), { rows: n })()), 'RecipeError', /rows/, />= 1/)
  })

test('an algorithm of convolutions that is none', async () => {
  const options = { winograd: 'F(3x3)' } as never
  const word = /winograd must be "F\(2x2\)" or "F\(4x4\)", but it is "F\(3x3\)"/
  says(expectLeft(await Trainer.compile(small(), options)()), 'ShapeError', word)
  says(expectLeft(await Trainer.fit(small(), options)({ train: rows(10) })()), 'ShapeError', word)
  says(expectLeft(await expectRight(trainer.model(trainer.init())).compile(options)()), 'ShapeError', word)
})

test('a net beyond 4 GiB is refused with what it takes', async () => {
  const net = pipe(Net.input(6), Layer.dense(30_000), Layer.dense(30_000), Layer.dense(3))
  const left = expectLeft(await Trainer.compile({ ...small(), net })())
  says(left, 'ShapeError', /the plan takes \d+ MiB, but WebAssembly addresses at most 4,095/)
})

test.run()
