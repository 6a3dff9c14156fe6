/** What the training figures train with: handwritten digits of 8x8 pixels, from 0 to 16, and a net that overfits. */
import { readFileSync } from 'node:fs'
import { Data, Init, Label, Layer, Loss, Metric, Net, Optimizer, orThrow, pipe, Recipe, type Stop } from 'gradus'

const all = orThrow(
  Data.csv({ inputs: [64], label: Label.classes(10) })(readFileSync(new URL('../data/digits.csv.gz', import.meta.url))),
)

/** The customary training part; the other 360 rows are by other writers. */
export const train = Data.slice(0, -360)(all)

const first = Data.take(400)(train)

/** A task that is easy to overfit: 400 rows, every fourth with a wrong label. */
export const overfit = {
  train: orThrow(
    Data.of({ inputs: [64], label: train.label })({
      x: Data.column(first, 'input'),
      y: Array.from(first.labels, (label, i) => (i % 4 === 0 ? (label + 1 + ((i / 4) % 9)) % 10 : label)),
    }),
  ),
  validation: Data.slice(400)(train),
}

interface Settings {
  /** no dropout by default */
  readonly dropout?: number
  readonly epochs: number
  readonly seed: number
  readonly stop?: Stop
}

/** A net large enough to learn all 400 rows by heart. */
export const recipe = ({ dropout = 0, ...settings }: Settings) =>
  Recipe.of({
    net: pipe(
      Net.input(64),
      Layer.rescale(1 / 16),
      Layer.dense(200, { init: Init.he() }),
      Layer.relu(),
      Layer.dropout(dropout),
      Layer.dense(100, { init: Init.he() }),
      Layer.relu(),
      Layer.dropout(dropout),
      Layer.dense(10),
    ),
    loss: Loss.softmaxCrossEntropy(),
    metrics: [Metric.accuracy()],
    optimizer: Optimizer.adam(),
    batch: 20,
    ...settings,
  })
