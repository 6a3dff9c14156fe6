/**
 * The digits of the quickstart as images, by a small convolutional network:
 *
 *   npx tsx examples/06-digits-convolution.ts --seed 0
 *
 *   --seed N      decides initial values, the order of the data and every dropout mask (default 0)
 *   --epochs N    so many passes over the training data (default 12)
 *   --out FILE    where the model goes (default: the folder of temporary files)
 */
// test: --epochs 3
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  Data,
  Init,
  type Inputs,
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
  Trainer,
} from 'gradus'
import { progress, saveFile } from 'gradus/cli'
import { options, orExit } from './support/terminal.js'

const { seed, epochs, out } = options({
  about: 'Trains a small convolutional network on handwritten digits.',
  epochs: 12,
  out: join(tmpdir(), 'gradus-digits-convolution.safetensors'),
})

const file = readFileSync(new URL('data/digits.csv.gz', import.meta.url))
const digits = orThrow(Data.csv({ inputs: [64], label: Label.classes(10) })(file))
const [train, test] = [pipe(digits, Data.slice(0, 1437)), pipe(digits, Data.slice(1437))]

// A block is a function of nets, generic in the image's size: it types as [height, width, filters].
const block =
  <F extends number>(filters: F) =>
  <I extends Inputs, H extends number, W extends number, C extends number>(x: Net<I, readonly [H, W, C]>) =>
    pipe(
      x,
      Layer.conv2d(filters, 3, { padding: 'same', init: Init.he(), bias: false }),
      Layer.batchNorm(),
      Layer.relu(),
    )

const net = pipe(
  Net.input(64),
  Layer.rescale(1 / 16),
  Layer.reshape(8, 8, 1),
  block(32),
  block(32),
  Layer.maxPool2d(2), // [4, 4, 32]
  Layer.spatialDropout(0.1),
  block(64),
  Layer.flatten(),
  Layer.dropout(0.5),
  Layer.dense(10),
)

const steps = epochs * Math.floor(train.size / 50)
const recipe = Recipe.of({
  net,
  loss: Loss.softmaxCrossEntropy({ smoothing: 0.1 }),
  metrics: [Metric.accuracy()],
  optimizer: Optimizer.adamW({ rate: Schedule.cosine({ initial: 0.003, steps }), decay: 0.01 }),
  batch: 50,
  epochs,
  seed,
})
console.log(Net.summary(net))

const bar = progress()
const started = performance.now()
const result = await Trainer.fit(recipe, { on: bar.on })({ train })()
bar.stop()
const fitted = orExit(result)
console.log(`${epochs} epochs in ${((performance.now() - started) / 1000).toFixed(1)} s`)
orExit(await saveFile(out, fitted.save())())
console.log(`test accuracy ${orThrow(fitted.evaluate(test))['accuracy']?.toFixed(3)}`)
