/**
 * Updates whose size is not the gradient's: the sign alone, or the parameter's norm. r is the rate, l the decay.
 *
 *     lion          u = sign(b1 m + (1 - b1) g)    m = b2 m + (1 - b2) g    p - r (u + l p)
 *     trustRatio    u |p| / |u|, each parameter by itself; u where either norm is 0
 *     lamb          u = (m / c1) / (sqrt(v / c2) + eps) + l p    p - r u |p| / |u|
 *
 * Chen et al. 2023 (Lion); You, Gitman & Ginsburg 2017 (LARS: the ratio); You et al. 2020 (LAMB, with phi = identity).
 */
import * as t from '#io/index.js'
import { belowOne } from '../../graph/settings.js'
import { div, mul, sign } from '../../op/arithmetic.js'
import { sum } from '../../op/broadcast.js'
import { sqrt } from '../../op/math.js'
import { cast, eq, or, select } from '../../op/select.js'
import { chain, type Optimizer } from '../chain.js'
import * as Decay from '../Decay.js'
import * as Select from '../Select.js'
import * as Schedule from '../schedules/define.js'
import { define, leafwise, type Stage, type StageDefinition } from '../stages/define.js'
import { adam } from './adam.js'
import { type MomentOptions, toward } from './moments.js'
import { sgd } from './momentum.js'

const lionMaker = define({
  kind: 'gradus/lion',
  config: t.exact(t.type({ rate: Schedule.setting, beta1: belowOne, beta2: belowOne })),
  slots: () => [{ name: 'mean', init: 0 }],
  rate: c => c.rate,
  apply: ({ rate: schedule, beta1, beta2 }, input) => {
    const rate = Schedule.rate(schedule, input.step)
    return leafwise(input, ['mean'], ({ gradient, slots }) => ({
      update: mul(rate, sign(toward(slots.mean, gradient, 1 - beta1))),
      slots: { mean: toward(slots.mean, gradient, 1 - beta2) },
    }))
  },
})

export interface LionOptions extends Select.Select {
  /** default 1e-4 */
  readonly rate?: Schedule.Rate
  /** in [0, 1); default 0.9 */
  readonly beta1?: number
  /** in [0, 1); default 0.99 */
  readonly beta2?: number
  /** decoupled, of the selected parameters; >= 0; default 0 */
  readonly decay?: number
}

const noDecay = (decay: number): boolean => decay === 0

/** Lion; with a decay, the chain of it and `Decay.decoupled`. */
export const lion = ({ rate = 1e-4, beta1 = 0.9, beta2 = 0.99, decay = 0, ...select }: LionOptions = {}): Optimizer =>
  chain(
    lionMaker({ rate: Schedule.of(rate), beta1, beta2 }),
    noDecay(decay) ? [] : Decay.decoupled(decay, { rate, ...select }),
  )

const trustRatioMaker = define({
  kind: 'gradus/trustRatio',
  config: Select.codec,
  slots: () => [],
  apply: (selection, { gradients, params, paths }) => ({
    updates: Select.mapSelected(selection, paths, gradients, (u, i) => {
      const p = params[i] ?? u
      const [size, length] = [sqrt(cast(sum(mul(p, p)), 'f64')), sqrt(cast(sum(mul(u, u)), 'f64'))]
      return mul(u, select(or(eq(size, 0), eq(length, 0)), 1, div(size, length)))
    }),
    slots: {},
  }),
})

/** Gives the update of each selected parameter the parameter's norm; stands before the rate: `chain(..., sgd({ rate }))`. */
export const trustRatio = (select: Select.Select = {}): Stage => trustRatioMaker(Select.of(select))

export interface LambOptions extends MomentOptions, Select.Select {
  /** of the selected parameters; >= 0; default 0.01 */
  readonly decay?: number
}

/**
 * LAMB: the chain of Adam at rate 1, decay, the trust ratio and the rate. Epsilon is 1e-6 by default, the rest as
 * Adam's. Parameters that are not selected take Adam's plain step.
 */
export const lamb = ({ rate = 0.001, epsilon = 1e-6, decay = 0.01, ...o }: LambOptions = {}): Optimizer => {
  const { include, exclude, ...betas } = o
  const select = Select.of({ ...(include && { include }), ...(exclude && { exclude }) })
  return chain(
    adam({ ...betas, rate: 1, epsilon }),
    noDecay(decay) ? [] : Decay.decoupled(decay, select),
    trustRatio(select),
    sgd({ rate }),
  )
}

/** The definitions of this module, for decoding. */
export const definitions: readonly StageDefinition[] = [lionMaker.def, trustRatioMaker.def]
