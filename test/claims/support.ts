/** What the claims share: random numbers, training by hand, and the digits. */
import { readFileSync } from 'node:fs'
import { Data, Expr, Label, Layer, Net, orThrow, pipe, type Recipe, type Shape, type State, Trainer } from 'gradus'
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

const digits = orThrow(
  Data.csv({ inputs: [64], label: Label.classes(10) })(
    readFileSync(new URL('../../examples/data/digits.csv.gz', import.meta.url)),
  ),
)

/** The digits: 1437 rows to train on, and 360 rows by other writers. */
export const [train, test] = [Data.slice(0, 1437)(digits), Data.slice(1437)(digits)]

/** The digits' pixels from 0 .. 16 to 0 .. 1. */
export const pixels = pipe(Net.input(64), Layer.rescale(1 / 16))

/** A net on the digits, so far. */
export type Hidden = Net<readonly [64], readonly [number]>

/** The digits' pixels behind `depth` times the same block. */
export const stack = (depth: number, block: (x: Hidden) => Hidden): Hidden =>
  Array.from({ length: depth }).reduce<Hidden>(block, pixels)

/** The numbers 0 .. n - 1 in an order drawn for a seed and a purpose. */
export const shuffled = (seed: number, purpose: number, n: number): readonly number[] => {
  const keys = uniforms(seed, purpose, n)
  return Array.from({ length: n }, (_, i) => i).sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0))
}
