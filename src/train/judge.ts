/** What the end of an epoch does to a state. */
import * as E from '#fp/Either.js'
import * as Stage from '../optim/Stage.js'
import { type RecipeError, recipeError, type StateError } from './errors.js'
import { judgedInput } from './programs.js'
import type { Session } from './Session.js'
import type * as State from './State.js'

/** The state after the optimizer heard how an epoch was judged; the same one if none of its stages listens. */
export const judge = (
  s: Session,
  state: State.State,
  values: Readonly<Record<string, number>>,
): E.Either<StateError | RecipeError, State.State> => {
  const watched = Stage.watchedBy(s.recipe.optimizer)
  const missing = watched.find(name => values[name] === undefined)
  if (missing !== undefined) return E.left(recipeError(`judge: the optimizer watches ${missing}, which is not given`))
  return E.map(() => {
    if (watched.length === 0) return state
    s.machine.run('judge', 1, Object.fromEntries(watched.map(name => [judgedInput(name), [values[name] as number]])))
    return s.advance(state, 0)
  })(s.adopt(state))
}
