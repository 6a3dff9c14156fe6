/**
 * Weight decay of selected parameters; l is the decay, p the parameter, r the rate at this step.
 *
 *     l2          g + l p          before an optimizer: the gradient of l |p|^2 / 2 added to the loss
 *     l1          g + l sign(p)    before an optimizer: the gradient of l |p|_1 (0 at p = 0)
 *     decoupled   u + r l p        after an optimizer, whose updates are u
 *
 * Adaptive optimizers divide the l2 term by the gradient's size with all the rest; the decoupled one is left alone
 * (Loshchilov & Hutter 2019). By default every parameter decays, as in torch; `{ exclude: Decay.biasesAndScales }`
 * exempts biases and the scales and shifts of normalization.
 */
import * as t from '#io/index.js'
import { notNegative } from '../graph/settings.js'
import { add, mul, sign } from '../op/arithmetic.js'
import * as Select from './Select.js'
import * as Schedule from './schedules/define.js'
import { define, type Stage, type StageDefinition } from './stages/define.js'

export { biasesAndScales } from './Select.js'

const penalty = t.exact(t.type({ decay: notNegative, ...Select.props }))
const slots = (): readonly never[] => []

const l2Maker = define({
  kind: 'gradus/l2',
  config: penalty,
  slots,
  apply: ({ decay, ...selection }, { gradients, params, paths }) => ({
    updates: Select.mapSelected(selection, paths, gradients, (g, p) => add(g, mul(decay, params[p] ?? g))),
    slots: {},
  }),
})

const l1Maker = define({
  kind: 'gradus/l1',
  config: penalty,
  slots,
  apply: ({ decay, ...selection }, { gradients, params, paths }) => ({
    updates: Select.mapSelected(selection, paths, gradients, (g, p) => add(g, mul(decay, sign(params[p] ?? g)))),
    slots: {},
  }),
})

const decoupledMaker = define({
  kind: 'gradus/decoupledDecay',
  config: t.exact(t.type({ decay: notNegative, rate: Schedule.setting, ...Select.props })),
  slots,
  apply: ({ decay, rate, ...selection }, { gradients, params, paths, step }) => {
    const strength = mul(Schedule.rate(rate, step), decay)
    return {
      updates: Select.mapSelected(selection, paths, gradients, (u, p) => add(u, mul(strength, params[p] ?? u))),
      slots: {},
    }
  },
})

/** Adds decay * p to the gradient; decay >= 0. */
export const l2 = (decay: number, select: Select.Select = {}): Stage => l2Maker({ decay, ...Select.of(select) })

/** Adds decay * sign(p) to the gradient; decay >= 0. */
export const l1 = (decay: number, select: Select.Select = {}): Stage => l1Maker({ decay, ...Select.of(select) })

export interface DecoupledOptions extends Select.Select {
  /** usually the optimizer's; default 1, where `decay` alone is the share that a parameter loses at each step */
  readonly rate?: Schedule.Rate
}

/** Adds rate * decay * p to the updates of the optimizer before it; decay >= 0. */
export const decoupled = (decay: number, { rate = 1, ...select }: DecoupledOptions = {}): Stage =>
  decoupledMaker({ decay, rate: Schedule.of(rate), ...Select.of(select) })

/** The definitions of this module, for decoding. */
export const definitions: readonly StageDefinition[] = [l2Maker.def, l1Maker.def, decoupledMaker.def]
