/**
 * What happens to a step whose gradients are not finite. Without a guard the parameters become NaN and `fit` stops with
 * the step at which it happened.
 */
import * as t from '#io/index.js'
import { add, mul, sub } from '../op/arithmetic.js'
import { sum } from '../op/broadcast.js'
import { cast, ne, select } from '../op/select.js'
import { define, type Stage, type StageDefinition } from './stages/define.js'

const skipMaker = define<Readonly<Record<string, never>>, never, 'skipped'>({
  kind: 'gradus/skipNonFinite',
  config: t.exact(t.type({})),
  slots: () => [],
  scalars: () => [{ name: 'skipped', init: 0 }],
  apply: (_, { gradients, scalars: { skipped }, step }) => {
    // x * 0 is 0 where x is finite, else NaN, and a sum with a NaN is NaN
    const [first, ...more] = gradients.map(g => cast(sum(mul(g, 0)), 'f64'))
    if (!first) return { updates: gradients, slots: {}, scalars: { skipped } }
    const skip = ne(
      more.reduce((a, b) => add(a, b), first),
      0,
    )
    return {
      updates: gradients,
      slots: {},
      scalars: { skipped: select(skip, add(skipped, 1), skipped) },
      skip,
      step: sub(step, skipped),
    }
  },
})

/**
 * Skips a step with any gradient that is NaN or infinite, as gradient scalers do: no parameter changes, the stages
 * after this one keep their state, and their clock (schedules, bias corrections) stands still. So it belongs first in
 * the chain. The scalar `skipped` counts such steps; the moving statistics of layers are no part of an optimizer and
 * do change. A guard is about gradients: a loss that is not finite is still an error of `fit` and of `Trainer.step`.
 */
export const skip = (): Stage => skipMaker({})

/** The definitions of this module, for decoding. */
export const definitions: readonly StageDefinition[] = [skipMaker.def]
