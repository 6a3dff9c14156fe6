/**
 * A process as a user starts it, with plain Node and the built package: the quickstart's net and data up to the end of
 * the first step, then a line.
 */
import { readFileSync } from 'node:fs'
import {
  Clip,
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

const file = readFileSync(new URL('../../examples/data/digits.csv.gz', import.meta.url))
const digits = orThrow(Data.csv({ inputs: [64], label: Label.classes(10) })(file))
const { train } = orThrow(pipe(digits, Data.slice(0, 1437), Data.split({ validation: 0.15, seed: 0 })))
const hidden = width => net =>
  pipe(net, Layer.dense(width, { init: Init.he() }), Layer.batchNorm(), Layer.elu(), Layer.dropout(0.2))
const recipe = Recipe.of({
  net: pipe(Net.input(64), Layer.rescale(1 / 16), hidden(300), hidden(100), Layer.dense(10)),
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
  epochs: 1,
  seed: 0,
})
const trainer = orThrow(await Trainer.compile(recipe, { threads: 1 })())
orThrow(trainer.step(trainer.init(), Data.take(50)(train)))
process.stdout.write('stepped\n')
