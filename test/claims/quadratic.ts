/**
 * The quadratic sum l_i w_i^2 / 2 as a regression without noise: the rows are sqrt(n l_i / 2) e_i, the targets 0. Nothing
 * rounds to a floor, since every step is linear in w.
 */
import { Data, Init, Label, Layer, Loss, Net, type Optimizer, orThrow, pipe, Recipe, State } from 'gradus'
import { descend, uniforms } from './support.js'

/** Eigenvalues from `low` to `high`, both among them, the others log-uniform. */
export const eigenvalues = (seed: number, low: number, high: number, n = 6): readonly number[] => [
  low,
  ...uniforms(seed, 0, n - 2).map(u => low * Math.exp(u * Math.log(high / low))),
  high,
]

/** |w| after 0, 1, 2, ... steps, as long as the loss is finite. */
export const distances = async (
  eigen: readonly number[],
  optimizer: Optimizer.Optimizer,
  { seed, steps }: { readonly seed: number; readonly steps: number },
): Promise<readonly number[]> => {
  const n = eigen.length
  const data = orThrow(
    Data.of({ inputs: [n], label: Label.values(1) })({
      x: eigen.flatMap((l, i) => eigen.map((_, j) => (i === j ? Math.sqrt((n * l) / 2) : 0))),
      y: eigen.map(() => 0),
    }),
  )
  const net = pipe(Net.input(n), Layer.dense(1, { bias: false, init: Init.normal(1) }))
  const recipe = Recipe.of({ net, loss: Loss.mse(), optimizer, batch: n, epochs: 1, seed })
  const seen: number[] = []
  await descend(recipe, data, steps, state => {
    const { values = [] } = orThrow(State.values(state))['dense1/w'] ?? {}
    seen.push(Math.hypot(...values))
  })
  return seen
}

/** The slope of the line through (0, y_0), (1, y_1), ... with the least squares. */
const slope = (ys: readonly number[]): number => {
  const middle = (ys.length - 1) / 2
  const [xy, xx] = ys.reduce(([a, b], y, x) => [a + (x - middle) * y, b + (x - middle) ** 2], [0, 0])
  return xy / xx
}

/** The factor per step by which numbers shrink or grow, fitted to the second half of them. */
export const factor = (all: readonly number[]): number => Math.exp(slope(all.slice(all.length >> 1).map(Math.log)))
