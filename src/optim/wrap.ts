/**
 * Optimizers around optimizers: several batches to an update, averages of parameters, lookahead. p are the parameters
 * after the update, k = 0, 1, ... counts updates.
 *
 *     accumulate   of n batches the mean gradient, at every n-th
 *     ema          a = d a + (1 - d) p, a = p at first                 Polyak & Juditsky 1992; Ruppert 1988
 *     swa          a = a + (p - a) / (number averaged + 1), at every n-th update from k0 on      Izmailov et al. 2018
 *     lookahead    s = s + alpha (p - s), p = s, at every n-th update; s at first the parameters      Zhang et al. 2019
 */
import * as t from '#io/index.js'
import type { Expr } from '../graph/Expr.js'
import { belowOne, numberThat, withinOne } from '../graph/settings.js'
import { add, div, floor, mul, sub } from '../op/arithmetic.js'
import { eq, lt, select } from '../op/select.js'
import { chain, type Optimizer } from './chain.js'
import {
  type Average,
  define,
  inner,
  leafwise,
  type Stage,
  type StageDefinition,
  type StageInput,
} from './stages/define.js'
import { averageOf } from './stages/run.js'

const times = numberThat('a whole number >= 1', x => Number.isInteger(x) && x >= 1)
const count = numberThat('a whole number >= 0', x => Number.isInteger(x) && x >= 0)

/** k modulo n, for rank-0 f64. */
const modulo = (k: Expr, n: number): Expr => sub(k, mul(floor(div(k, n)), n))

const accumulateMaker = define({
  kind: 'gradus/accumulate',
  config: t.exact(t.type({ batches: times })),
  slots: () => [{ name: 'sum', init: 0 }],
  apply: ({ batches }, input) => {
    const turn = modulo(input.step, batches)
    const first = eq(turn, 0)
    return {
      ...leafwise(input, ['sum'], ({ gradient, slots }) => {
        const sum = select(first, gradient, add(slots.sum, gradient))
        return { update: div(sum, batches), slots: { sum } }
      }),
      skip: lt(turn, batches - 1),
      step: floor(div(input.step, batches)),
    }
  },
})

/**
 * An optimizer that takes one step for `n` >= 1 batches, with the mean of their gradients: what it does with one batch
 * n times as large, where the loss is a mean over rows and the batches are equal. In between parameters and slots keep
 * their bits, and its schedules count its own steps.
 */
export const accumulate = (n: number, optimizer: Stage | Optimizer): Optimizer =>
  chain(accumulateMaker({ batches: n }), optimizer)

/** How many batches the stages take to an update. */
export const batchesPerUpdate = (stages: Optimizer): number =>
  stages.reduce((n, { def, config }) => {
    const own = def === accumulateMaker.def ? (config as { readonly batches: number }).batches : 1
    return n * own * batchesPerUpdate(inner(config))
  }, 1)

/** What the stages here do before the update: nothing but count it. */
const pass = <S extends string>({ gradients, slots, scalars }: StageInput<S, 'updates'>) => ({
  updates: gradients,
  slots,
  scalars: { updates: add(scalars.updates, 1) },
})
const counted = () => [{ name: 'updates', init: 0 }] as const
const kept = (slot: string) => (): Average => ({ slot, count: 'updates', covers: () => true })

/** A slot's new tensors from the old ones and the new parameters. */
const each = (slot: readonly Expr[], params: readonly Expr[], f: (old: Expr, p: Expr, i: number) => Expr) =>
  params.map((p, i) => f(slot[i] ?? p, p, i))

const emaMaker = define({
  kind: 'gradus/ema',
  config: t.exact(t.type({ decay: belowOne })),
  slots: () => [{ name: 'average', init: 0 }],
  scalars: counted,
  average: kept('average'),
  apply: (_, input) => pass(input),
  project: ({ decay }, { params, slots, step }) => {
    const first = eq(step, 0)
    const average = each(slots.average, params, (a, p) => select(first, p, add(a, mul(sub(p, a), 1 - decay))))
    return { params, slots: { average } }
  },
})

/**
 * Keeps an exponential moving average of the parameters, of `decay` in [0, 1), in the slot `average`; the parameters
 * themselves go on as without it. It stands after the optimizer. `average: true` in a recipe evaluates and gives back
 * the averages, `trainer.averaged` does by hand; in a saved state that of a parameter is
 * `optimizer/<position>/average/<path>`, with the position that `averageSlot` gives.
 */
export const ema = (decay: number): Stage => emaMaker({ decay })

const swaMaker = define({
  kind: 'gradus/swa',
  config: t.exact(t.type({ from: count, every: times })),
  slots: () => [{ name: 'average', init: 0 }],
  scalars: counted,
  average: kept('average'),
  apply: (_, input) => pass(input),
  project: ({ from, every }, { params, slots, step }) => {
    const since = sub(step, from)
    const averaged = div(since, every)
    const due = eq(modulo(since, every), 0)
    const [before, first] = [lt(since, 0), eq(since, 0)]
    const share = div(1, add(averaged, 1))
    const average = each(slots.average, params, (a, p) =>
      select(before, p, select(first, p, select(due, add(a, mul(sub(p, a), share)), a))),
    )
    return { params, slots: { average } }
  },
})

/**
 * Keeps the plain mean of the parameters after every `every`-th update, from update `from` (counted from 0) on, in the
 * slot `average`, as `ema` does; before that it holds the parameters. Stochastic weight averaging is this with a
 * constant or cyclic rate at the end.
 */
export const swa = (o: { readonly from: number; readonly every?: number }): Stage =>
  swaMaker({ from: o.from, every: o.every ?? 1 })

const lookaheadMaker = define({
  kind: 'gradus/lookahead',
  config: t.exact(t.type({ every: times, share: withinOne })),
  slots: () => [{ name: 'slow', init: 0 }],
  scalars: counted,
  average: kept('slow'),
  apply: (_, input) => pass(input),
  project: ({ every, share }, { params, before, slots, step }) => {
    const first = eq(step, 0)
    const due = eq(modulo(add(step, 1), every), 0)
    const old = slots.slow.map((s, i) => select(first, before[i] ?? s, s))
    const slow = each(old, params, (s, p) => select(due, add(s, mul(sub(p, s), share)), s))
    return { params: params.map((p, i) => select(due, slow[i] ?? p, p)), slots: { slow } }
  },
})

/**
 * Lookahead around an optimizer: every `every` updates (>= 1, default 5) the parameters go back to a share `share` in
 * [0, 1] (default 0.5) of the way they went. The optimizer's slots go on.
 */
export const lookahead = (
  optimizer: Stage | Optimizer,
  o: { readonly every?: number; readonly share?: number } = {},
): Optimizer => chain(optimizer, lookaheadMaker({ every: o.every ?? 5, share: o.share ?? 0.5 }))

/**
 * The name of the slot with the averages (`1/average`) of the last `ema` or `swa` of a chain, or with the slow weights
 * (`1/slow`) of a `lookahead`; null if there is none.
 */
export const averageSlot = (optimizer: Optimizer): string | null => averageOf(optimizer)?.slot ?? null

/** The definitions of this module, for decoding. */
export const definitions: readonly StageDefinition[] = [accumulateMaker, emaMaker, swaMaker, lookaheadMaker].map(
  m => m.def,
)
