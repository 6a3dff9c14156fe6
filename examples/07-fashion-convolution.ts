/**
 * Fashion-MNIST by a small convolutional network: 0.90 of the test images right after two epochs of the 60,000, in a few
 * minutes. The data are those of 03-fashion.ts.
 *
 *   npx tsx examples/07-fashion-convolution.ts --seed 0
 *
 *   --seed N, --epochs N (default 2), --out FILE    as in 01-digits.ts
 *   --rows N                                        trains on the first N images only
 */
// test: --epochs 1 --rows 5000
import { existsSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  Data,
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
  Trainer,
} from 'gradus'
import { progress, saveFile } from 'gradus/cli'
import { options, orExit } from './support/terminal.js'

const { seed, epochs, out, rows } = options({
  about: 'Trains a convolutional network on images of clothes.',
  epochs: 2,
  out: join(tmpdir(), 'gradus-fashion-convolution.safetensors'),
  rows: 60_000,
})

const folder = '/usr/share/datasets/fashion-mnist'
if (!existsSync(folder)) {
  console.log(`skipped: there is no ${folder}; on Debian: apt-get install dataset-fashion-mnist`)
  process.exit(0)
}

const read = (name: string) => {
  const file = (suffix: string) => readFileSync(join(folder, `${name}-${suffix}.gz`))
  return orThrow(
    Data.idx({ inputs: [28, 28], label: Label.classes(10) })({
      images: file('images-idx3-ubyte'),
      labels: file('labels-idx1-ubyte'),
    }),
  )
}
const [train, test] = [pipe(read('train'), Data.take(rows)), read('t10k')]

const net = pipe(
  Net.input(28, 28),
  Layer.rescale(1 / 255),
  Layer.reshape(28, 28, 1),
  Layer.conv2d(32, 3, { padding: 'same', init: Init.he() }),
  Layer.relu(),
  Layer.maxPool2d(2), // [14, 14, 32]
  Layer.conv2d(64, 3, { padding: 'same', init: Init.he() }),
  Layer.relu(),
  Layer.maxPool2d(2), // [7, 7, 64]
  Layer.flatten(),
  Layer.dropout(0.25),
  Layer.dense(128, { init: Init.he() }),
  Layer.relu(),
  Layer.dropout(0.25),
  Layer.dense(10),
)

const batch = 64
const steps = epochs * Math.floor(train.size / batch)
const recipe = Recipe.of({
  net,
  loss: Loss.softmaxCrossEntropy(),
  metrics: [Metric.accuracy()],
  optimizer: Optimizer.adam({ rate: Schedule.cosine({ initial: 0.002, steps }) }),
  batch,
  epochs,
  seed,
})
console.log(Net.summary(net))

const control = new AbortController()
process.once('SIGINT', () => control.abort())
const bar = progress()
const started = performance.now()
const result = await Trainer.fit(recipe, { signal: control.signal, on: bar.on })({ train })()
bar.stop()
const fitted = orExit(result)
console.log(`${epochs} epochs of ${train.size} images in ${((performance.now() - started) / 1000).toFixed(1)} s`)
orExit(await saveFile(out, fitted.save())())
console.log(`test accuracy ${orThrow(fitted.evaluate(test))['accuracy']?.toFixed(3)}`)
