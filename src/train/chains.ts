/**
 * The regions of the library's own chains: every activation behind a dense layer, with and without batch norm and
 * dropout, every loss, a classifier's softmax, and every optimizer with and without clipping (constraints, averages and
 * guards are left to the unfused kernels). The build compiles a kernel for each of them into the core, where the machine
 * finds them by key.
 */
import * as E from '#fp/Either.js'
import { flow, pipe } from '#fp/function.js'
import type { Expr } from '../graph/Expr.js'
import * as Layer from '../nn/Layer.js'
import * as Loss from '../nn/Loss.js'
import * as Net from '../nn/Net.js'
import * as Clip from '../optim/Clip.js'
import * as Decay from '../optim/Decay.js'
import * as Optimizer from '../optim/Optimizer.js'
import { prepare } from '../transform/prepare.js'
import { compile } from './compiled.js'
import * as Metric from './Metric.js'
import { programs } from './programs.js'
import { type AnyRecipe, of } from './Recipe.js'

const input = Net.input(8)
const activations = [
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
const common = { batch: 4, epochs: 1, seed: 0 }
const classes = { ...common, loss: Loss.softmaxCrossEntropy(), metrics: [Metric.accuracy()] }
const sgd = Optimizer.sgd({ rate: 0.1 })

/** Where a rate makes constants coincide, 0.5 and 2 among them, regions have fewer operands: both kinds are here. */
const rates = [0.3, 0.5]

const nets = activations.flatMap(activation => [
  pipe(input, Layer.dense(8), activation, Layer.dense(8), activation, Layer.dense(3)),
  pipe(
    input,
    Layer.dense(8),
    Layer.batchNorm(),
    activation,
    Layer.dense(8),
    Layer.batchNorm(),
    activation,
    Layer.dense(3),
  ),
  ...rates.flatMap(rate => {
    const dropped = flow(activation, Layer.dropout(rate))
    const plain = Layer.dense(8, { bias: false })
    return [
      pipe(
        input,
        Layer.dense(8),
        x => dropped(x),
        Layer.dense(8),
        x => dropped(x),
        Layer.dense(3),
      ),
      pipe(
        input,
        Layer.dense(8),
        Layer.batchNorm(),
        x => dropped(x),
        Layer.dense(8),
        Layer.batchNorm(),
        x => dropped(x),
        Layer.dense(3),
      ),
      pipe(
        input,
        plain,
        Layer.batchNorm(),
        x => dropped(x),
        plain,
        Layer.batchNorm(),
        x => dropped(x),
        Layer.dense(3),
      ),
    ]
  }),
])

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
const losses = [Loss.mse(), Loss.mae(), Loss.huber(), Loss.sigmoidCrossEntropy()]

const recipes = (): readonly AnyRecipe[] => [
  ...nets.map(net => of({ ...classes, net, optimizer: sgd })),
  ...optimizers.flatMap(optimizer =>
    clips.map(clip =>
      of({ ...classes, net: pipe(input, Layer.dense(3)), optimizer: Optimizer.chain(...clip, optimizer) }),
    ),
  ),
  ...more.flatMap(optimizer =>
    [[], [Clip.byGlobalNorm(1)]].map(clip =>
      of({ ...classes, net: pipe(input, Layer.dense(3)), optimizer: Optimizer.chain(...clip, optimizer) }),
    ),
  ),
  ...losses.map(loss => of({ ...common, loss, net: pipe(input, Layer.dense(3)), optimizer: sgd })),
]

/** What the recipes' programs compute, and a classifier's. */
const computed = (): readonly (readonly Expr[])[] => {
  const trained = recipes().flatMap(recipe => {
    const made = programs(recipe)
    return E.isLeft(made) ? [] : [made.right.train, made.right.evaluate, made.right.predict]
  })
  const compiled = compile(pipe(input, Layer.dense(3)), true, { rows: 4 })
  return [
    ...trained.map(({ results, updates }) => [...Object.values(results), ...Object.values(updates)]),
    ...(E.isLeft(compiled) ? [] : Object.values(compiled.right.programs).map(results => Object.values(results))),
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
