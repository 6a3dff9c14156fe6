/** Losses, with their weights and labels to be left out, as ONNX states them. */
import type { Expr } from '../../../src/graph/Expr.js'
import * as Loss from '../../../src/nn/Loss.js'
import { div, mul, neg } from '../../../src/op/arithmetic.js'
import { reshape, sum } from '../../../src/op/broadcast.js'
import { logSoftmax } from '../../../src/op/composite.js'
import { gather, oneHot } from '../../../src/op/gather.js'
import { cast, eq, ne, select } from '../../../src/op/select.js'
import { sizeOf } from '../../../src/shape/TensorType.js'
import type { Build, Builders, Node } from '../node.js'
import { channelsLast } from './axes.js'

type RowLoss = (x: Expr, z: Expr) => Expr

/** Every position is a row: of numbers by class, and of a label. */
const loss =
  (rows: RowLoss, more: (x: Expr) => readonly Expr[] = () => []): Build =>
  n => {
    const [x, labels] = [n.arg(0), n.arg(1)]
    const classes = x.type.shape[1] as number
    const count = sizeOf(labels.type.shape)
    const z = reshape(labels, [count])
    const each = rows(reshape(channelsLast(x), [count, classes]), z)
    return [reduced(n, each, z, labels.type.shape), ...more(x)]
  }

const weightsOf = (n: Node, z: Expr): Expr => {
  const ignored = n.int('ignore_index', NaN)
  const counts = Number.isNaN(ignored) ? eq(z, z) : ne(z, ignored)
  const weights = n.args[2]
  return weights ? select(counts, gather(weights, z), 0) : cast(counts, 'f32')
}

/** The mean is weighted: it divides by the sum of the weights. */
const reduced = (n: Node, each: Expr, z: Expr, shape: readonly number[]): Expr => {
  const weights = weightsOf(n, z)
  const weighted = mul(each, weights)
  const reduction = n.text('reduction', 'mean')
  if (reduction === 'none') return reshape(weighted, shape)
  return reduction === 'sum' ? sum(weighted) : div(sum(weighted), sum(weights))
}

export const losses: Builders = {
  SoftmaxCrossEntropyLoss: loss(
    (x, z) => Loss.compute(Loss.softmaxCrossEntropy(), x, z),
    x => [logSoftmax(x, 1)],
  ),
  NegativeLogLikelihoodLoss: loss((x, z) => neg(sum(mul(x, oneHot(z, x.type.shape[1] as number)), [1]))),
}
