/** The schedules of the learning rate, as a run reports it step by step. */
import { Data, Label, Layer, Loss, Net, Optimizer, orThrow, pipe, Recipe, Schedule, Trainer } from 'gradus'
import { color, type Figure, linear, panel, thin } from './theme.js'

export const steps = 400
const initial = 0.1

const kinds: Readonly<Record<string, Schedule.Schedule>> = {
  constant: Schedule.constant(initial),
  piecewise: Schedule.piecewise({ boundaries: [150, 300], values: [initial, 0.04, 0.01] }),
  exponential: Schedule.exponential({ initial, steps: 200, decay: 0.2 }),
  'exponential, staircase': Schedule.exponential({ initial, steps: 100, decay: 0.45, staircase: true }),
  'power (inverse time)': Schedule.power({ initial, steps: 80 }),
  'polynomial, power 2': Schedule.polynomial({ initial, steps, power: 2 }),
  cosine: Schedule.cosine({ initial, steps }),
  'cosine with restarts': Schedule.cosineRestarts({ initial, steps: steps / 7, growth: 2, decay: 0.8 }),
  'warm-up × cosine': Schedule.product(Schedule.warmup(60), Schedule.cosine({ initial, steps })),
  'one cycle': Schedule.oneCycle({ peak: initial, steps }),
  'sequence of three': Schedule.sequence(
    [
      ...Schedule.phase(Schedule.linear({ initial: 0.02, final: initial, steps: 80 }), 80),
      ...Schedule.phase(initial, 100),
    ],
    Schedule.exponential({ initial, steps: 100, decay: 0.3 }),
  ),
}

/** Gradient descent under each schedule; the plateau is a stage of its own, since it listens to the loss. */
const optimizers: Readonly<Record<string, Optimizer.Optimizer>> = {
  ...Object.fromEntries(Object.entries(kinds).map(([name, rate]) => [name, Optimizer.sgd({ rate })])),
  'plateau (falls when stuck)': Optimizer.chain(
    Optimizer.sgd({ rate: initial }),
    Optimizer.plateau({ every: 10, patience: 3, factor: 0.5, threshold: 0.01 }),
  ),
}

/** A line through noisy points, which is soon found: from then on the loss is stuck. */
const points = orThrow(
  Data.of({ inputs: [1], label: Label.values(1) })({ x: [-1, -0.5, 0, 0.5, 1], y: [-1.8, -1.3, 0.2, 0.7, 2.2] }),
)

const ratesOf = async (optimizer: Optimizer.Optimizer): Promise<readonly number[]> => {
  const recipe = Recipe.of({
    net: pipe(Net.input(1), Layer.dense(1)),
    loss: Loss.mse(),
    optimizer,
    batch: 5,
    epochs: steps,
    seed: 0,
  })
  const trainer = orThrow(await Trainer.compile(recipe)())
  const rates: number[] = [] // local mutation: the state threaded through the steps
  let state = trainer.init()
  for (let step = 0; step < steps; step++) {
    const next = orThrow(trainer.step(state, points))
    state = next.state
    rates.push(next.metrics['rate'] ?? Number.NaN)
  }
  return rates
}

const data = async () =>
  Promise.all(Object.entries(optimizers).map(async ([name, o]) => ({ name, rates: await ratesOf(o) })))

const columns = 4

export const schedules: Figure<Awaited<ReturnType<typeof data>>> = {
  name: 'schedules',
  about: `Twelve schedules of the learning rate over ${steps} steps.`,
  data,
  spec: all => ({
    title: {
      text: 'How the learning rate may change while training',
      subtitle:
        'Read off runs of gradient descent. Restarts after Loshchilov & Hutter 2017, one cycle after Smith & Topin 2018',
    },
    columns,
    spacing: { column: 24, row: 54 },
    bounds: 'flush',
    concat: all.map(({ name, rates }, i) => ({
      title: panel(name),
      width: 184,
      height: 96,
      data: { values: thin(rates.map((rate, step) => [step, rate])).map(([step, rate]) => ({ step, rate })) },
      mark: { type: 'area' as const, line: { color: color.blue }, color: color.blue, fillOpacity: 0.12 },
      encoding: {
        x: linear('step', [0, steps], {
          title: i >= all.length - columns ? 'step' : null,
          values: [0, steps / 4, steps / 2, (3 * steps) / 4, steps],
        }),
        y: linear('rate', [0, 1.08 * initial], {
          title: i % columns === 0 ? 'learning rate' : null,
          labels: i % columns === 0,
          values: [0, initial / 2, initial],
          format: '.2f',
        }),
      },
    })),
  }),
}
