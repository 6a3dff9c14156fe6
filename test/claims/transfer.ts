/**
 * Reusing pretrained layers (Yosinski et al. 2014) after an auxiliary task, as Geron 2019 proposes (chapter 11, exercise
 * 10): a net with two towers of shared weights learns whether two digits are the same; a classifier takes the hidden
 * layers of a tower and is trained on very few labels, none of which the pairs had. Compared are the same net from
 * scratch, and the updates of a new top behind frozen layers and on their cached outputs.
 */
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
  Reuse,
  Trainer,
  type Watch,
} from 'gradus'
import { above, claim, exactly } from './claim.js'
import { shuffled, test, train, uniforms } from './support.js'

const pairs = 10_000
const rowsOfPairs = 1200
const fewEach = 3
const units = 64

const hidden = (name: string) => [Layer.dense(units, { init: Init.he(), name }), Layer.elu()] as const
const tower = <I extends Inputs>(x: Net<I, readonly [64]>) =>
  pipe(x, Layer.rescale(1 / 16), ...hidden('hidden1'), ...hidden('hidden2'))

const { a, b } = Net.inputs({ a: [64], b: [64] })
const twins = pipe(
  Layer.concat(tower(a), tower(b)),
  Layer.dense(units, { init: Init.he() }),
  Layer.elu(),
  Layer.dense(1),
)

const top = <I extends Inputs>(x: Net<I, readonly [typeof units]>) => pipe(x, Layer.dense(10, { name: 'out' }))
const digits = tower(Net.input(64))

/** Pairs of some of the rows: for every first one of the same digit and one of any, and whether they are the same. */
const pairsOf = (seed: number, rows: readonly number[]) => {
  const draws = uniforms(seed, 1, 2 * pairs)
  const digit = (row: number): number => train.labels[row] ?? 0
  const same = Array.from({ length: 10 }, (_, c) => rows.filter(row => digit(row) === c))
  const pick = (among: readonly number[], i: number): number => among[Math.floor((draws[i] ?? 0) * among.length)] ?? 0
  const first = Array.from({ length: pairs }, (_, i) => pick(rows, 2 * i))
  const second = first.map((row, i) => pick(i % 2 === 0 ? rows : (same[digit(row)] ?? []), 2 * i + 1))
  const images = (of: readonly number[]) => Data.column(orThrow(Data.gather(of)(train)), 'input')
  return orThrow(
    Data.of({ inputs: { a: [64], b: [64] }, label: Label.values(1) })({
      x: { a: images(first), b: images(second) },
      y: first.map((row, i) => (digit(row) === digit(second[i] ?? 0) ? 1 : 0)),
    }),
  )
}

const settings = { batch: 50, optimizer: Optimizer.momentum({ rate: 0.02, momentum: 0.9 }) }

const classifier = <I extends Inputs>(net: Net<I, readonly [10]>, seed: number) =>
  Recipe.of({
    net,
    loss: Loss.softmaxCrossEntropy(),
    metrics: [Metric.accuracy()],
    ...settings,
    batch: 10,
    epochs: 50,
    seed,
  })

/** The claim, of what a run on few labels takes from the pretrained model. */
export const transfer = (reuse: typeof Reuse.weights = Reuse.weights) =>
  claim({
    name: 'transfer',
    source: 'Yosinski et al. 2014; Geron 2019, chapter 11',
    measure: async seed => {
      const order = shuffled(seed, 0, train.size)
      const auxiliary = Recipe.of({ net: twins, loss: Loss.sigmoidCrossEntropy(), ...settings, epochs: 10, seed })
      const pretrained = orThrow(await Trainer.fit(auxiliary)({ train: pairsOf(seed, order.slice(0, rowsOfPairs)) })())
      const rest = order.slice(rowsOfPairs)
      const digitsLeft = (c: number) => rest.filter(row => train.labels[row] === c)
      const few = orThrow(
        Data.gather(Array.from({ length: 10 }, (_, c) => digitsLeft(c).slice(0, fewEach)).flat())(train),
      )
      const start = reuse(pretrained, { include: ['hidden1/*', 'hidden2/*'] })
      const accuracy = async (watch: Watch) => {
        const fitted = orThrow(await Trainer.fit(classifier(top(digits), seed), watch)({ train: few })())
        return orThrow(fitted.evaluate(test))['accuracy'] ?? 0
      }
      const features = orThrow(Reuse.cache(orThrow(Reuse.part(digits)(pretrained)))(few))
      const uncached = orThrow(
        await Trainer.fit(classifier(top(Net.freeze(digits)), seed), { start })({ train: few })(),
      )
      const cached = orThrow(await Trainer.fit(classifier(top(Net.input(units)), seed))({ train: features })())
      const bytes = (name: string) => uncached.variables.find(v => v.name === name)?.bytes ?? []
      return {
        scratch: await accuracy({}),
        reused: await accuracy({ start }),
        differing: cached.variables.flatMap(v => Array.from(v.bytes).filter((x, i) => x !== bytes(v.name)[i])).length,
      }
    },
    expected: [
      { what: 'test accuracy of few labels, pretrained - from scratch', of: m => m.reused - m.scratch, is: above(0) },
      { what: 'bytes of the top that differ, cached / uncached', of: m => m.differing, is: exactly(0) },
    ],
  })
