/**
 * Rates per weight from the squares of past gradients. g is the gradient, r the rate at this step.
 *
 *     adagrad    G = G + g^2
 *                torch (default), tf1, keras:  p - r g / (sqrt(G) + eps)
 *                keras3:                       p - r g / sqrt(G + eps)
 *     rmsprop    s = s + (1 - rho)(g^2 - s)    centered: a = a + (1 - rho)(g - a), and s - a^2 instead of s below
 *                torch (default):              m = M m + g / (sqrt(s) + eps)      p - r m
 *                tf1, keras3, keras (M > 0):   m = M m + r g / sqrt(s + eps)      p - m
 *                keras (M = 0):                p - r g / (sqrt(s) + eps)
 *     adadelta   s = s + (1 - rho)(g^2 - s)    d = g sqrt(e + eps) / sqrt(s + eps)    e = e + (1 - rho)(d^2 - e)    p - r d
 *
 * Duchi, Hazan & Singer 2011; Tieleman & Hinton 2012, centered by Graves 2013; Zeiler 2012. The forms are those of
 * torch.optim, TensorFlow 1 (`tf.train`), Keras up to 2.10 (where momentum goes another way than none) and Keras since
 * 2.11. Averages are in the form of `moments`.
 */
import * as t from '#io/index.js'
import type { Expr } from '../../graph/Expr.js'
import { belowOne, flag, notNegative, oneOf, positive } from '../../graph/settings.js'
import { add, div, maximum, mul, sub } from '../../op/arithmetic.js'
import { sqrt } from '../../op/math.js'
import type { Optimizer } from '../chain.js'
import * as Schedule from '../schedules/define.js'
import { define, leafwise, type StageDefinition } from '../stages/define.js'
import { toward, towardSquare } from './moments.js'

export type AdagradForm = 'torch' | 'tf1' | 'keras' | 'keras3'

interface Adagrad {
  readonly rate: Schedule.Schedule
  readonly initial: number
  readonly epsilon: number
  readonly form: AdagradForm
}

const adagradMaker = define<Adagrad, 'squares'>({
  kind: 'gradus/adagrad',
  config: t.exact(
    t.type({
      rate: Schedule.setting,
      initial: notNegative,
      epsilon: notNegative,
      form: oneOf<AdagradForm>('torch', 'tf1', 'keras', 'keras3'),
    }),
  ),
  slots: ({ initial }) => [{ name: 'squares', init: initial }],
  rate: c => c.rate,
  apply: ({ rate: schedule, epsilon, form }, input) => {
    const rate = Schedule.rate(schedule, input.step)
    const root = (x: Expr): Expr => (form === 'keras3' ? sqrt(add(x, epsilon)) : add(sqrt(x), epsilon))
    return leafwise(input, ['squares'], ({ gradient, slots }) => {
      const squares = add(slots.squares, mul(gradient, gradient))
      return { update: div(mul(rate, gradient), root(squares)), slots: { squares } }
    })
  },
})

export interface AdagradOptions {
  /** default 0.01 */
  readonly rate?: Schedule.Rate
  /** the accumulator's first value, >= 0; default 0 for torch, else 0.1 */
  readonly initial?: number
  /** >= 0; default 1e-10 for torch, 0 for tf1, else 1e-7. With `initial` 0 too, a gradient of 0 gives 0/0. */
  readonly epsilon?: number
  /** default 'torch' */
  readonly form?: AdagradForm
}

const adagradEpsilon = { torch: 1e-10, tf1: 0, keras: 1e-7, keras3: 1e-7 } as const

/** AdaGrad. */
export const adagrad = ({ rate = 0.01, initial, epsilon, form = 'torch' }: AdagradOptions = {}): Optimizer => [
  adagradMaker({
    rate: Schedule.of(rate),
    initial: initial ?? (form === 'torch' ? 0 : 0.1),
    epsilon: epsilon ?? adagradEpsilon[form],
    form,
  }),
]

export type RmspropForm = 'torch' | 'tf1' | 'keras' | 'keras3'

interface Rmsprop {
  readonly rate: Schedule.Schedule
  readonly rho: number
  readonly momentum: number
  readonly epsilon: number
  readonly centered: boolean
  readonly form: RmspropForm
}
type RmspropSlot = 'square' | 'mean' | 'momentum'

const rmspropSlots = ({ centered, momentum }: Rmsprop): readonly RmspropSlot[] => [
  'square',
  ...(centered ? (['mean'] as const) : []),
  ...(momentum > 0 ? (['momentum'] as const) : []),
]

const rmspropMaker = define<Rmsprop, RmspropSlot>({
  kind: 'gradus/rmsprop',
  config: t.exact(
    t.type({
      rate: Schedule.setting,
      rho: belowOne,
      momentum: belowOne,
      epsilon: positive,
      centered: flag,
      form: oneOf<RmspropForm>('torch', 'tf1', 'keras', 'keras3'),
    }),
  ),
  slots: c => rmspropSlots(c).map(name => ({ name, init: name === 'square' && c.form === 'tf1' ? 1 : 0 })),
  rate: c => c.rate,
  apply: (c, input) => {
    const rate = Schedule.rate(c.rate, input.step)
    const outside = c.form === 'torch' || (c.form === 'keras' && c.momentum === 0)
    const root = (x: Expr): Expr => (outside ? add(sqrt(x), c.epsilon) : sqrt(add(x, c.epsilon)))
    return leafwise(input, rmspropSlots(c), ({ gradient, slots }) => {
      const square = towardSquare(slots.square, gradient, 1 - c.rho)
      const mean = c.centered ? toward(slots.mean, gradient, 1 - c.rho) : slots.mean
      // the difference is a variance, which rounding may leave below 0
      const spread = c.centered ? maximum(sub(square, mul(mean, mean)), 0) : square
      const push = div(c.form === 'torch' ? gradient : mul(rate, gradient), root(spread))
      const momentum = c.momentum > 0 ? add(mul(c.momentum, slots.momentum), push) : push
      return { update: c.form === 'torch' ? mul(rate, momentum) : momentum, slots: { square, mean, momentum } }
    })
  },
})

export interface RmspropOptions {
  /** default 0.01 for torch, else 0.001 */
  readonly rate?: Schedule.Rate
  /** how much of the average remains, in [0, 1); default 0.99 for torch, else 0.9 */
  readonly rho?: number
  /** in [0, 1); default 0 */
  readonly momentum?: number
  /** > 0; default 1e-8 for torch, 1e-10 for tf1, else 1e-7 */
  readonly epsilon?: number
  /** divides by an estimate of the standard deviation; default false */
  readonly centered?: boolean
  /** default 'torch'; the average of squares starts at 1 for tf1, else at 0 */
  readonly form?: RmspropForm
}

const rmspropEpsilon = { torch: 1e-8, tf1: 1e-10, keras: 1e-7, keras3: 1e-7 } as const

/** RMSProp: plain, centered, with momentum. */
export const rmsprop = ({ form = 'torch', ...o }: RmspropOptions = {}): Optimizer => [
  rmspropMaker({
    rate: Schedule.of(o.rate ?? (form === 'torch' ? 0.01 : 0.001)),
    rho: o.rho ?? (form === 'torch' ? 0.99 : 0.9),
    momentum: o.momentum ?? 0,
    epsilon: o.epsilon ?? rmspropEpsilon[form],
    centered: o.centered ?? false,
    form,
  }),
]

const adadeltaMaker = define({
  kind: 'gradus/adadelta',
  config: t.exact(t.type({ rate: Schedule.setting, rho: belowOne, epsilon: positive })),
  slots: () => [
    { name: 'square', init: 0 },
    { name: 'moved', init: 0 },
  ],
  rate: c => c.rate,
  apply: ({ rate: schedule, rho, epsilon }, input) => {
    const rate = Schedule.rate(schedule, input.step)
    return leafwise(input, ['square', 'moved'], ({ gradient, slots }) => {
      const square = towardSquare(slots.square, gradient, 1 - rho)
      const delta = mul(div(sqrt(add(slots.moved, epsilon)), sqrt(add(square, epsilon))), gradient)
      return { update: mul(rate, delta), slots: { square, moved: towardSquare(slots.moved, delta, 1 - rho) } }
    })
  },
})

export interface AdadeltaOptions {
  /** default 1, as in the paper and torch; Keras has 0.001 */
  readonly rate?: Schedule.Rate
  /** in [0, 1); default 0.9, torch's; the paper and Keras have 0.95 */
  readonly rho?: number
  /** > 0; default 1e-6, as in the paper and torch; Keras has 1e-7 */
  readonly epsilon?: number
}

/** AdaDelta. */
export const adadelta = (o: AdadeltaOptions = {}): Optimizer => [
  adadeltaMaker({ rate: Schedule.of(o.rate ?? 1), rho: o.rho ?? 0.9, epsilon: o.epsilon ?? 1e-6 }),
]

/** The definitions of this module, for decoding. */
export const definitions: readonly StageDefinition[] = [adagradMaker.def, rmspropMaker.def, adadeltaMaker.def]
