/**
 * Adam, AdamW and AMSGrad. g is the gradient, r the rate at this step, t = 1, 2, ... counts steps.
 *
 *     adam             m = b1 m + (1 - b1) g    v = b2 v + (1 - b2) g^2    c1 = 1 - b1^t    c2 = 1 - b2^t
 *                      torch, paper (default):  p - r (m / c1) / (sqrt(v / c2) + eps)
 *                      tf1, keras:              p - r (sqrt(c2) / c1) m / (sqrt(v) + eps)
 *                      slides:                  p - r (m / c1) / sqrt(v / c2 + eps)
 *     amsgrad          u = max(u, v)
 *                      torch (default):         p - r (m / c1) / (sqrt(u / c2) + eps)
 *                      keras:                   p - r (sqrt(c2) / c1) m / (sqrt(u) + eps)
 *                      paper:                   p - r m / (sqrt(u) + eps)
 *     adamW            adam, and decoupled decay: p - ... - r l p
 *
 * All forms are written as (r sqrt(c2) / c1) m / (...), which leaves one scale and one epsilon, both rank 0 and
 * computed in float64. So a parameter's update is one loop.
 *
 * Kingma & Ba 2015; Loshchilov & Hutter 2019 (AdamW); Reddi, Kale & Kumar 2018 (AMSGrad; its epsilon is an addition
 * without which a gradient of 0 from the start gives 0/0).
 */
import * as t from '#io/index.js'
import type { Expr } from '../../graph/Expr.js'
import { oneOf } from '../../graph/settings.js'
import { add, div, maximum, mul } from '../../op/arithmetic.js'
import { sqrt } from '../../op/math.js'
import { chain, type Optimizer } from '../chain.js'
import * as Decay from '../Decay.js'
import type { Select } from '../Select.js'
import * as Schedule from '../schedules/define.js'
import { define, leafwise, type StageDefinition } from '../stages/define.js'
import { correction, type MomentOptions, momentProps, momentSlots, moments, toward, towardSquare } from './moments.js'

export type AdamForm = 'torch' | 'paper' | 'tf1' | 'keras' | 'slides'

const adamMaker = define({
  kind: 'gradus/adam',
  config: t.exact(t.type({ ...momentProps, form: oneOf<AdamForm>('torch', 'paper', 'tf1', 'keras', 'slides') })),
  slots: momentSlots,
  rate: c => c.rate,
  apply: ({ rate, beta1, beta2, epsilon, form }, input) => {
    const [c1, c2] = [correction(beta1, input.step), correction(beta2, input.step)]
    const scale = mul(Schedule.rate(rate, input.step), div(sqrt(c2), c1))
    const corrected = (v: Expr): Expr => add(sqrt(v), mul(epsilon, sqrt(c2)))
    const hat = (v: Expr): Expr => add(sqrt(v), epsilon)
    const inside = (v: Expr): Expr => sqrt(add(v, mul(epsilon, c2)))
    const denominator = { torch: corrected, paper: corrected, tf1: hat, keras: hat, slides: inside }[form]
    return leafwise(input, ['mean', 'square'], ({ gradient, slots }) => {
      const mean = toward(slots.mean, gradient, 1 - beta1)
      const square = towardSquare(slots.square, gradient, 1 - beta2)
      return { update: div(mul(scale, mean), denominator(square)), slots: { mean, square } }
    })
  },
})

export interface AdamOptions extends MomentOptions {
  /** default 'torch' */
  readonly form?: AdamForm
}

/** Keras' epsilon is 1e-7, all others' 1e-8. */
const momentsOf = ({ form, ...o }: MomentOptions & { readonly form?: string }) =>
  moments(o, 0.001, form === 'keras' ? 1e-7 : 1e-8)

/** Adam, by default with the paper's settings: rate 0.001, beta1 0.9, beta2 0.999, epsilon 1e-8 (1e-7 for keras). */
export const adam = (o: AdamOptions = {}): Optimizer => [adamMaker({ ...momentsOf(o), form: o.form ?? 'torch' })]

export interface AdamWOptions extends AdamOptions, Select {
  /** l >= 0; default 0.01 */
  readonly decay?: number
}

/**
 * Adam with decoupled weight decay: the chain of `adam` and `Decay.decoupled` at the same rate, torch's `AdamW`. By
 * default every parameter decays; `exclude: Decay.biasesAndScales` exempts biases and scales.
 */
export const adamW = ({ decay = 0.01, include, exclude, ...o }: AdamWOptions = {}): Optimizer =>
  chain(
    adam(o),
    Decay.decoupled(decay, { rate: o.rate ?? 0.001, ...(include && { include }), ...(exclude && { exclude }) }),
  )

export type AmsgradForm = 'torch' | 'keras' | 'paper'

const amsgradMaker = define({
  kind: 'gradus/amsgrad',
  config: t.exact(t.type({ ...momentProps, form: oneOf<AmsgradForm>('torch', 'keras', 'paper') })),
  slots: () => [...momentSlots(), { name: 'largest' as const, init: 0 }],
  rate: c => c.rate,
  apply: ({ rate: schedule, beta1, beta2, epsilon, form }, input) => {
    const [c1, c2] = [correction(beta1, input.step), correction(beta2, input.step)]
    const rate = Schedule.rate(schedule, input.step)
    const scale = form === 'paper' ? rate : mul(rate, div(sqrt(c2), c1))
    const small = form === 'torch' ? mul(epsilon, sqrt(c2)) : epsilon
    return leafwise(input, ['mean', 'square', 'largest'], ({ gradient, slots }) => {
      const mean = toward(slots.mean, gradient, 1 - beta1)
      const square = towardSquare(slots.square, gradient, 1 - beta2)
      const largest = maximum(slots.largest, square)
      return { update: div(mul(scale, mean), add(sqrt(largest), small)), slots: { mean, square, largest } }
    })
  },
})

export interface AmsgradOptions extends MomentOptions {
  /** default 'torch' */
  readonly form?: AmsgradForm
}

/** Adam whose second moment never falls; defaults as Adam's. */
export const amsgrad = (o: AmsgradOptions = {}): Optimizer => [
  amsgradMaker({ ...momentsOf(o), form: o.form ?? 'torch' }),
]

/** The definitions of this module, for decoding. */
export const definitions: readonly StageDefinition[] = [adamMaker.def, amsgradMaker.def]
