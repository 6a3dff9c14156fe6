/** States with averages in the place of their parameters. */
import * as E from '#fp/Either.js'
import * as Stage from '../optim/Stage.js'
import { sizeOf } from '../shape/TensorType.js'
import { noAverage, type RecipeError, type StateError } from './errors.js'
import { scalarName, slotName } from './programs.js'
import type { Session } from './Session.js'
import type * as State from './State.js'

/**
 * A copy of the state whose parameters are the averages that the optimizer keeps; the parameters themselves where none
 * is kept for them, or before the first update. All else is that of the state: batch norm's moving statistics, too, are
 * those that the run has seen, not computed anew under the averages as by torch's `update_bn`. The state is not consumed.
 */
export const averaged = (s: Session, state: State.State): E.Either<StateError | RecipeError, State.State> => {
  const average = Stage.averageOf(s.recipe.optimizer)
  if (!average) return E.left(noAverage)
  const adopted = s.adopt(state)
  if (E.isLeft(adopted)) return adopted
  const { slots } = s.machine
  const placeOf = (name: string): number | undefined => slots.get(name)?.offset
  const block = s.machine.readState()
  const count = placeOf(scalarName(average.count)) ?? 0
  if (new DataView(block.buffer).getFloat64(count, true) > 0)
    for (const { path, shape } of s.programs.variables) {
      const [to, from] = [placeOf(path), placeOf(slotName(average.slot, path))]
      if (average.covers(path) && to !== undefined && from !== undefined)
        block.copyWithin(to, from, from + 4 * sizeOf(shape))
    }
  return E.right(s.place(block, state.relaxed))
}
