/**
 * The regions of the library's own chains: the usual activations behind a dense layer, with and without batch norm and
 * dropout, every loss, a classifier's softmax, and every optimizer with and without clipping. The build compiles a kernel
 * for each of them into the core, where the machine finds them by key. What else there is runs in parts (see Split.ts):
 * for those the core has each activation, norm, decay and optimizer alone, too.
 */
import * as E from '#fp/Either.js'
import { flow, pipe } from '#fp/function.js'
import { type Expr, input as expr } from '../graph/Expr.js'
import * as Layer from '../nn/Layer.js'
import * as Loss from '../nn/Loss.js'
import * as Net from '../nn/Net.js'
import { matmul } from '../op/matmul.js'
import * as Clip from '../optim/Clip.js'
import * as Decay from '../optim/Decay.js'
import * as Optimizer from '../optim/Optimizer.js'
import { transform } from '../optim/Stage.js'
import { tensorType } from '../shape/TensorType.js'
import { prepare } from '../transform/prepare.js'
import { compile } from './compiled.js'
import * as Metric from './Metric.js'
import { programs, stageInput } from './programs.js'
import { type AnyRecipe, of } from './Recipe.js'

type Vector = Net.Net<readonly [8], readonly [8]>
type Block = (x: Vector) => Vector

const input: Vector = Net.input(8)
const usual = [
  Layer.elu(),
  Layer.relu(),
  Layer.leakyRelu(),
  Layer.selu(),
  Layer.tanh(),
  Layer.logistic(),
  Layer.softplus(),
  Layer.gelu(),
  Layer.swish(),
]
const others = [Layer.relu6(), Layer.celu(), Layer.hardSigmoid(), Layer.mish(), Layer.prelu(), Layer.softsign()]
const common = { batch: 4, epochs: 1, seed: 0 }
const classes = { ...common, loss: Loss.softmaxCrossEntropy(), metrics: [Metric.accuracy()] }
const sgd = Optimizer.sgd({ rate: 0.1 })

/** Where a rate makes constants coincide, 0.5 and 2 among them, regions have fewer operands: both kinds are here. */
const rates = [0.3, 0.5]

const dense: Block = x => Layer.dense(8)(x)
const plain: Block = x => Layer.dense(8, { bias: false })(x)
const batchNorm: Block = x => Layer.batchNorm()(x)
const layerNorm: Block = x => Layer.layerNorm()(x)
const dropout =
  (rate: number): Block =>
  x =>
    Layer.dropout(rate)(x)

/** What stands behind a product in a hidden layer, or around it; other combinations run in these as their parts. */
const blocks: readonly Block[] = [
  ...usual.flatMap((activation): readonly Block[] => [
    flow(dense, activation),
    flow(dense, batchNorm, activation),
    flow(plain, batchNorm, activation),
    ...rates.flatMap(rate => [
      flow(dense, activation, dropout(rate)),
      flow(dense, batchNorm, activation, dropout(rate)),
      flow(plain, batchNorm, activation, dropout(rate)),
    ]),
  ]),
  ...[...usual, ...others].map(activation => flow(plain, activation)),
  flow(plain, batchNorm, Layer.relu6()),
  flow(plain, batchNorm),
  flow(plain, x => Layer.batchNorm({ form: 'tf1' })(x)),
  flow(plain, layerNorm),
  ...rates.map(rate => flow(plain, dropout(rate))),
  flow(
    dense,
    Layer.residual((x: Vector) => pipe(x, layerNorm, dense)),
  ),
]

const last = pipe(input, Layer.dense(3))
const nets = blocks.map(block => pipe(input, block, block, Layer.dense(3)))

const optimizers = [
  sgd,
  ...(['torch', 'keras'] as const).flatMap(form => [
    Optimizer.momentum({ rate: 0.1, form }),
    Optimizer.nesterov({ rate: 0.1, form }),
  ]),
  ...(['torch', 'tf1', 'slides'] as const).map(form => Optimizer.adam({ form })),
]
const clips = [[], [Clip.byValue(1)], [Clip.byNorm(1)], [Clip.byGlobalNorm(1)]]

/** Those that are less common: bare and behind the clip that is most so. */
const more = [
  Optimizer.adagrad(),
  Optimizer.adagrad({ form: 'tf1' }),
  ...[0, 0.9].flatMap(momentum => [
    ...[false, true].map(centered => Optimizer.rmsprop({ momentum, centered })),
    Optimizer.rmsprop({ momentum, form: 'tf1' }),
  ]),
  Optimizer.adadelta(),
  Optimizer.adamW(),
  Optimizer.amsgrad(),
  Optimizer.nadam(),
  Optimizer.adamax(),
  Optimizer.radam(),
  Optimizer.lion(),
  Optimizer.lion({ decay: 0.01 }),
  Optimizer.lamb(),
  Optimizer.chain(Decay.l2(0.01), sgd),
  Optimizer.chain(Decay.l2(0.01), Optimizer.momentum({ rate: 0.1 })),
]

/** Those that are rare, or no optimizer by themselves: only what they make of a gradient. */
const parts = [
  [Decay.l1(0.01)],
  [Decay.l2(0.01)],
  [Decay.decoupled(0.01)],
  Optimizer.adamax({ form: 'keras' }),
  ...[0, 0.9].flatMap(momentum => [
    Optimizer.rmsprop({ momentum, form: 'keras' }),
    ...(['tf1', 'keras'] as const).map(form => Optimizer.rmsprop({ momentum, centered: true, form })),
  ]),
]

const smoothing = 0.1
const ofClasses = [Loss.softmaxCrossEntropy(), Loss.softmaxCrossEntropy({ smoothing })]
const ofValues = [
  Loss.mse(),
  Loss.mae(),
  Loss.huber(),
  Loss.sigmoidCrossEntropy(),
  Loss.softmaxCrossEntropy({ labels: 'oneHot' }),
  Loss.softmaxCrossEntropy({ labels: 'oneHot', smoothing }),
]

const recipes = (): readonly AnyRecipe[] => [
  ...nets.map(net => of({ ...classes, net, optimizer: sgd })),
  ...optimizers.flatMap(optimizer =>
    clips.map(clip => of({ ...classes, net: last, optimizer: Optimizer.chain(...clip, optimizer) })),
  ),
  ...more.flatMap(optimizer =>
    [[], [Clip.byGlobalNorm(1)]].map(clip =>
      of({ ...classes, net: last, optimizer: Optimizer.chain(...clip, optimizer) }),
    ),
  ),
  ...ofClasses.flatMap(loss =>
    [[], [Metric.accuracy()]].map(metrics => of({ ...common, loss, metrics, net: last, optimizer: sgd })),
  ),
  ...ofValues.map(loss => of({ ...common, loss, net: last, optimizer: sgd })),
]

/** What an optimizer makes of a gradient, which is some product, whatever stands before and behind it. */
const alone = (optimizer: Optimizer.Optimizer): readonly Expr[] => {
  const [w, loss] = [{ path: 'w', shape: [8, 8] }, expr('loss', tensorType('f32'))]
  const factor = expr('factor', tensorType('f32', w.shape))
  const { updates, slots } = transform(optimizer, stageInput({ optimizer }, [w], [matmul(factor, factor)], loss))
  return [...updates, ...Object.values(slots).flat()]
}

/** What the recipes' programs compute, and a classifier's. */
const computed = (): readonly (readonly Expr[])[] => {
  const trained = recipes().flatMap(recipe => {
    const made = programs(recipe)
    return E.isLeft(made) ? [] : [made.right.train, made.right.evaluate]
  })
  const compiled = compile(last, true, { rows: 4 })
  return [
    ...trained.map(({ results, updates }) => [...Object.values(results), ...Object.values(updates)]),
    ...(E.isLeft(compiled) ? [] : Object.values(compiled.right.programs).map(results => Object.values(results))),
    ...[...optimizers, ...more, ...parts].map(alone),
  ]
}

/** Keys of regions with more than one step or with reductions, each once, in a fixed order. */
export const chains = (): readonly string[] => {
  const keys = new Set<string>()
  for (const exprs of computed()) {
    const ready = prepare(exprs)
    if (E.isLeft(ready)) continue
    for (const unit of ready.right.units)
      if (unit._tag === 'Region' && unit.steps.length + unit.reductions.length > 1) keys.add(unit.key)
  }
  return [...keys].sort()
}
