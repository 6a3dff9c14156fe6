/** Scores, and the metrics of a training step, against scikit-learn: test/oracle/scores.json. */
import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { evaluateAll } from '../../src/backend/evaluate.js'
import { input } from '../../src/graph/Expr.js'
import * as Loss from '../../src/nn/Loss.js'
import { mean } from '../../src/op/reduce.js'
import { tensorType } from '../../src/shape/TensorType.js'
import * as Metric from '../../src/train/Metric.js'
import * as Score from '../../src/train/Score.js'
import { assertClose, expectRight } from '../support/assert.js'

const test = suite('scores against scikit-learn')

interface Case {
  readonly name: string
  readonly labels: readonly number[]
  readonly logits: readonly number[]
  readonly predicted: readonly number[]
  readonly confusion: Score.Confusion
  readonly precision: Score.Averaged
  readonly recall: Score.Averaged
  readonly f1: Score.Averaged
  readonly accuracy: number
  readonly rocAuc: number
  readonly entropy: number
  readonly perplexity: number
  readonly values: readonly number[]
  readonly guesses: readonly number[]
  readonly r2: number
  readonly mse: number
  readonly mae: number
}
const { classes, cases }: { readonly classes: number; readonly cases: readonly Case[] } = JSON.parse(
  readFileSync(new URL('../oracle/scores.json', import.meta.url), 'utf8'),
)
const near = (actual: number, expected: number, what: string) => assertClose([actual], [expected], { rel: 1e-8 }, what)

for (const c of cases) {
  test(`${c.name}: scores`, () => {
    assert.equal(expectRight(Score.confusion(c.labels, c.predicted, classes)), c.confusion)
    for (const name of ['precision', 'recall', 'f1'] as const) {
      const made = expectRight(
        { precision: Score.precision, recall: Score.recall, f1: Score.f1 }[name](c.labels, c.predicted, classes),
      )
      assertClose(made.perClass, c[name].perClass, { rel: 1e-8 }, name)
      for (const average of ['macro', 'micro', 'weighted'] as const)
        near(made[average], c[name][average], `${name} ${average}`)
    }
    near(expectRight(Score.accuracy(c.labels, c.predicted)), c.accuracy, 'accuracy')
    near(expectRight(Score.topK(c.labels, c.logits, classes)), 1, 'top of all')
    const zero = c.labels.map(label => (label === 0 ? 1 : 0))
    near(
      expectRight(
        Score.rocAuc(
          c.labels.map((_, r) => c.logits[r * classes] as number),
          zero,
        ),
      ),
      c.rocAuc,
      'rocAuc',
    )
    near(expectRight(Score.r2(c.values, c.guesses)), c.r2, 'r2')
    near(expectRight(Score.perplexity(c.entropy)), c.perplexity, 'perplexity')
  })

  test(`${c.name}: metrics and the loss of a training step`, () => {
    const rows = c.labels.length
    const [x, z] = [input('x', tensorType('f32', [-1, classes])), input('z', tensorType('i32', [-1]))]
    const [y, v] = [input('y', tensorType('f32', [-1])), input('v', tensorType('f32', [-1]))]
    const means = [
      Metric.accuracy().def.compute(x, z),
      Loss.compute(Loss.softmaxCrossEntropy(), x, z),
      Metric.mse().def.compute(y, v),
      Metric.mae().def.compute(y, v),
    ].map(e => mean(e, [0]))
    const given = { x: c.logits, z: c.labels, y: c.guesses, v: c.values }
    const made = expectRight(evaluateAll(means, given, rows)).map(t => t.values[0] as number)
    assertClose(made, [c.accuracy, c.entropy, c.mse, c.mae], { rel: 1e-6 })
  })
}

test.run()
