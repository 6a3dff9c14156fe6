/**
 * Fashion-MNIST, 70,000 images of clothes of 28x28 pixels, from the package `dataset-fashion-mnist` of Debian: the
 * network 784-300-100-10 reaches about 0.86 in two epochs.
 *
 *   --seed N, --epochs N (default 2), --out FILE    as in 01-digits.ts
 */
// test: --epochs 1
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

const { seed, epochs, out } = options({
  about: 'Trains a network on images of clothes.',
  epochs: 2,
  out: join(tmpdir(), 'gradus-fashion.safetensors'),
})

const folder = '/usr/share/datasets/fashion-mnist'
if (!existsSync(folder)) {
  console.log(`skipped: there is no ${folder}; on Debian: apt-get install dataset-fashion-mnist`)
  process.exit(0)
}

// The pixels stay bytes, also in the memory of the kernels; they become floats when a batch is gathered.
const clothes = Label.classes(
  ...['T-shirt', 'trouser', 'pullover', 'dress', 'coat', 'sandal', 'shirt', 'sneaker', 'bag', 'ankle boot'],
)
const read = (name: string) => {
  const file = (suffix: string) => readFileSync(join(folder, `${name}-${suffix}.gz`))
  return orThrow(
    Data.idx({ inputs: [28, 28], label: clothes })({
      images: file('images-idx3-ubyte'),
      labels: file('labels-idx1-ubyte'),
    }),
  )
}
const [train, test] = [read('train'), read('t10k')]

const net = pipe(
  Net.input(28, 28),
  Layer.rescale(1 / 255),
  Layer.flatten(),
  Layer.dense(300, { init: Init.he() }),
  Layer.elu(),
  Layer.dense(100, { init: Init.he() }),
  Layer.elu(),
  Layer.dense(10),
)

const recipe = Recipe.of({
  net,
  loss: Loss.softmaxCrossEntropy(),
  metrics: [Metric.accuracy()],
  optimizer: Optimizer.momentum({
    rate: Schedule.exponential({ initial: 0.05, steps: 2000, decay: 0.3 }),
    momentum: 0.9,
  }),
  batch: 50,
  epochs,
  seed,
})
console.log(Net.summary(net))

const control = new AbortController()
process.once('SIGINT', () => control.abort())
const bar = progress()
const result = await Trainer.fit(recipe, { signal: control.signal, on: bar.on })({ train })()
bar.stop()
const fitted = orExit(result)
orExit(await saveFile(out, fitted.save())())
console.log(`saved to ${out}`)

const { accuracy = 0 } = orThrow(fitted.evaluate(test))
const [likely] = orThrow(fitted.classify(Data.take(1)(test)))
console.log(
  `the first test image: ${likely
    ?.slice(0, 3)
    .map(({ label, p }) => `${label} ${p.toFixed(3)}`)
    .join(', ')}`,
)
console.log(`test accuracy ${accuracy.toFixed(3)}`)
