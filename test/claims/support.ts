/** What the claims share: random numbers, and training by hand. */

import { type Data, Expr, type Label, orThrow, type Recipe, type Shape, type State, Trainer } from 'gradus'
import * as E from '#fp/Either.js'

/** `n` numbers uniform on [0, 1), for a seed and a purpose. */
export const uniforms = (seed: number, purpose: number, n: number): readonly number[] => [
  ...orThrow(Expr.evaluate(Expr.uniform(Expr.tensor([seed, purpose, 0, 0], [4], 'i32'), [n]))).values,
]

/**
 * The trainer, and its state after `steps` steps that each see all rows; `look` sees every state on the way. A `Left`
 * when the loss stops being finite.
 */
export const descend = async <I extends Shape, O extends Shape>(
  recipe: Recipe<I, O, 'values'>,
  data: Data<I, Label.Values<O>>,
  steps: number,
  look: (state: State) => void = () => undefined,
) => {
  const trainer = orThrow(await Trainer.compile(recipe, { rows: data.size })())
  let state = trainer.init()
  look(state)
  for (let i = 0; i < steps; i++) {
    const next = trainer.step(state, data)
    if (E.isLeft(next)) return next
    state = next.right.state
    look(state)
  }
  return E.right({ trainer, state })
}
