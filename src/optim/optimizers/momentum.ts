/**
 * Gradient descent and momentum. g is the gradient, r the rate at this step.
 *
 *     sgd              p - r g
 *     momentum         torch, tf1 (default):  a = m a + g      p - r a          Nesterov  p - r (g + m a)
 *                      keras, slides:         v = m v + r g    p - v            Nesterov  p - (m v + r g)
 *
 * The forms differ where the rate changes: `torch` scales the whole past by today's rate.
 *
 * Qian 1999; Nesterov 1983 and Sutskever et al. 2013.
 */
import * as t from '#io/index.js'
import { belowOne, flag, oneOf } from '../../graph/settings.js'
import { add, mul } from '../../op/arithmetic.js'
import type { Optimizer } from '../chain.js'
import * as Schedule from '../schedules/define.js'
import { define, leafwise, mapGradients, type StageDefinition } from '../stages/define.js'

const sgdMaker = define({
  kind: 'gradus/sgd',
  config: t.exact(t.type({ rate: Schedule.setting })),
  slots: () => [],
  rate: c => c.rate,
  apply: (c, input) => {
    const rate = Schedule.rate(c.rate, input.step)
    return mapGradients(input, gradient => mul(rate, gradient))
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

/** The definitions of this module, for decoding. */
export const definitions: readonly StageDefinition[] = [sgdMaker.def, momentumMaker.def]
