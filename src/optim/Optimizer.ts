/**
 * Optimizers: flat lists of stages. g is the gradient, r the rate at this step, t = 1, 2, ... counts steps.
 *
 *     sgd              p - r g
 *     momentum         torch, tf1 (default):  a = m a + g      p - r a          Nesterov  p - r (g + m a)
 *                      keras, slides:         v = m v + r g    p - v            Nesterov  p - (m v + r g)
 *     adam             m = b1 m + (1 - b1) g    v = b2 v + (1 - b2) g^2    c1 = 1 - b1^t    c2 = 1 - b2^t
 *                      torch, paper (default):  p - r (m / c1) / (sqrt(v / c2) + eps)
 *                      tf1:                     p - r (sqrt(c2) / c1) m / (sqrt(v) + eps)
 *                      slides:                  p - r (m / c1) / sqrt(v / c2 + eps)
 *
 * The momentum forms differ where the rate changes: `torch` scales the whole past by today's rate. All forms of Adam
 * are written as (r sqrt(c2) / c1) m / (...), which leaves one scale and one epsilon, both rank 0 and computed in
 * float64, and moving averages as m + (1 - b)(g - m): in float32, b and 1 - b do not add up to 1, and for b2 = 0.999
 * would bias v by 1e-5. So a parameter's update is one loop.
 *
 * Qian 1999; Nesterov 1983 and Sutskever et al. 2013; Kingma & Ba 2015.
 */
import { concatAll, type Monoid } from '#fp/Monoid.js'
import * as t from '#io/index.js'
import type { Expr } from '../graph/Expr.js'
import { belowOne, flag, oneOf, positive } from '../graph/settings.js'
import { add, div, mul, sub } from '../op/arithmetic.js'
import { pow, sqrt } from '../op/math.js'
import * as Schedule from './Schedule.js'
import {
  define,
  leafwise,
  type Stage,
  type StageDefinition,
  type StageDefinitions,
  codec as stageCodec,
} from './Stage.js'

/** Stages in the order in which the gradients pass them. */
export type Optimizer = readonly Stage[]

/** Chaining: concatenation of lists; the unit is descent at rate 1. */
export const MonoidChain: Monoid<Optimizer> = { concat: (a, b) => [...a, ...b], empty: [] }

const listOf = (x: Stage | Optimizer): Optimizer => ('of' in x ? [x] : x)

/** Stages and optimizers one after another: `chain(Clip.byGlobalNorm(1), adam())`. */
export const chain = (...parts: readonly (Stage | Optimizer)[]): Optimizer => concatAll(MonoidChain)(parts.map(listOf))

const sgdMaker = define({
  kind: 'gradus/sgd',
  config: t.exact(t.type({ rate: Schedule.setting })),
  slots: () => [],
  rate: c => c.rate,
  apply: (c, input) => {
    const rate = Schedule.rate(c.rate, input.step)
    return leafwise(input, [], ({ gradient }) => ({ update: mul(rate, gradient), slots: {} }))
  },
})

/** Gradient descent. */
export const sgd = (o: { readonly rate: Schedule.Rate }): Optimizer => [sgdMaker({ rate: Schedule.of(o.rate) })]

export type MomentumForm = 'torch' | 'tf1' | 'keras' | 'slides'

const momentumMaker = define({
  kind: 'gradus/momentum',
  config: t.exact(
    t.type({
      rate: Schedule.setting,
      momentum: belowOne,
      nesterov: flag,
      form: oneOf<MomentumForm>('torch', 'tf1', 'keras', 'slides'),
    }),
  ),
  slots: () => [{ name: 'momentum', init: 0 }],
  rate: c => c.rate,
  apply: (c, input) => {
    const rate = Schedule.rate(c.rate, input.step)
    const ofRate = c.form === 'keras' || c.form === 'slides'
    return leafwise(input, ['momentum'], ({ gradient, slots }) => {
      const push = ofRate ? mul(rate, gradient) : gradient
      const momentum = add(mul(c.momentum, slots.momentum), push)
      const ahead = c.nesterov ? add(push, mul(c.momentum, momentum)) : momentum
      return { update: ofRate ? ahead : mul(rate, ahead), slots: { momentum } }
    })
  },
})

export interface MomentumOptions {
  readonly rate: Schedule.Rate
  /** in [0, 1); default 0.9 */
  readonly momentum?: number
  /** default false */
  readonly nesterov?: boolean
  /** default 'torch' */
  readonly form?: MomentumForm
}

/** Gradient descent with momentum, by default 0.9. */
export const momentum = (o: MomentumOptions): Optimizer => [
  momentumMaker({
    rate: Schedule.of(o.rate),
    momentum: o.momentum ?? 0.9,
    nesterov: o.nesterov ?? false,
    form: o.form ?? 'torch',
  }),
]

/** Momentum with Nesterov's look ahead. */
export const nesterov = (o: Omit<MomentumOptions, 'nesterov'>): Optimizer => momentum({ ...o, nesterov: true })

export type AdamForm = 'torch' | 'paper' | 'tf1' | 'slides'

/** average + weight (x - average) */
const toward = (average: Expr, x: Expr, weight: number): Expr => add(average, mul(sub(x, average), weight))

const adamMaker = define({
  kind: 'gradus/adam',
  config: t.exact(
    t.type({
      rate: Schedule.setting,
      beta1: belowOne,
      beta2: belowOne,
      epsilon: positive,
      form: oneOf<AdamForm>('torch', 'paper', 'tf1', 'slides'),
    }),
  ),
  slots: () => [
    { name: 'mean', init: 0 },
    { name: 'square', init: 0 },
  ],
  rate: c => c.rate,
  apply: ({ rate, beta1, beta2, epsilon, form }, input) => {
    const t = add(input.step, 1)
    const [c1, c2] = [sub(1, pow(beta1, t)), sub(1, pow(beta2, t))]
    const scale = mul(Schedule.rate(rate, input.step), div(sqrt(c2), c1))
    const denominator = {
      torch: (v: Expr) => add(sqrt(v), mul(epsilon, sqrt(c2))),
      paper: (v: Expr) => add(sqrt(v), mul(epsilon, sqrt(c2))),
      tf1: (v: Expr) => add(sqrt(v), epsilon),
      slides: (v: Expr) => sqrt(add(v, mul(epsilon, c2))),
    }[form]
    return leafwise(input, ['mean', 'square'], ({ gradient, slots }) => {
      const mean = toward(slots.mean, gradient, 1 - beta1)
      const square = toward(slots.square, mul(gradient, gradient), 1 - beta2)
      return { update: div(mul(scale, mean), denominator(square)), slots: { mean, square } }
    })
  },
})

export interface AdamOptions {
  /** default 0.001 */
  readonly rate?: Schedule.Rate
  /** in [0, 1); default 0.9 */
  readonly beta1?: number
  /** in [0, 1); default 0.999 */
  readonly beta2?: number
  /** > 0; default 1e-8 */
  readonly epsilon?: number
  /** default 'torch' */
  readonly form?: AdamForm
}

/** Adam, by default with the paper's settings. */
export const adam = (o: AdamOptions = {}): Optimizer => [
  adamMaker({
    rate: Schedule.of(o.rate ?? 0.001),
    beta1: o.beta1 ?? 0.9,
    beta2: o.beta2 ?? 0.999,
    epsilon: o.epsilon ?? 1e-8,
    form: o.form ?? 'torch',
  }),
]

/** The definitions of this module, for decoding. */
export const definitions: readonly StageDefinition[] = [sgdMaker.def, momentumMaker.def, adamMaker.def]

const maxStages = 100

/** An optimizer as JSON: a list of stages. Decoding takes untrusted input. Law: decode . encode = id. */
export const codec = (known: StageDefinitions): t.Type<Optimizer, unknown> => {
  const stages = t.readonlyArray(stageCodec(known))
  return new t.Type<Optimizer, unknown>(
    `a list of at most ${maxStages} stages`,
    stages.is,
    (u, c) => (Array.isArray(u) && u.length <= maxStages ? stages.validate(u, c) : t.failure(u, c)),
    stages.encode,
  )
}
