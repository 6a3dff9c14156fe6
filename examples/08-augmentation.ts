/**
 * Augmentation, to look at and to train with: every kind drawn on one sheet of two photographs; then the ResNet of He
 * et al. for small pictures (`Zoo.cifarResnet`) on only 300 digits, with and without. Test accuracy, medians of seeds 0
 * to 4: 0.875 without, 0.906 with crops and rotations, 0.856 with mixup, which does not pay in so short a run.
 *
 *   npx tsx examples/08-augmentation.ts --out sheet.png
 *
 *   --seed N, --epochs N (default 20)    as in 01-digits.ts
 *   --out FILE                           where the sheet goes, a PNG file
 */
// test: --epochs 1
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Augment, Data, Label, Loss, Metric, Net, Optimizer, orThrow, Recipe, Schedule, Trainer, Zoo } from 'gradus'
import { progress, table } from 'gradus/cli'
import { cut, photo, writeSheet } from './support/pictures.js'
import { options, orExit } from './support/terminal.js'

const { seed, epochs, out } = options({
  about: 'Draws augmented pictures, and trains with them.',
  epochs: 20,
  out: join(tmpdir(), 'gradus-augmentation.png'),
})

// Four rows of data, the two photographs in turn. Their pixels stay bytes until they are augmented.
const size = 75
const pictures = [cut(photo('astronaut.png'), 0, 106, 300, size), cut(photo('chelsea.png'), 0, 76, 300, size)]
const four = orThrow(
  Data.of({ inputs: [size, size, 3], label: Label.classes('astronaut', 'cat') })({
    x: Uint8Array.from([...pictures, ...pictures].flatMap(p => [...p])),
    y: [0, 1, 0, 1],
  }),
)

// An augmentation is data, like a layer; a list of them is applied in turn. The same seed, epoch and row draw the same.
const kinds = {
  none: [],
  flip: [Augment.flip()],
  crop: [Augment.crop({ padding: 15 })],
  resizedCrop: [Augment.resizedCrop({ scale: [0.2, 0.8] })],
  rotation: [Augment.rotation(30)],
  cutout: [Augment.cutout(30)],
  color: [Augment.color({ brightness: 0.4, contrast: 0.4, saturation: 0.8, hue: 0.1 })],
  mixup: [Augment.mixup()], // each row with the next one, and their labels
  cutmix: [Augment.cutmix()],
  all: [Augment.flip(), Augment.resizedCrop(), Augment.rotation(10), Augment.color({ hue: 0.1 }), Augment.cutmix()],
}
const columns = Object.values(kinds).map(augment => {
  const { columns } = orThrow(Augment.apply(augment, { seed, epoch: 4 })(four))
  return columns['input'] ?? new Float32Array(0)
})
const width = size * size * 3
const row = (r: number) => columns.map(all => all.subarray(r * width, (r + 1) * width))
writeSheet(out, size, [0, 1, 2, 3].map(row))
console.log(`${out}: ${Object.keys(kinds).join(', ')}`)

const file = readFileSync(new URL('data/digits.csv.gz', import.meta.url))
const digits = orThrow(Data.csv({ inputs: [8, 8, 1], label: Label.classes(10) })(file))
const [train, test] = [Data.take(300)(digits), Data.slice(1437)(digits)]

const net = Zoo.cifarResnet({ input: [8, 8, 1], classes: 10 })
console.log(Net.summary(net))

const batch = 25
const recipe = Recipe.of({
  net,
  loss: Loss.softmaxCrossEntropy(),
  metrics: [Metric.accuracy()],
  optimizer: Optimizer.momentum({
    rate: Schedule.cosine({ initial: 0.1, steps: epochs * Math.floor(train.size / batch) }),
    momentum: 0.9,
  }),
  batch,
  epochs,
  seed,
})

// What is trained on is augmented anew in every epoch; what is evaluated stays as it is.
const augmented = {
  'no augmentation': [],
  'crop, rotation': [Augment.crop({ padding: 1 }), Augment.rotation(10)],
  mixup: [Augment.mixup({ alpha: 0.4 })],
}
const accuracies: Record<string, string> = {}
for (const [name, augment] of Object.entries(augmented)) {
  const bar = progress()
  const result = await Trainer.fit(Recipe.of({ ...recipe, augment }), { on: bar.on })({ train })()
  bar.stop()
  accuracies[name] = `${orThrow(orExit(result).evaluate(test))['accuracy']?.toFixed(3)}`
}
console.log(`test accuracy, of ${test.size} digits by other writers`)
console.log(table(accuracies))
