/** What batch normalization does to the activations of a deep logistic net. */
import { Init, Layer, Loss, Metric, Net, Optimizer, orThrow, pipe, Recipe, Trainer } from 'gradus'
import { train } from './digits.js'
import { color, type Figure, linear, panel, range } from './theme.js'

const width = 50
const depth = 5
const epochs = 6
const edges = range(0, 1, 41)

const nets = [
  { says: 'Without batch norm', norm: false, ink: color.red },
  { says: 'With batch norm before each activation', norm: true, ink: color.blue },
]

type Hidden = Net<readonly [64], readonly [typeof width]>

const netOf = (norm: boolean) => {
  const dense = Layer.dense(width, { init: Init.glorotUniform(), bias: !norm })
  const activated = (x: Hidden): Hidden => pipe(x, norm ? Layer.batchNorm() : Layer.identity(), Layer.logistic())
  const first = activated(pipe(Net.input(64), Layer.rescale(1 / 16), dense))
  return pipe(
    Array.from({ length: depth - 1 }).reduce<Hidden>(x => activated(pipe(x, dense)), first),
    Layer.dense(10),
  )
}

/** Trains, then looks at all training data at once. */
const data = async () =>
  Promise.all(
    nets.map(async ({ norm, ...name }) => {
      const recipe = Recipe.of({
        net: netOf(norm),
        loss: Loss.softmaxCrossEntropy(),
        metrics: [Metric.accuracy()],
        optimizer: Optimizer.momentum({ rate: 0.05 }),
        batch: 50,
        epochs,
        seed: 0,
      })
      const trainer = orThrow(await Trainer.compile(recipe, { rows: train.size })())
      let state = trainer.init() // local mutation: the state threaded through the steps
      for (let epoch = 1; epoch <= epochs; epoch++)
        for (const batch of orThrow(Trainer.batches(recipe, epoch)(train)))
          state = orThrow(trainer.step(state, batch)).state
      const { layers, metrics } = orThrow(trainer.statistics(state, train, { bins: { activations: edges } }))
      return {
        ...name,
        accuracy: metrics['accuracy'] ?? Number.NaN,
        layers: layers.filter(l => l.kind === 'gradus/logistic').map(l => l.activation),
      }
    }),
  )

export const batchNorm: Figure<Awaited<ReturnType<typeof data>>> = {
  name: 'batch-norm',
  about: `Histograms of ${depth} logistic layers: with batch norm they are broad, without it they are a few spikes.`,
  data,
  spec: runs => ({
    title: {
      text: 'With batch norm every layer keeps using its whole range',
      subtitle: `After ${epochs} epochs on handwritten digits; a narrow spike is a unit that answers every image alike. Ioffe & Szegedy 2015`,
    },
    spacing: 24,
    vconcat: runs.map(({ says, ink, accuracy, layers }, row) => ({
      title: panel(`${says}: ${(100 * accuracy).toFixed(0)} % right`, ink),
      spacing: 18,
      hconcat: layers.map(({ histogram: { counts, edges }, count }, i) => ({
        title: { text: `layer ${i + 1}`, fontSize: 12, fontWeight: 'normal' as const, offset: 4 },
        width: 140,
        height: 110,
        data: {
          values: counts.map((n, bin) => ({ from: edges[bin], to: edges[bin + 1], share: (100 * n) / count })),
        },
        mark: { type: 'rect' as const, color: ink, clip: true },
        encoding: {
          x: linear('from', [0, 1], { title: row > 0 ? 'activation' : null, grid: false, values: [0, 0.5, 1] }),
          x2: { field: 'to' },
          y: linear('share', [0, 16], { title: i === 0 ? '% of activations' : null, labels: i === 0, tickCount: 3 }),
          y2: { datum: 0 },
        },
      })),
    })),
  }),
}
