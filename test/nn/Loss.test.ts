import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as t from '#io/index.js'
import { evaluate } from '../../src/backend/reference.js'
import { type Expr, input } from '../../src/graph/Expr.js'
import { explain } from '../../src/graph/settings.js'
import * as Loss from '../../src/nn/Loss.js'
import { mul } from '../../src/op/arithmetic.js'
import { sum } from '../../src/op/broadcast.js'
import type { DType } from '../../src/shape/DType.js'
import { tensorType } from '../../src/shape/TensorType.js'
import { grad } from '../../src/transform/Grad.js'
import { assertClose, expectLeft, expectRight } from '../support/assert.js'

const test = suite('Loss')

interface Case {
  readonly shape: readonly number[]
  readonly x: readonly number[]
  readonly label: readonly number[]
  readonly rows: number
}

const lossRows = (loss: Loss.Loss<Loss.Target>, c: Case) => {
  const x = input('x', tensorType('f32', [-1, ...c.shape]))
  const dtype: DType = loss.target === 'class' ? 'i32' : 'f32'
  const z = input('z', tensorType(dtype, loss.target === 'class' ? [-1] : [-1, ...c.shape]))
  const rows = Loss.compute(loss, x, z)
  const { gradients } = expectRight(grad(sum(rows), [x]))
  const [values, gradient] = expectRight(evaluate([rows, ...gradients], { x: c.x, z: c.label }, c.rows))
  return { values: [...(values?.values ?? [])], gradient: [...(gradient?.values ?? [])] }
}

test('softmax cross-entropy is -log of the probability of the label', () => {
  const { values, gradient } = lossRows(Loss.softmaxCrossEntropy(), {
    shape: [2],
    x: [0, Math.log(3), 1000, -1000],
    label: [1, 1],
    rows: 2,
  })
  assertClose(values, [-Math.log(0.75), 2000], { rel: 1e-12 })
  assertClose(gradient, [0.25, -0.25, 1, -1], { abs: 1e-12 })
})

test('softmax cross-entropy of one-hot labels is that of the class', () => {
  const x = [0.5, -1, 2, 3, 0, -2]
  const byClass = lossRows(Loss.softmaxCrossEntropy(), { shape: [3], x, label: [2, 0], rows: 2 })
  const label = [0, 0, 1, 1, 0, 0]
  const byRow = lossRows(Loss.softmaxCrossEntropy({ labels: 'oneHot' }), { shape: [3], x, label, rows: 2 })
  assertClose(byRow.values, byClass.values, { rel: 1e-12 })
  assertClose(byRow.gradient, byClass.gradient, { abs: 1e-12 })
})

test('label smoothing is the cross-entropy with z (1 - s) + s / k, for classes and for rows', () => {
  const x = [0.5, -1, 2, 3, 0, -2]
  const soft = [0.2, 0.5, 0.3, 1, 0, 0]
  for (const smoothing of [0.1, 0.5, 1]) {
    const spread = (label: readonly number[]) => label.map(z => z * (1 - smoothing) + smoothing / 3)
    const plain = (label: readonly number[]) =>
      lossRows(Loss.softmaxCrossEntropy({ labels: 'oneHot' }), { shape: [3], x, label: spread(label), rows: 2 })
    const hard = [0, 0, 1, 1, 0, 0]
    for (const [loss, label, wanted] of [
      [Loss.softmaxCrossEntropy({ smoothing }), [2, 0], plain(hard)],
      [Loss.softmaxCrossEntropy({ smoothing, labels: 'oneHot' }), hard, plain(hard)],
      [Loss.softmaxCrossEntropy({ smoothing, labels: 'oneHot' }), soft, plain(soft)],
    ] as const) {
      const got = lossRows(loss, { shape: [3], x, label, rows: 2 })
      assertClose(got.values, wanted.values, { rel: 1e-12 })
      assertClose(got.gradient, wanted.gradient, { abs: 1e-12 })
    }
  }
})

test('smoothed cross-entropy by its closed form, also for large logits', () => {
  const { values, gradient } = lossRows(Loss.softmaxCrossEntropy({ smoothing: 0.1 }), {
    shape: [2],
    x: [0, Math.log(3), 1000, -1000],
    label: [1, 0],
    rows: 2,
  })
  assertClose(values, [-0.95 * Math.log(0.75) - 0.05 * Math.log(0.25), 100], { rel: 1e-12 })
  assertClose(gradient, [0.2, -0.2, 0.05, -0.05], { abs: 1e-12 })
})

test('no smoothing is the plain loss, the same data; smoothing beyond [0, 1] is refused', () => {
  assert.equal(Loss.softmaxCrossEntropy({ smoothing: 0 }), Loss.softmaxCrossEntropy())
  assert.is(Loss.softmaxCrossEntropy().config, null)
  for (const smoothing of [-0.1, 1.1, Number.NaN])
    assert.match(
      expectLeft(Loss.resolve(Loss.softmaxCrossEntropy({ smoothing }))),
      /: smoothing must be a number in \[0, 1\]/,
    )
})

test('sigmoid cross-entropy is exact for logits of any size', () => {
  const { values, gradient } = lossRows(Loss.sigmoidCrossEntropy(), {
    shape: [2],
    x: [0, Math.log(3), 1000, -1000],
    label: [1, 0, 1, 1],
    rows: 2,
  })
  assertClose(values, [(Math.log(2) + Math.log(4)) / 2, 500], { rel: 1e-12 })
  assertClose(gradient, [-0.25, 0.375, 0, -0.5], { abs: 1e-12 })
})

test('mse, mae and huber are means over a row', () => {
  const c = { shape: [2, 2], x: [1, 2, 3, 4], label: [1, 2.5, 1, 8], rows: 1 }
  assertClose(lossRows(Loss.mse(), c).values, [(0.25 + 4 + 16) / 4], { rel: 1e-12 })
  assertClose(lossRows(Loss.mae(), c).values, [(0.5 + 2 + 4) / 4], { rel: 1e-12 })
  assertClose(lossRows(Loss.huber(), c).values, [(0.125 + 1.5 + 3.5) / 4], { rel: 1e-12 })
  assertClose(lossRows(Loss.huber({ delta: 3 }), c).values, [(0.125 + 2 + 7.5) / 4], { rel: 1e-12 })
  assertClose(lossRows(Loss.mae(), c).gradient, [0, -0.25, 0.25, -0.25], { rel: 1e-12 })
})

test('a label of shape [] is one number a row', () => {
  assertClose(lossRows(Loss.mse(), { shape: [], x: [1, 2], label: [3, 2], rows: 2 }).values, [4, 0], { rel: 1e-12 })
})

const refused = (loss: Loss.Loss<Loss.Target>, shape: readonly number[], label: readonly number[], dtype: DType) => {
  const e = Loss.compute(
    loss,
    input('x', tensorType('f32', [-1, ...shape])),
    input('z', tensorType(dtype, [-1, ...label])),
  )
  return e._tag === 'Invalid' ? e.error : { path: '', message: '' }
}
const complaint = (loss: Loss.Loss<Loss.Target>, shape: readonly number[], label: readonly number[]): string =>
  refused(loss, shape, label, 'f32').message

test('refuses outputs and labels that do not fit', () => {
  assert.is(
    complaint(Loss.softmaxCrossEntropy(), [28, 28], []),
    'expects a vector of logits a row, but the net ends in f32[rows, 28, 28]; end it with Layer.dense(classes)',
  )
  assert.is(complaint(Loss.mse(), [3], [2]), 'the net ends in f32[rows, 3], but the labels are f32[rows, 2]')
  assert.match(complaint(Loss.huber({ delta: 0 }), [3], [3]), /delta must be a number > 0, but it is 0/)
})

test('says which loss refuses', () => {
  const oneHot = Loss.softmaxCrossEntropy({ labels: 'oneHot' })
  for (const [loss, labels] of [
    [Loss.softmaxCrossEntropy(), 'i32'],
    [oneHot, 'f32'],
  ] as const)
    for (const shape of [[], [28, 28]]) {
      const { path, message } = refused(loss, shape, shape, labels)
      assert.is(path, 'softmaxCrossEntropy')
      assert.match(message, 'expects a vector of logits a row')
    }
  const { path, message } = refused(oneHot, [3], [2], 'f32')
  assert.is(path, 'softmaxCrossEntropy')
  assert.is(message, 'the net ends in f32[rows, 3], but the labels are f32[rows, 2]')
  const elementwise = {
    sigmoidCrossEntropy: Loss.sigmoidCrossEntropy(),
    mse: Loss.mse(),
    mae: Loss.mae(),
    huber: Loss.huber(),
  }
  for (const [name, loss] of Object.entries(elementwise))
    assert.is(refused(loss, [3], [2], 'f32').path, `gradus/${name}`)
  assert.is(
    expectLeft(Loss.resolve({ of: 'loss', kind: 'acme/x', config: null, target: 'values' })),
    'the loss "acme/x" has no definition; give it to the codec that decodes it',
  )
})

test('shares are taken where values are wanted, or where soft classes have a meaning', () => {
  const config = t.type({})
  const compute = (_: object, x: Expr) => sum(x, [1])
  const hard = Loss.define({ kind: 'acme/hard', target: 'class', config, compute })({})
  const soft = Loss.define({ kind: 'acme/soft', target: 'class', config, compute, soft: compute })({})
  const values = Loss.define({ kind: 'acme/values', target: 'values', config, compute })({})
  assert.equal([hard, soft, values, Loss.mse(), Loss.softmaxCrossEntropy()].map(Loss.takesShares), [
    ...[false, true, true, true, true],
  ])
  assert.not(Loss.takesShares({ of: 'loss', kind: 'acme/x', config: null, target: 'class' }))
})

test('decode . encode = id; refuses unknown kinds and two definitions of one', () => {
  const codec = Loss.codec(Loss.definitions)
  const all = [
    ...[Loss.softmaxCrossEntropy(), Loss.softmaxCrossEntropy({ labels: 'oneHot' }), Loss.sigmoidCrossEntropy()],
    ...[Loss.mse(), Loss.mae(), Loss.huber({ delta: 2 })],
    ...[Loss.softmaxCrossEntropy({ smoothing: 0.1 }), Loss.softmaxCrossEntropy({ smoothing: 0.2, labels: 'oneHot' })],
  ]
  for (const loss of all) assert.equal(expectRight(codec.decode(JSON.parse(JSON.stringify(codec.encode(loss))))), loss)
  expectLeft(codec.decode({ of: 'loss', kind: 'acme/x', config: null }))
  const mse = { of: 'loss', kind: 'gradus/mse', config: null }
  for (const u of [null, 1, [], { ...mse, of: 'stage' }, { ...mse, kind: 1 }, { ...mse, kind: undefined }])
    assert.match(explain(expectLeft(codec.decode(u))), /^must be a loss/)
  for (const loss of all) assert.ok(codec.is(loss))
  const { def, ...unbound } = Loss.huber()
  for (const u of [null, mse, unbound, { ...Loss.mse(), of: 'stage' }, { ...Loss.mse(), def: { ...def } }])
    assert.not.ok(codec.is(u))
  assert.is(expectRight(Loss.resolve(unbound)), def)
  expectLeft(codec.decode({ of: 'loss', kind: 'gradus/huber', config: { delta: -1 } }))
  expectLeft(Loss.codec([...Loss.definitions, ...Loss.definitions]).decode(codec.encode(Loss.mse())))
})

test('a user declares one', () => {
  const weighted = Loss.define({
    kind: 'acme/weighted',
    target: 'values',
    config: t.type({ weight: t.number }),
    compute: ({ weight }, x, z) => mul(Loss.compute(Loss.mse(), x, z), weight),
  })
  const loss: Loss.Loss<'values'> = weighted({ weight: 3 })
  assertClose(lossRows(loss, { shape: [1], x: [2], label: [0], rows: 1 }).values, [12], { rel: 1e-12 })
})

test.run()
