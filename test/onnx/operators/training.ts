/** ONNX's training operators: optimizers, run by the library's stages, and gradients. */
import { constant, type Expr } from '../../../src/graph/Expr.js'
import * as Decay from '../../../src/optim/Decay.js'
import * as Optimizer from '../../../src/optim/Optimizer.js'
import * as Schedule from '../../../src/optim/Schedule.js'
import * as Stage from '../../../src/optim/Stage.js'
import { grad } from '../../../src/transform/Grad.js'
import { expectRight } from '../../support/assert.js'
import type { Build, Builders, Node } from '../node.js'

/** The rate at this step, and how many steps have been taken. */
const clock = (n: Node): { readonly rate: number; readonly taken: number } => ({
  rate: n.numbers(0)?.[0] ?? NaN,
  taken: n.numbers(1)?.[0] ?? NaN,
})

/** A count so large that no power of a factor below 1 is left of it. */
const late = 1e9

/**
 * One step. The arguments are the rate and the count, then each of parameters, gradients and slots for all tensors; the
 * results are each of parameters and slots.
 */
const stepped = (n: Node, optimizer: Optimizer.Optimizer, slots: readonly string[], step: number): readonly Expr[] => {
  const stages = Optimizer.chain(Decay.l2(n.float('norm_coefficient', 0)), optimizer)
  const count = (n.args.length - 2) / (2 + slots.length)
  const family = (k: number): readonly Expr[] => Array.from({ length: count }, (_, i) => n.arg(2 + k * count + i))
  const named = slots.map((name, k) => [`1/${name}`, family(2 + k)] as const)
  const after = Stage.run(stages, {
    params: family(0),
    gradients: family(1),
    paths: family(0).map((_, i) => `x${i}`),
    slots: Object.fromEntries(named),
    scalars: {},
    step: constant(step, 'f64'),
    loss: constant(0),
  })
  return [...after.params, ...named.flatMap(([name]) => after.slots[name] ?? [])]
}

/** R / (1 + T decay) */
const adagrad: Build = n => {
  const { rate: initial, taken } = clock(n)
  const decay = n.float('decay_factor', 0)
  const rate = decay > 0 ? Schedule.power({ initial, steps: 1 / decay }) : initial
  return stepped(n, Optimizer.adagrad({ rate, epsilon: n.float('epsilon', 1e-6) }), ['squares'], taken)
}

/** T counts from 1 as t does, and at 0 nothing is corrected: as at a step so late that there is nothing to correct. */
const adam: Build = n => {
  const { rate, taken } = clock(n)
  const optimizer = Optimizer.adam({
    rate,
    beta1: n.float('alpha', 0.9),
    beta2: n.float('beta', 0.999),
    epsilon: n.float('epsilon', 1e-6),
    form: 'tf1',
  })
  return stepped(n, optimizer, ['mean', 'square'], taken > 0 ? taken - 1 : late)
}

/** beta dampens the gradient from the second step on, which no form here does. */
const momentum: Build = n => {
  const { rate, taken } = clock(n)
  if (taken > 0 && n.float('beta', 1) !== 1) throw new Error('dampened gradients are not there')
  const nesterov = n.text('mode', 'standard') === 'nesterov'
  const optimizer = Optimizer.momentum({ rate, momentum: n.float('alpha', 0), nesterov })
  return stepped(n, optimizer, ['momentum'], taken)
}

const gradient: Build = n => {
  const xs = n.texts('xs').map(n.value)
  return expectRight(grad(n.value(n.text('y', '')), xs)).gradients
}

const domain = 'ai.onnx.preview.training'

export const training: Builders = {
  [`${domain}.Adagrad`]: adagrad,
  [`${domain}.Adam`]: adam,
  [`${domain}.Momentum`]: momentum,
  [`${domain}.Gradient`]: gradient,
}
