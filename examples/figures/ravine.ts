/**
 * Paths of optimizers down a ravine: linear regression on two strongly correlated inputs, so that the loss is
 *
 *     f(w) = (l1 (q1 . w)^2 + l2 (q2 . w)^2) / 2        l1 << l2, q1 and q2 unit vectors at right angles
 *
 * whose level lines are ellipses. The data are the two rows sqrt(l1) q1 and sqrt(l2) q2, the labels 0.
 */
import { Data, Label, Layer, Loss, Net, Optimizer, orThrow, pipe, Recipe, State, Trainer } from 'gradus'
import { color, dots, type Figure, line, linear, logarithmic, panel, range } from './theme.js'

/** The curvatures along the ravine and across it. */
export const [along, across] = [1, 50]
const angle = Math.PI / 8
const [cos, sin] = [Math.cos(angle), Math.sin(angle)]

type Pair = readonly [number, number]

/** a q1 + b q2 */
const place = (a: number, b: number): Pair => [a * cos - b * sin, a * sin + b * cos]
export const start = place(-9, 1.7)
export const steps = 40

const runs = [
  { name: 'gradient descent', ink: color.gray, optimizer: Optimizer.sgd({ rate: 0.037 }) },
  { name: 'momentum', ink: color.blue, optimizer: Optimizer.momentum({ rate: 0.02, momentum: 0.8 }) },
  { name: 'Nesterov', ink: color.green, optimizer: Optimizer.nesterov({ rate: 0.02, momentum: 0.8 }) },
  { name: 'RMSProp', ink: color.orange, optimizer: Optimizer.rmsprop({ rate: 0.25, rho: 0.9 }) },
  { name: 'Adam', ink: color.red, optimizer: Optimizer.adam({ rate: 0.7, beta2: 0.99 }) },
]

const rows = orThrow(
  Data.of({ inputs: [2], label: Label.values(1) })({
    x: [place(Math.sqrt(along), 0), place(0, Math.sqrt(across))],
    y: [0, 0],
  }),
)

/** The weights after so many steps, and the loss there. */
interface Visit {
  readonly step: number
  readonly x: number
  readonly y: number
  readonly loss: number
}

const pathOf = async (optimizer: Optimizer.Optimizer): Promise<readonly Visit[]> => {
  const recipe = Recipe.of({
    net: pipe(Net.input(2), Layer.dense(1, { bias: false })),
    loss: Loss.mse(),
    optimizer,
    batch: 2,
    epochs: steps,
    seed: 0,
  })
  const trainer = orThrow(await Trainer.compile(recipe)())
  const path: Visit[] = [] // local mutation: the state threaded through the steps
  let state = orThrow(State.assign({ 'dense1/w': start })(trainer.init()))
  for (let step = 0; step <= steps; step++) {
    const [x = Number.NaN, y = Number.NaN] = orThrow(State.values(state))['dense1/w']?.values ?? []
    const next = orThrow(trainer.step(state, rows))
    path.push({ step, x, y, loss: next.metrics.loss })
    state = next.state
  }
  return path
}

/** The ellipse on which the loss is `level`. */
const ellipse = (level: number): readonly Pair[] =>
  range(0, 2 * Math.PI, 33).map(t =>
    place(Math.sqrt((2 * level) / along) * Math.cos(t), Math.sqrt((2 * level) / across) * Math.sin(t)),
  )

const data = async () => ({
  paths: await Promise.all(
    runs.map(async ({ name, ink, optimizer }) => ({ name, ink, path: await pathOf(optimizer) })),
  ),
  contours: [87, 53, 29, 13, 4, 0.5].map(level => ({ level, points: ellipse(level) })),
})

const size = { width: 252, height: 144 }

export const ravine: Figure<Awaited<ReturnType<typeof data>>> = {
  name: 'ravine',
  about: 'Gradient descent zigzags down a narrow valley; momentum, Nesterov, RMSProp and Adam take other ways.',
  data,
  spec: ({ paths, contours }) => ({
    title: {
      text: 'Down a ravine: plain descent zigzags, momentum gathers speed',
      subtitle: `${steps} steps on a quadratic of condition number ${across / along}. Qian 1999; Nesterov 1983; Tieleman & Hinton 2012; Kingma & Ba 2015`,
    },
    columns: 3,
    spacing: { column: 52, row: 60 },
    bounds: 'flush',
    concat: [
      ...paths.map(({ name, ink, path }, i) => {
        const at = {
          x: linear('x', [-13, 4.5], { title: i > 2 ? 'weight 1' : null, grid: false, tickCount: 5 }),
          y: linear('y', [-6.2, 3.2], { title: i % 3 === 0 ? 'weight 2' : null, grid: false, tickCount: 4 }),
        }
        return {
          title: panel(name, ink),
          ...size,
          layer: [
            line(
              contours.flatMap(({ level, points }) => points.map(([x, y], order) => ({ x, y, level, order }))),
              { ...at, detail: { field: 'level' }, order: { field: 'order' } },
              '#b9cfe0',
              { strokeWidth: 0.8, fill: color.blue, fillOpacity: 0.06 },
            ),
            dots([{ x: 0, y: 0 }], at, color.ink, { shape: 'cross', size: 70, angle: 45 }),
            line(path, { ...at, order: { field: 'step' } }, ink, {
              strokeWidth: 1.6,
              point: { color: ink, size: 14, filled: true, opacity: 1 },
            }),
          ],
        }
      }),
      {
        title: panel('loss'),
        ...size,
        layer: paths.map(({ ink, path }) =>
          line(
            path,
            {
              x: linear('step', [0, steps], { title: 'step', tickCount: 5 }),
              y: logarithmic('loss', [1e-3, 200], { values: [1e-3, 0.1, 10], format: '~g' }),
            },
            ink,
          ),
        ),
      },
    ],
  }),
}
