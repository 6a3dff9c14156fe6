/**
 * What happens to a step whose loss or gradients are not finite. Without a guard the parameters become NaN, and `fit`
 * and `Trainer.step` answer with an error that names the step.
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
  apply: (_, { gradients, loss, scalars: { skipped }, step }) => {
    // x * 0 is 0 where x is finite, else NaN, and a sum with a NaN is NaN
    const sums = gradients.map(g => cast(sum(mul(g, 0)), 'f64'))
    const discard = ne(
      sums.reduce((a, b) => add(a, b), cast(mul(loss, 0), 'f64')),
      0,
    )
    return {
      updates: gradients,
      slots: {},
      scalars: { skipped: select(discard, add(skipped, 1), skipped) },
      discard,
      step: sub(step, skipped),
    }
  },
})

/**
 * Skips a step whose loss, or any of whose gradients, is NaN or infinite, as gradient scalers do (Micikevicius et al.
 * 2018): the run goes on, parameters and the moving statistics of layers keep their bits, the stages after this one
 * their state, and their clock (schedules, bias corrections) stands still. So it belongs first in the chain. The scalar
 * `skipped` counts such steps; the means of an epoch are over the others, and its events say how many they were.
 * `Stop.skipped` ends a run with too many.
 */
export const skip = (): Stage => skipMaker({})

/** The definitions of this module, for decoding. */
export const definitions: readonly StageDefinition[] = [skipMaker.def]
