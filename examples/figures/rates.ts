/** Learning curves of one net for four rates of gradient descent. */
import { Init, Layer, Loss, Net, Optimizer, orThrow, pipe, Recipe, Trainer } from 'gradus'
import { train } from './digits.js'
import { color, type Figure, line, linear, logarithmic, thin, words } from './theme.js'

const epochs = 5

/** The rates, and where their names stand. */
const rates = [
  { rate: 0.003, says: 'too low: hardly moves', ink: color.blue, at: [361, 2.08] },
  { rate: 0.1, says: 'right: falls fast', ink: color.green, at: [361, 0.135] },
  { rate: 0.7, says: 'too high: bounces', ink: color.orange, at: [361, 0.8] },
  { rate: 2, says: 'diverges', ink: color.red, at: [8, 30] },
] as const

const net = pipe(
  Net.input(64),
  Layer.rescale(1 / 16),
  Layer.dense(32, { init: Init.he() }),
  Layer.leakyRelu(),
  Layer.dense(32, { init: Init.he() }),
  Layer.leakyRelu(),
  Layer.dense(10),
)

/** The loss over all training data after so many steps. */
interface Seen {
  readonly step: number
  readonly loss: number
}

/** The run to its end, or until its loss is no longer finite; looked at often in the beginning. */
const curveOf = async (rate: number) => {
  const recipe = Recipe.of({
    net,
    loss: Loss.softmaxCrossEntropy(),
    optimizer: Optimizer.sgd({ rate }),
    batch: 20,
    epochs,
    seed: 1,
  })
  const trainer = orThrow(await Trainer.compile(recipe)())
  const batches = Array.from({ length: epochs }, (_, i) => orThrow(Trainer.batches(recipe, i + 1)(train))).flat()
  let state = trainer.init() // local mutation: the state threaded through the steps
  const look = (step: number): Seen => ({ step, loss: orThrow(trainer.evaluate(state, train)).loss })
  const seen: Seen[] = [look(0)]
  for (const [i, batch] of batches.entries()) {
    const next = trainer.step(state, batch)
    if (next._tag === 'Left') return { seen, error: next.left }
    state = next.right.state
    if (i < 20 || i % 4 === 3) seen.push(look(i + 1))
  }
  return { seen, error: null }
}

const data = async () => Promise.all(rates.map(async r => ({ ...r, ...(await curveOf(r.rate)) })))

/** The curve on a logarithmic axis, where it is not beyond the picture. */
const drawn = (seen: readonly Seen[]): readonly Seen[] =>
  thin(seen.filter(s => s.loss < 1e4).map(s => [s.step, Math.log(s.loss)])).map(([step, log]) => ({
    step,
    loss: Math.exp(log),
  }))

const at = {
  x: linear('step', [0, 355], { title: 'step', tickCount: 5, grid: false }),
  y: logarithmic('loss', [0.1, 50], { title: 'training loss (cross-entropy)', values: [0.1, 1, 10], format: '~g' }),
}

export const learningRates: Figure<Awaited<ReturnType<typeof data>>> = {
  name: 'rates',
  about: 'The training loss for four rates: one hardly moves, one falls fast, one bounces, one diverges.',
  data,
  spec: all => ({
    title: {
      text: 'The learning rate is the first thing to get right',
      subtitle: ['Gradient descent on handwritten digits,', 'with the same first weights and batches each time'],
    },
    width: 380,
    height: 300,
    layer: all.flatMap(({ rate, says, ink, seen, at: [step, loss], error }) => [
      line(drawn(seen), at, ink, { strokeWidth: 2.4 }),
      words(
        { step, loss },
        at,
        [`rate ${rate}`, error?._tag === 'NonFinite' ? `${says}: not finite at step ${error.step}` : says],
        ink,
        { fontWeight: 'bold' },
      ),
    ]),
  }),
}
