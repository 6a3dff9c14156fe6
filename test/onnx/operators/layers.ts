/** Operators that are layers here: the layers' own meanings, given their parameters as expressions. */
import { constant, type Expr, input } from '../../../src/graph/Expr.js'
import * as Layer from '../../../src/nn/Layer.js'
import * as Net from '../../../src/nn/Net.js'
import { add, mul, sub } from '../../../src/op/arithmetic.js'
import { broadcastTo, reshape } from '../../../src/op/broadcast.js'
import { rsqrt } from '../../../src/op/math.js'
import { mean } from '../../../src/op/reduce.js'
import { gt } from '../../../src/op/select.js'
import { tensorType } from '../../../src/shape/TensorType.js'
import type { Build, Builders } from '../node.js'
import { channelsLast, channelsSecond, positive } from './axes.js'

type Vars = Readonly<Record<string, Expr>>

const key = input('key', tensorType('i32', [4]))

/** What a layer makes of rows, in a model or in training. */
const applied = (layer: (x: Net.AnyNet) => Net.AnyNet, x: Expr, params: Vars, state: Vars, mode: 'infer' | 'train') => {
  const { node } = layer(Net.input(...x.type.shape.slice(1)) as Net.AnyNet)
  if (node._tag !== 'Apply') throw new Error('the layer adds nothing')
  const { def, config } = node
  if (mode === 'infer') return { y: def.infer(config, params, state, [x]), state }
  const [y, next] = def.train(config, params, state, key, [x])
  return { y, state: next }
}

/** ONNX keeps biased moving variances, and its momentum is the old value's. */
const batchNorm: Build = n => {
  const layer = Layer.batchNorm({
    form: 'keras',
    axis: 0,
    epsilon: n.float('epsilon', 1e-5),
    momentum: n.float('momentum', 0.9),
  })
  const training = n.int('training_mode', 0) === 1
  const { y, state } = applied(
    layer,
    n.arg(0),
    { gamma: n.arg(1), beta: n.arg(2) },
    { mean: n.arg(3), variance: n.arg(4) },
    training ? 'train' : 'infer',
  )
  return training ? [y, state['mean'] as Expr, state['variance'] as Expr] : [y]
}

/** A group norm with one channel a group. */
const instanceNorm: Build = n => {
  const x = channelsLast(n.arg(0))
  const channels = x.type.shape[x.type.shape.length - 1] as number
  const layer = Layer.groupNorm(channels, { epsilon: n.float('epsilon', 1e-5) })
  return [channelsSecond(applied(layer, x, { gamma: n.arg(1), beta: n.arg(2) }, {}, 'infer').y)]
}

/** All is one row, so that the batch's axis can be among those normalized. */
const layerNorm: Build = n => {
  const x = n.arg(0)
  const { shape } = x.type
  const from = positive(n.int('axis', -1), shape.length)
  const axes = shape.flatMap((_, i) => (i < from ? [] : [i]))
  const epsilon = n.float('epsilon', 1e-5)
  const row = reshape(x, [1, ...shape])
  const { y } = applied(Layer.layerNorm({ axes, epsilon }), row, { gamma: n.arg(1), beta: n.arg(2) }, {}, 'infer')
  const average = mean(x, axes, true)
  const d = sub(x, average)
  return [reshape(y, shape), average, rsqrt(add(mean(mul(d, d), axes, true), epsilon))]
}

/** A batch norm without scales, per channel (axes 0, 2, 3) only. */
const standardized: Build = n => {
  const axes = n.ints('axes') ?? [0, 2, 3]
  const x = n.arg(0)
  const d = sub(x, mean(x, axes, true))
  return [mul(d, rsqrt(mean(mul(d, d), axes, true)))]
}

/** What is drawn depends on the generator: only what drops nothing can be compared. */
const dropout: Build = n => {
  const x = n.arg(0)
  const rate = n.opset < 12 ? n.float('ratio', 0.5) : (n.numbers(1)?.[0] ?? 0.5)
  const training = (n.numbers(2)?.[0] ?? 0) !== 0
  if (training && rate > 0) throw new Error('what another generator drops cannot be compared')
  const { y } = applied(Layer.dropout(rate), x, {}, {}, training ? 'train' : 'infer')
  return [y, gt(broadcastTo(constant(1), x.type.shape), 0)]
}

export const layers: Builders = {
  BatchNormalization: batchNorm,
  InstanceNormalization: instanceNorm,
  LayerNormalization: layerNorm,
  MeanVarianceNormalization: standardized,
  Dropout: dropout,
}
