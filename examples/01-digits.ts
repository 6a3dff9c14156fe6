/**
 * Handwritten digits of 8x8 pixels, from raw data to a saved model, in a few seconds: `npm run quickstart`
 *
 *   --seed N      decides initial values, the split, the order of the data and every dropout mask (default 0)
 *   --epochs N    at most so many passes over the training data (default 100)
 *   --out FILE    where the model goes (default: the folder of temporary files)
 */
// test: --epochs 5
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  Clip,
  Data,
  Init,
  Label,
  Layer,
  Loss,
  Metric,
  Model,
  Net,
  Optimizer,
  orThrow,
  pipe,
  Recipe,
  Schedule,
  Stop,
  standard,
  Trainer,
} from 'gradus'
import { progress, saveFile, table } from 'gradus/cli'
import { options, orExit } from './support/terminal.js'

const { seed, epochs, out } = options({
  about: 'Trains a network on handwritten digits, saves it and loads it again.',
  epochs: 100,
  out: join(tmpdir(), 'gradus-digits.safetensors'),
})

// 1,797 rows of 64 pixels and a label; the last 360 were written by other people and are kept for the test.
const file = readFileSync(new URL('data/digits.csv.gz', import.meta.url))
const digits = orThrow(Data.csv({ inputs: [64], label: Label.classes(10) })(file))
const test = pipe(digits, Data.slice(1437))
const { train, validation } = orThrow(pipe(digits, Data.slice(0, 1437), Data.split({ validation: 0.15, seed })))

// A net is plain data. Its type says [64] -> [10], and a layer that does not fit would not compile.
const net = pipe(
  Net.input(64),
  Layer.rescale(1 / 16), // pixels are 0 to 16; the saved model takes them raw
  Layer.dense(300, { init: Init.he() }),
  Layer.batchNorm(),
  Layer.elu(),
  Layer.dropout(0.2),
  Layer.dense(100, { init: Init.he() }),
  Layer.batchNorm(),
  Layer.elu(),
  Layer.dropout(0.2),
  Layer.dense(10),
)

// So is a recipe: everything that decides what is computed. The same recipe and data give the same bits everywhere.
const recipe = Recipe.of({
  net,
  loss: Loss.softmaxCrossEntropy(),
  metrics: [Metric.accuracy()],
  optimizer: Optimizer.chain(
    Clip.byGlobalNorm(1),
    Optimizer.momentum({
      rate: Schedule.exponential({ initial: 0.1, steps: 10_000, decay: 0.1 }),
      momentum: 0.9,
      nesterov: true,
    }),
  ),
  batch: 50,
  epochs,
  seed,
  stop: Stop.early({ patience: 20, restoreBest: true }),
})

console.log(Net.summary(net))
console.log(`recipe ${Recipe.hash(recipe)}`)
console.log(`${train.size} rows to train, ${validation.size} to validate, ${test.size} to test\n`)

// Ctrl-C stops the run between two batches.
const control = new AbortController()
process.once('SIGINT', () => control.abort())

const bar = progress()
const started = performance.now()
const run = Trainer.fit(recipe, { signal: control.signal, on: bar.on })
const result = await run({ train, validation })()
const seconds = (performance.now() - started) / 1000
bar.stop()

// Errors are values: an `Either`, whose left side says in one sentence what went wrong.
const fitted = orExit(result)
const { history } = fitted

// Judge the best epoch's parameters, as a model sees the rows: without dropout, with the moving averages.
const [onTrain, onValidation, onTest] = [train, validation, test].map(data => orThrow(fitted.evaluate(data)))
const rounded = (x: number | undefined): string => (x ?? Number.NaN).toFixed(3)

const speed = history.length / history.reduce((sum, epoch) => sum + 1 / epoch.samplesPerSecond, 0)

console.log(
  table({
    epochs: history.length,
    'best epoch': history.findLast(epoch => epoch.best)?.epoch ?? 'none',
    'train loss': rounded(onTrain?.loss),
    'validation loss': rounded(onValidation?.loss),
    'train accuracy': rounded(onTrain?.['accuracy']),
    'validation accuracy': rounded(onValidation?.['accuracy']),
    'test accuracy': rounded(onTest?.['accuracy']),
    seconds: seconds.toFixed(1),
    'samples/s': speed.toFixed(0),
    'state hash': fitted.hash,
  }),
)

// One file holds the net, its parameters and the names of the classes.
orExit(await saveFile(out, fitted.save())())
const loaded = orThrow(Model.load(standard)(await readFile(out)))
const before = orThrow(fitted.predict(test))
const after = orThrow(loaded.predict(test))
if (!before.every((logit, i) => Object.is(logit, after[i]))) throw new Error('the loaded model predicts otherwise')
console.log(`saved to ${out}, loaded again: the same ${after.length} numbers, bit for bit`)

console.log(`test accuracy ${rounded(onTest?.['accuracy'])}`)
