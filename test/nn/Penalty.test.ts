import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pipe } from '#fp/function.js'
import { input } from '../../src/graph/Expr.js'
import * as Layer from '../../src/nn/Layer.js'
import * as Loss from '../../src/nn/Loss.js'
import * as Net from '../../src/nn/Net.js'
import * as Penalty from '../../src/nn/Penalty.js'
import * as Optimizer from '../../src/optim/Optimizer.js'
import { tensorType } from '../../src/shape/TensorType.js'
import { programs } from '../../src/train/programs.js'
import * as Recipe from '../../src/train/Recipe.js'
import { grad } from '../../src/transform/Grad.js'
import { assertClose, expectLeft, expectRight } from '../support/assert.js'
import { exact, kernels, meaning, paramOf } from './support.js'

const test = suite('Penalty')

const w = input('w', tensorType('f32', [4]))
const at = [1, -2, 0, 3]

const forms = [
  ['l1', Penalty.l1(0.5), 3, [0.5, -0.5, 0, 0.5]],
  ['l2', Penalty.l2(0.5), 7, [1, -2, 0, 3]],
  ['l2 as tf1', Penalty.l2(0.5, { form: 'tf1' }), 3.5, [0.5, -1, 0, 1.5]],
  ['l1l2', Penalty.l1l2({ l1: 1, l2: 0.25 }), 9.5, [1.5, -2, 0, 2.5]],
] as const
for (const [name, penalty, value, gradient] of forms)
  test(`${name} and its gradient`, () => {
    const e = Penalty.compute(penalty, w)
    if (!e) throw new Error('there is none')
    const { gradients } = expectRight(grad(e, [w]))
    for (const [v, g] of [exact([e, ...gradients], { w: at }, 1), kernels([e, ...gradients], { w: at }, 1)]) {
      assertClose(v ?? [], [value], { rel: 1e-7 })
      assertClose(g ?? [], gradient, { rel: 1e-7 })
    }
  })

test('a penalty of 0 is none', () => {
  assert.is(Penalty.compute(Penalty.l2(0), w), null)
  assert.is(meaning(pipe(Net.input(2), Layer.dense(2, { penalty: Penalty.l1(0) }))).penalty, null)
  assert.is(meaning(pipe(Net.input(2), Layer.dense(2))).penalty, null)
})

const weights = { 'a/w': [1, 2, 3, 4], 'a/b': [9, 9], 'c/w': [1, -1], 'c/b': [5] }
const lower = pipe(Net.input(2), Layer.dense(2, { name: 'a', penalty: Penalty.l2(0.1) }))

test('a net sums the penalties of its kernels, those of frozen layers left out, shared ones once', () => {
  const value = (net: Net.AnyNet) => {
    const { penalty } = meaning(net)
    return penalty ? (exact([penalty], weights, 1)[0] ?? []) : []
  }
  const top = Layer.dense(1, { name: 'c', penalty: Penalty.l1(2) })
  assertClose(value(pipe(lower, top)), [7], { rel: 1e-12 })
  assertClose(value(pipe(lower, Net.freeze, top)), [4], { rel: 1e-12 })
  assertClose(value(pipe(lower, Layer.dense(2, { name: 'a', penalty: Penalty.l2(0.1) }))), [3], { rel: 1e-12 })
  const variables = meaning(lower).variables.map(v => [v.path, v.penalty])
  assert.equal(variables, [
    ['a/w', { l1: 0, l2: 0.1 }],
    ['a/b', undefined],
  ])
})

const recipe = Recipe.of({
  net: lower,
  loss: Loss.mse(),
  optimizer: Optimizer.sgd({ rate: 1 }),
  batch: 1,
  epochs: 1,
  seed: 1,
})

test('training minimizes the loss and the penalty, and reports their sum, in evaluation too', () => {
  const { train, evaluate } = expectRight(programs(recipe))
  // the net gives [13, 15]: only the penalty 0.1 (1 + 4 + 9 + 16) is left, and its gradient 0.2 w
  const bound = { ...weights, input: [1, 1], '/label': [13, 15], step: [0] }
  const results = [train.results['loss'], evaluate.results['loss'], train.updates['a/w']].flatMap(e => e ?? [])
  const [trained, evaluated, next] = exact(results, bound, 1)
  assertClose(trained ?? [], [3], { rel: 1e-12 })
  assertClose(evaluated ?? [], [3], { rel: 1e-12 })
  assertClose(
    next ?? [],
    weights['a/w'].map(v => v - 0.2 * v),
    { rel: 1e-12 },
  )
})

test('the penalty is part of a layer as data', () => {
  const codec = Net.codec([Layer.dense.def])
  const decoded = expectRight(codec.decode(JSON.parse(JSON.stringify(Net.toJSON(lower)))))
  assert.ok(Net.equals(decoded, lower))
  assertClose(exact([meaning(decoded).penalty ?? w], weights, 1)[0] ?? [], [3], { rel: 1e-12 })
  assert.not(Net.equals(lower, pipe(Net.input(2), Layer.dense(2, { name: 'a' }))))
  const bad = pipe(Net.input(2), Layer.dense(2, { penalty: Penalty.l2(-1) }))
  assert.match(expectLeft(Net.check(bad)).message, /penalty.l2 must be a number >= 0/)
})

test('a layer of a user penalizes its own parameters', () => {
  const scaled = Layer.define<() => Layer.Keeps>()({
    kind: 'acme/scaled',
    config: Layer.relu.def.config,
    args: () => null,
    shape: (_c, x) => ({ _tag: 'Right', right: x ?? [] }),
    params: () => ({
      g: { shape: [2], init: { of: 'init', kind: 'gradus/ones', config: null }, penalty: Penalty.l1(1) },
    }),
    state: () => ({}),
    infer: (_c, _p, _s, x) => x,
    train: (_c, _p, s, _k, x) => [x, s],
  })
  const net = meaning(pipe(Net.input(2), scaled()))
  const { gradients } = expectRight(grad(net.penalty ?? w, [paramOf(net, 'acme.scaled1/g')]))
  assertClose(exact(gradients, { 'acme.scaled1/g': [-3, 2] }, 1)[0] ?? [], [-1, 1], { abs: 0 })
})

test.run()
