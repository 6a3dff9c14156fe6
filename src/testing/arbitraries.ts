/**
 * Arbitraries of fast-check: shapes, tensors, schedules, optimizers, valid nets over the layers of the library, recipes
 * that `Recipe.check` accepts, and data that fit them.
 *
 *     fc.assert(fc.property(nets({ input: [4, 2] }), net => orThrow(checkNet(net))))
 */
import fc from 'fast-check'
import * as E from '#fp/Either.js'
import { pipe } from '#fp/function.js'
import * as Augment from '../data/Augment.js'
import type { Data } from '../data/Dataset.js'
import * as Label from '../data/Label.js'
import { of as dataOf } from '../data/Of.js'
import * as Layer from '../nn/Layer.js'
import * as Loss from '../nn/Loss.js'
import * as Net from '../nn/Net.js'
import { inputEntries } from '../nn/Node.js'
import * as Clip from '../optim/Clip.js'
import * as Constraint from '../optim/Constraint.js'
import * as Decay from '../optim/Decay.js'
import * as Optimizer from '../optim/Optimizer.js'
import * as Schedule from '../optim/Schedule.js'
import type { Inputs, Shape } from '../shape/Dims.js'
import { isSole, soleInput } from '../shape/inputs.js'
import { sizeOf } from '../shape/TensorType.js'
import * as Metric from '../train/Metric.js'
import * as Recipe from '../train/Recipe.js'
import { orThrow } from '../train/result.js'
import * as Stop from '../train/Stop.js'
import { type Step, step } from './steps.js'
import { type Domain, draw } from './values.js'

// --- shapes and tensors ---------------------------------------------------------------------------------------------
export interface Shapes {
  /** default 0 and 4 */
  readonly minRank?: number
  readonly maxRank?: number
  /** of one dimension; default 5 */
  readonly maxSize?: number
}

/** Shapes per example: lists of whole numbers >= 1. */
export const shapes = ({ minRank = 0, maxRank = 4, maxSize = 5 }: Shapes = {}): fc.Arbitrary<Shape> =>
  fc.array(fc.integer({ min: 1, max: maxSize }), { minLength: minRank, maxLength: maxRank })

/** Tensors of a shape, row-major: numbers of the domain, away from what is to be avoided, each a float32. */
export const tensors = (shape: Shape, { domain = [-2, 2], avoid = [] }: Domain = {}): fc.Arbitrary<Float32Array> => {
  const size = sizeOf(shape)
  const number = fc
    .double({ min: domain[0], max: domain[1], noNaN: true, noDefaultInfinity: true })
    .filter(x => avoid.every(a => Math.abs(a - x) >= 0.05))
  return fc.array(number, { minLength: size, maxLength: size }).map(x => Float32Array.from(x))
}

// --- schedules and optimizers -----------------------------------------------------------------------------------------
const rates = fc.double({ min: 0.001, max: 0.1, noNaN: true })
const shares = fc.double({ min: 0, max: 0.99, noNaN: true })
const counts = fc.integer({ min: 1, max: 50 })
const plain = fc.oneof(
  rates.map(Schedule.constant),
  fc
    .record({ initial: rates, steps: counts, decay: shares.map(x => x + 0.01), staircase: fc.boolean() })
    .map(Schedule.exponential),
  fc.record({ initial: rates, steps: counts, power: shares }).map(Schedule.power),
  fc.record({ initial: rates, final: rates, steps: counts }).map(Schedule.linear),
  fc.record({ initial: rates, final: rates, steps: counts }).map(Schedule.cosine),
  fc.tuple(counts, rates, rates).map(([b, x, y]) => Schedule.piecewise({ boundaries: [b], values: [x, y] })),
)

/** Learning rates by the step, between 0 and 0.1: plain ones, products with a warm-up, and sequences. */
export const schedules = (): fc.Arbitrary<Schedule.Schedule> =>
  fc.oneof(
    plain,
    fc.tuple(counts, plain).map(([n, s]) => Schedule.product(Schedule.warmup(n), s)),
    fc.tuple(plain, counts, plain).map(([a, n, b]) => Schedule.sequence(Schedule.phase(a, n), b)),
  )

/** Optimizers with a rate, behind clipping or decay, some of them accumulating, averaging or constrained. */
export const optimizers = (): fc.Arbitrary<Optimizer.Optimizer> => {
  const rate = schedules()
  const moments = { rate, beta1: shares, beta2: fc.double({ min: 0.7, max: 0.999, noNaN: true }) }
  const before = fc.oneof(
    fc.constantFrom(Clip.byValue(2), Clip.byNorm(2), Clip.byGlobalNorm(1)),
    fc.double({ min: 0, max: 0.1, noNaN: true }).map(d => Decay.l2(d)),
  )
  const one = fc.oneof<fc.Arbitrary<Optimizer.Optimizer>[]>(
    fc.record({ rate }).map(Optimizer.sgd),
    fc.record({ rate, momentum: shares, nesterov: fc.boolean() }).map(Optimizer.momentum),
    fc.record({ rate }).map(Optimizer.adagrad),
    fc.record({ rate, rho: shares, momentum: shares, centered: fc.boolean() }).map(Optimizer.rmsprop),
    fc.record({ ...moments, form: fc.constantFrom('torch', 'tf1', 'slides') }).map(Optimizer.adam),
    fc.record({ ...moments, decay: shares }).map(Optimizer.adamW),
    fc.record({ rate, beta1: shares }).map(Optimizer.lion),
    fc.record(moments).map(Optimizer.amsgrad),
    fc.record(moments).map(Optimizer.nadam),
    fc.record(moments).map(Optimizer.adamax),
    fc.record(moments).map(Optimizer.radam),
    fc.record({ ...moments, decay: shares }).map(Optimizer.lamb),
    fc.record({ rate, rho: shares }).map(Optimizer.adadelta),
  )
  type Wrap = (o: Optimizer.Optimizer) => Optimizer.Optimizer
  const wraps: readonly Wrap[] = [
    o => o,
    o => o,
    o => Optimizer.accumulate(2, o),
    o => Optimizer.lookahead(o, { every: 2 }),
    o => Optimizer.chain(o, Optimizer.ema(0.9)),
    o => Optimizer.chain(o, Constraint.maxNorm(1)),
    o => Optimizer.chain(o, Optimizer.plateau({ patience: 0 })),
  ]
  return fc
    .tuple(fc.array(before, { maxLength: 2 }), one, fc.constantFrom(...wraps))
    .map(([first, main, wrapped]) => Optimizer.chain(...first, wrapped(main)))
}

// --- nets -------------------------------------------------------------------------------------------------------------
export interface Nets {
  /** the shape of the sole input; default: any of up to 3 dimensions */
  readonly input?: Shape
  /** several inputs by name, instead of one */
  readonly inputs?: Readonly<Record<string, Shape>>
  /** ends the net in a dense layer of so many outputs */
  readonly outputs?: number
  /** default 8 */
  readonly maxLayers?: number
}

/** The net with the step on it; without it where it does not fit, such as a second equal branch, or grows too large. */
const taken = (x: Net.AnyNet, f: Step): Net.AnyNet => {
  const y = f(x)
  return E.isRight(Net.check(y)) && sizeOf(y.shape) <= 200 ? y : x
}

/** Several inputs go through up to two layers each and lie side by side after that. */
const joined = (inputs: Inputs, own: readonly Step[]): Net.AnyNet => {
  if (isSole(inputs)) return Net.input(...inputs) as Net.AnyNet
  const nets: readonly Net.AnyNet[] = Object.values(Net.inputs(inputs))
  const ends = nets.map((x, i) => pipe(own.slice(2 * i, 2 * i + 2).reduce(taken, x), Layer.flatten()))
  return ends.reduce((x, y) => Layer.concat(x, y))
}

/** Nets that `Net.check` accepts, over the layers of the library, also those of images. */
export const nets = ({ input, inputs, outputs, maxLayers = 8 }: Nets = {}): fc.Arbitrary<Net.AnyNet> =>
  fc
    .tuple(
      input || inputs ? fc.constant<Inputs>(inputs ?? input ?? []) : shapes({ minRank: 1, maxRank: 3, maxSize: 4 }),
      fc.array(step, { maxLength: 2 * (inputs ? Object.keys(inputs).length : 0) }),
      fc.array(step, { maxLength: maxLayers }),
    )
    .map(([shape, own, steps]) => {
      const fitted = steps.reduce(taken, joined(shape, own))
      return outputs === undefined ? fitted : pipe(fitted, Layer.flatten(), Layer.dense(outputs, { name: 'outputs' }))
    })

// --- recipes and data -------------------------------------------------------------------------------------------------
const settings = fc.record({
  batch: fc.integer({ min: 2, max: 8 }),
  epochs: fc.integer({ min: 1, max: 3 }),
  seed: fc.maxSafeInteger(),
  batching: fc.constantFrom('arraySplit', 'dropLast', 'keepRemainder'),
  optimizer: optimizers(),
  augment: fc.constantFrom([], [Augment.mixup({ alpha: 0.4 })]),
  stop: fc.array(fc.record({ patience: fc.integer({ min: 1, max: 9 }), restoreBest: fc.boolean() }).map(Stop.early), {
    maxLength: 1,
  }),
})

const classLosses = fc.constantFrom(Loss.softmaxCrossEntropy(), Loss.softmaxCrossEntropy({ smoothing: 0.1 }))
const valueLosses = fc.constantFrom(Loss.mse(), Loss.mae(), Loss.huber({ delta: 0.3 }), Loss.sigmoidCrossEntropy())
const labelNames = fc.constantFrom(null, ['a', 'é', '"'])

/** Small recipes of three outputs that `Recipe.check` accepts, for classes and for values. */
export const recipes = ({ maxLayers = 5, ...o }: Omit<Nets, 'outputs'> = {}): fc.Arbitrary<Recipe.AnyRecipe> =>
  fc
    .tuple(nets({ ...o, outputs: 3, maxLayers }), settings, classLosses, valueLosses, labelNames, fc.boolean())
    .map(([net, s, classLoss, valueLoss, label, classes]): Recipe.AnyRecipe => {
      const flat = { ...net, shape: [3] as const }
      return classes
        ? {
            ...Recipe.of({ ...s, net: flat, loss: classLoss, metrics: [Metric.accuracy(), Metric.topK(2)] }),
            labels: label,
          }
        : Recipe.of({ ...s, net: flat, loss: valueLoss, metrics: [Metric.mae(), Metric.mse()] })
    })

/** Data that fit a recipe: numbers of the domain, and labels (numbers in [0, 1]), decided by the seed. */
export const dataFor = (
  { net: { inputs, shape }, loss }: Recipe.AnyRecipe,
  rows: number,
  seed = 0,
  where: Domain = {},
): Data<Inputs, Label.Label> => {
  const numbers = (name: string, size: number, from: Domain) => draw(rows * size, seed, name, from)
  const columns = inputEntries(inputs).map(([name, s]) => [
    name ?? soleInput,
    numbers(name ?? soleInput, sizeOf(s), where),
  ])
  const x = isSole(inputs) ? columns[0]?.[1] : Object.fromEntries(columns)
  const [classes = 1] = shape
  const [label, y] =
    loss.target === 'class'
      ? [Label.classes(classes), Int32Array.from(numbers('label', 1, { domain: [0, classes] }), v => Math.floor(v))]
      : [Label.values(...shape), numbers('label', sizeOf(shape), { domain: [0, 1] })]
  return orThrow(dataOf<Inputs, Label.Label>({ inputs, label })({ x, y } as never))
}
