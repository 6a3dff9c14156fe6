/** Every definition that comes with the library, through JSON. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pipe } from '#fp/function.js'
import { analyze } from '../../src/nn/analyze.js'
import * as Init from '../../src/nn/Init.js'
import * as Layer from '../../src/nn/Layer.js'
import * as Net from '../../src/nn/Net.js'
import * as Penalty from '../../src/nn/Penalty.js'
import { standard } from '../../src/nn/standard.js'
import { expectRight } from '../support/assert.js'

const test = suite('standard')

const codec = Net.codec(standard)
const again = (net: Net.AnyNet): Net.AnyNet => expectRight(codec.decode(JSON.parse(JSON.stringify(Net.toJSON(net)))))
const settingsOf = (layer: (x: Net.Net<readonly [2], readonly [2]>) => Net.AnyNet): object => {
  const { node } = layer(Net.input(2))
  return node._tag === 'Apply' ? Object(node.config) : {}
}

const frame = [
  [1, 1],
  [1, 0],
  [0, 1],
] as const

test('every standard layer survives JSON, and has a definition in `standard`', () => {
  const layers: readonly ((x: Net.AnyNet) => Net.AnyNet)[] = [
    ...[
      Layer.relu(),
      Layer.relu6(),
      Layer.leakyRelu({ alpha: 0.3 }),
      Layer.elu({ alpha: 2 }),
      Layer.celu({ alpha: 2 }),
    ],
    ...[Layer.selu(), Layer.softplus(), Layer.softsign(), Layer.swish(), Layer.silu(), Layer.mish(), Layer.tanh()],
    ...[Layer.logistic(), Layer.hardSigmoid({ form: 'keras2' }), Layer.gelu({ approximate: 'tanh' })],
    ...[Layer.prelu(), Layer.prelu({ per: 'channel', init: Init.zeros() })],
    ...[Layer.batchNorm({ axis: 0 }), Layer.layerNorm({ axes: [0, 1] }), Layer.groupNorm(2, { affine: false })],
    ...[Layer.dropout(0.1), Layer.spatialDropout(0.1), Layer.alphaDropout(0.1), Layer.gaussianDropout(0.1)],
    ...[Layer.gaussianNoise(0.1), Layer.flatten(), Layer.reshape<readonly [8]>(8), Layer.rescale(2, 1)],
    Layer.standardize([0, 1], [1, 2]),
    x => pipe(x, Layer.flatten(), Layer.dense(2, { penalty: Penalty.l1l2({ l1: 0.5, l2: 0.25 }), init: Init.he() })),
    ...[
      Layer.conv2d(3, [2, 1], { stride: 2, dilation: [1, 2], padding: 'same', penalty: Penalty.l2(0.5) }),
      Layer.conv2d(2, 1, {
        padding: [
          [0, 1],
          [2, 3],
        ],
        groups: 2,
        bias: false,
        init: Init.he(),
      }),
      Layer.maxPool2d(2, { stride: 1, padding: [0, 1], ceil: true }),
      Layer.averagePool2d([2, 1], { countPadding: true }),
      Layer.globalAveragePool(),
      Layer.globalMaxPool(),
      Layer.spaceToDepth(2, { form: 'torch' }),
      Layer.depthwiseConv2d(2, { multiplier: 2, padding: 'same', penalty: Penalty.l2(0.5) }),
      Layer.separableConv2d(3, 1, { depthwiseInit: Init.he(), pointwisePenalty: Penalty.l1(0.5) }),
      Layer.convTranspose2d(2, 3, { stride: 2, padding: [1, 0], outputPadding: [1, 0], groups: 2 }),
      Layer.upsample([2, 1], { method: 'bilinear', centers: 'corners' }),
      Layer.crop([
        [1, 0],
        [0, 1],
      ]),
      Layer.pad([
        [0, 1],
        [2, 3],
        [4, 5],
      ]),
      Layer.pad(frame, { form: 'reflect' }),
      Layer.pad(frame, { value: -1 }),
      (x: Net.AnyNet) => Layer.depthToSpace(2)(Layer.spaceToDepth(2)(x)),
    ].map(
      layer =>
        (x: Net.AnyNet): Net.AnyNet =>
          layer(Layer.reshape<readonly [2, 2, 2]>(2, 2, 2)(x)),
    ),
    ...[
      Layer.conv1d(3, 2, { padding: 'causal', dilation: 2, bias: false }),
      Layer.separableConv1d(3, 2, { multiplier: 2, depthwisePenalty: Penalty.l2(0.5) }),
      Layer.convTranspose1d(3, 2, { stride: 2, padding: 'same' }),
      Layer.maxPool1d(2, { stride: 1, padding: [0, 1], ceil: true }),
      Layer.averagePool1d(2, { countPadding: true }),
      Layer.globalAveragePool1d(),
      Layer.globalMaxPool1d(),
    ],
    x => Layer.add(x, x),
    x => Layer.concat(x, x),
    x =>
      Layer.residual<readonly number[], readonly number[], readonly number[]>(Layer.tanh())({ ...x, inputs: [4, 2] }),
  ]
  const seen = new Set<string>()
  for (const layer of layers) {
    const net = layer(Net.input(4, 2))
    const decoded = again(net)
    assert.ok(Net.equals(decoded, net))
    assert.equal(decoded.shape, net.shape)
    for (const { node } of expectRight(analyze(decoded)).rows) if (node._tag === 'Apply') seen.add(node.kind)
  }
  const known = standard.flatMap(d => (d.of === 'layer' ? [d.kind] : []))
  assert.equal([...seen].sort(), [...known].sort())
})

test('settings that are not given are not in the JSON, so hashes outlive new options', () => {
  assert.equal(settingsOf(Layer.batchNorm({ axis: -1 })), settingsOf(Layer.batchNorm()))
  assert.equal(Object.keys(settingsOf(Layer.batchNorm())), ['form', 'momentum', 'epsilon', 'unbiased'])
  assert.equal(Object.keys(settingsOf(Layer.pad([[1, 1]]))), ['edges'])
  assert.equal(settingsOf(Layer.pad([[1, 1]], { value: 0 })), settingsOf(Layer.pad([[1, 1]])))
  assert.equal(Object.keys(settingsOf(Layer.dense(2))), ['units', 'bias', 'init', 'biasInit'])
})

test.run()
