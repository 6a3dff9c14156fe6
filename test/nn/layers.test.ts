/** Activations as layers: each means its function, with the settings it was given, in training and in a model. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pipe } from '#fp/function.js'
import type { Expr } from '../../src/graph/Expr.js'
import * as act from '../../src/nn/activation.js'
import * as Init from '../../src/nn/Init.js'
import * as Layer from '../../src/nn/Layer.js'
import * as Net from '../../src/nn/Net.js'
import { expectLeft } from '../support/assert.js'
import { exact, inputOf, meaning } from './support.js'

const test = suite('layers')

const cases: readonly (readonly [string, Layer.Keeps, (x: Expr) => Expr])[] = [
  ['relu', Layer.relu(), act.relu],
  ['relu6', Layer.relu6(), act.relu6],
  ['leakyRelu', Layer.leakyRelu(), x => act.leakyRelu(x, 0.01)],
  ['leakyRelu', Layer.leakyRelu({ alpha: 0.3 }), x => act.leakyRelu(x, 0.3)],
  ['elu', Layer.elu({ alpha: 2 }), x => act.elu(x, 2)],
  ['celu', Layer.celu(), x => act.celu(x, 1)],
  ['celu', Layer.celu({ alpha: 2 }), x => act.celu(x, 2)],
  ['selu', Layer.selu(), act.selu],
  ['softplus', Layer.softplus(), act.softplus],
  ['softsign', Layer.softsign(), act.softsign],
  ['swish', Layer.swish(), act.swish],
  ['swish', Layer.silu(), act.silu],
  ['mish', Layer.mish(), act.mish],
  ['tanh', Layer.tanh(), act.tanh],
  ['logistic', Layer.logistic(), act.logistic],
  ['hardSigmoid', Layer.hardSigmoid(), x => act.hardSigmoid(x, 'torch')],
  ['hardSigmoid', Layer.hardSigmoid({ form: 'tf1' }), x => act.hardSigmoid(x, 'tf1')],
  ['gelu', Layer.gelu(), x => act.gelu(x, 'none')],
  ['gelu', Layer.gelu({ approximate: 'tanh' }), x => act.gelu(x, 'tanh')],
]
const x = [-3, -1, -0.1, 0.2, 2.7, 8]

cases.forEach(([kind, layer, f], i) => {
  test(`${kind} (${i}) is its function`, () => {
    const net = pipe(Net.input(6), layer)
    assert.is(net.node._tag === 'Apply' && net.node.kind, `gradus/${kind}`)
    for (const mode of ['train', 'infer'] as const)
      assert.equal(exact([meaning(net, mode).output], { input: x }, 1), exact([f(inputOf(net))], { input: x }, 1))
  })
})

test('prelu has one slope for the layer, or one for each channel, at first 0.25', () => {
  const shared = meaning(pipe(Net.input(3, 2), Layer.prelu({ name: 'p' })))
  const each = meaning(pipe(Net.input(3, 2), Layer.prelu({ per: 'channel', name: 'p' })))
  const slopes = (v: typeof shared.variables) =>
    v.map(({ path, shape, init, trainable }) => [path, shape, init, trainable])
  assert.equal(slopes(shared.variables), [['p/alpha', [], Init.constant(0.25), true]])
  assert.equal(slopes(each.variables), [['p/alpha', [2], Init.constant(0.25), true]])
  const rows = [-4, -2, 1, -1, 3, 0]
  const at = (net: typeof shared, alpha: readonly number[]) =>
    exact([net.output], { input: rows, 'p/alpha': alpha }, 1)[0]
  assert.equal(at(shared, [0.5]), [-2, -1, 1, -0.5, 3, 0])
  assert.equal(at(each, [0.5, 2]), [-2, -4, 1, -2, 3, 0])
  const model = meaning(pipe(Net.input(3, 2), Layer.prelu({ per: 'channel', name: 'p' })), 'infer')
  assert.equal(at(model, [0.5, 2]), [-2, -4, 1, -2, 3, 0])
  const error = expectLeft(Net.check(pipe(Net.input(), Layer.prelu({ per: 'channel' })))).message
  assert.is(error, "prelu: expects a last axis of channels, but the input is []; use { per: 'layer' }")
})

test('activations refuse impossible settings', () => {
  const error = (layer: Layer.Keeps) => expectLeft(Net.check(pipe(Net.input(2), layer))).message
  for (const alpha of [0, -1, Number.NaN]) {
    assert.match(error(Layer.celu({ alpha })), /alpha must be a number > 0/)
    assert.match(error(Layer.elu({ alpha })), /alpha must be a number > 0/)
  }
})

test.run()
