/** One training that every host does, for several numbers of threads: a small convolutional net on the digits. */
import {
  Data,
  type EngineOptions,
  Init,
  Label,
  Layer,
  Loss,
  Metric,
  Net,
  Optimizer,
  orThrow,
  pipe,
  Recipe,
  Schedule,
  type Threads,
  Trainer,
} from '../../src/index.js'

const net = pipe(
  Net.input(8, 8, 1),
  Layer.rescale(1 / 16),
  Layer.conv2d(32, 3, { padding: 'same' }),
  Layer.batchNorm(),
  Layer.elu(),
  Layer.conv2d(32, 3),
  Layer.gelu(),
  Layer.maxPool2d(2),
  Layer.flatten(),
  Layer.dense(128, { init: Init.he() }),
  Layer.layerNorm(),
  Layer.tanh(),
  Layer.dropout(0.2),
  Layer.dense(10),
)
const recipe = Recipe.of({
  net,
  loss: Loss.softmaxCrossEntropy(),
  metrics: [Metric.accuracy()],
  optimizer: Optimizer.adam({ rate: Schedule.cosine({ initial: 0.003, steps: 60 }) }),
  batch: 50,
  epochs: 2,
  seed: 3,
})

export interface Outcome {
  /** SHA-256 of the trained state */
  readonly hash: string
  /** of `Trainer.compile`, asked for as many threads */
  readonly threads: Threads
}

/** The hash of what is trained on the digits (a csv.gz) with so many threads, by the interpreter or as the options say. */
export const fitted = async (csv: Uint8Array, threads: number, engine: EngineOptions = {}): Promise<string> => {
  const digits = orThrow(Data.csv({ inputs: [8, 8, 1], label: Label.classes(10) })(csv))
  return orThrow(await Trainer.fit(recipe, { ...engine, threads })({ train: digits })()).hash
}

/** Trains with so many threads. */
export const train = async (csv: Uint8Array, threads: number): Promise<Outcome> => {
  const hash = await fitted(csv, threads)
  const trainer = orThrow(await Trainer.compile(recipe, { threads })())
  return { hash, threads: trainer.threads }
}

/** The same for each of several numbers, one after the other. */
export const trainEach = async (csv: Uint8Array, counts: readonly number[]): Promise<readonly Outcome[]> => {
  const outcomes: Outcome[] = []
  for (const threads of counts) outcomes.push(await train(csv, threads))
  return outcomes
}
