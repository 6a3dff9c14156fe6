/**
 * How fast momentum m with rate r converges on a quadratic whose eigenvalues are 1 and k. In closed form (Goh 2017) it
 * converges iff 0 < r k < 2 + 2 m; the best settings, and by how much they multiply the error in a step, are
 *
 *     r = (2 / (1 + sqrt k))^2    m = ((sqrt k - 1) / (sqrt k + 1))^2    (sqrt k - 1) / (sqrt k + 1)
 */
import { Data, Label, Layer, Loss, Net, Optimizer, orThrow, pipe, Recipe, State, Trainer } from 'gradus'
import { color, dots, type Figure, line, linear, range, words } from './theme.js'

export const condition = 10
const steps = 60
/** The largest error of so many steps is the size of an error that oscillates. */
const window = 12

/** The width and height of a cell of the picture. */
const [wide, high] = [0.1, 0.04]
const products = range(wide / 2, 4 - wide / 2, 4 / wide)
const momenta = range(high / 2, 1 - high / 2, 1 / high)

interface Cell {
  /** the rate times the largest eigenvalue */
  readonly product: number
  readonly momentum: number
  /** by how much the error is multiplied in a step, as measured */
  readonly factor: number
}

/**
 * The factors of many curvatures c at once, at rate 1: row i of the n rows is sqrt(n c_i / 2) in coordinate i and 0
 * elsewhere, so the loss, a mean over rows, has curvature c_i there.
 */
const factorsOf = async (momentum: number, curvatures: readonly number[]): Promise<readonly number[]> => {
  const n = curvatures.length
  const recipe = Recipe.of({
    net: pipe(Net.input(n), Layer.dense(1, { bias: false })),
    loss: Loss.mse(),
    optimizer: Optimizer.momentum({ rate: 1, momentum }),
    batch: n,
    epochs: steps,
    seed: 0,
  })
  const x = curvatures.map((c, i) => curvatures.map((_, j) => (i === j ? Math.sqrt((n * c) / 2) : 0)))
  const rows = orThrow(Data.of({ inputs: [n], label: Label.values(1) })({ x, y: curvatures.map(() => 0) }))
  const trainer = orThrow(await Trainer.compile(recipe)())
  let state = orThrow(State.assign({ 'dense1/w': curvatures.map(() => 1) })(trainer.init()))
  const errors: ArrayLike<number>[] = [] // local mutation: the state threaded through the steps
  for (let step = 0; step < steps; step++) {
    errors.push(orThrow(State.values(state))['dense1/w']?.values ?? [])
    state = orThrow(trainer.step(state, rows)).state
  }
  const sizeFrom = (step: number, i: number): number =>
    Math.max(...errors.slice(step, step + window).map(e => Math.abs(e[i] ?? Number.NaN)))
  const last = steps - window
  return curvatures.map((_, i) => (sizeFrom(last, i) / sizeFrom(window, i)) ** (1 / (last - window)))
}

/** The slower of both eigenvalues decides. */
const rowOf = async (momentum: number): Promise<readonly Cell[]> => {
  const converging = products.filter(p => p < 2 + 2 * momentum)
  const factors = await factorsOf(momentum, [...converging, ...converging.map(p => p / condition)])
  const [of, ofSmallest] = [factors, factors.slice(converging.length)]
  return converging.map((product, i) => ({
    product,
    momentum,
    factor: Math.max(of[i] ?? Number.NaN, ofSmallest[i] ?? Number.NaN),
  }))
}

const data = async (): Promise<readonly Cell[]> => (await Promise.all(momenta.map(rowOf))).flat()

const root = Math.sqrt(condition)
export const best: Cell = {
  product: condition * (2 / (1 + root)) ** 2,
  momentum: ((root - 1) / (root + 1)) ** 2,
  factor: (root - 1) / (root + 1),
}
const plain: Cell = {
  product: (2 * condition) / (1 + condition),
  momentum: 0,
  factor: (condition - 1) / (condition + 1),
}

const at = {
  x: linear('product', [0, 4], { title: 'rate × largest eigenvalue λ', grid: false, tickCount: 9 }),
  y: linear('momentum', [0, 1], { title: 'momentum', grid: false }),
}

export const momentum: Figure<readonly Cell[]> = {
  name: 'momentum',
  about: 'How fast momentum converges, over rate and momentum: the best setting is far better than plain descent.',
  data,
  spec: cells => ({
    title: {
      text: 'Momentum converges faster, and for larger rates',
      subtitle: `Measured on a quadratic of condition number ${condition}; line and points are the closed forms. After Goh 2017 (distill.pub)`,
    },
    width: 560,
    height: 350,
    layer: [
      {
        data: {
          // a little more than its cell, so that no seams show
          values: cells.map(({ product, momentum, factor }) => ({
            product: product - wide / 2,
            right: product + 0.53 * wide,
            momentum: momentum - high / 2,
            top: momentum + 0.53 * high,
            factor,
          })),
        },
        mark: { type: 'rect', clip: true },
        encoding: {
          ...at,
          x2: { field: 'right' },
          y2: { field: 'top' },
          color: {
            field: 'factor',
            type: 'quantitative',
            scale: { scheme: 'viridis', domain: [0.5, 1], reverse: true, clamp: true },
            legend: { title: 'error × per step', gradientLength: 200, titleFontSize: 12, titleFontWeight: 'normal' },
          },
        },
      },
      line(
        [
          { product: 2, momentum: 0 },
          { product: 4, momentum: 1 },
        ],
        at,
        color.ink,
      ),
      words({ product: 3.3, momentum: 0.22 }, at, ['diverges:', 'rate × λ > 2 + 2 momentum'], color.ink, {
        align: 'center',
        dx: 0,
      }),
      dots([best, plain], at, '#ffffff', { size: 90, stroke: color.ink, strokeWidth: 2 }),
      ...[
        { cell: best, text: `best: × ${best.factor.toFixed(2)}`, dy: 14 },
        { cell: plain, text: `best without momentum: × ${plain.factor.toFixed(2)}`, dy: -12 },
      ].map(({ cell, text, dy }) =>
        words(cell, at, text, '#ffffff', { align: 'right', dx: -10, dy, fontWeight: 'bold' }),
      ),
    ],
  }),
}
