import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Either } from '#fp/Either.js'
import type { DataError } from '../../src/data/DataError.js'
import { Score } from '../../src/index.js'
import { assertClose, expectLeft, expectRight } from '../support/assert.js'

const test = suite('Score')

const tight = { rel: 1e-12, abs: 1e-12 }
const close = (actual: number, expected: number) => assertClose([actual], [expected], tight)
const refused = (either: Either<DataError, unknown>, message: string) => assert.is(expectLeft(either).message, message)
const averages = ({ macro, micro, weighted }: Score.Averaged) => [macro, micro, weighted]

const labels = Int32Array.of(0, 0, 0, 1, 1, 2, 2, 2, 2, 2)
const predicted = Int32Array.of(0, 0, 1, 1, 2, 2, 2, 2, 0, 1)

const classes = 4
const pairs = fc.array(fc.tuple(fc.nat({ max: classes - 1 }), fc.nat({ max: classes - 1 })), {
  minLength: 1,
  maxLength: 40,
})
const column = (xs: readonly (readonly [number, number])[], at: 0 | 1): Int32Array => Int32Array.from(xs, x => x[at])

test('a confusion matrix has the labels as rows', () => {
  assert.equal(expectRight(Score.confusion(labels, predicted, 3)), [
    [2, 1, 0],
    [0, 1, 1],
    [1, 1, 3],
  ])
  assert.equal(expectRight(Score.confusion([0, 0], [0, 0], 1)), [[2]])
})

test('precision, recall and F1 by hand', () => {
  const p = expectRight(Score.precision(labels, predicted, 3))
  assertClose(p.perClass, [2 / 3, 1 / 3, 3 / 4], tight)
  assertClose(averages(p), [7 / 12, 6 / 10, (2 + 2 / 3 + 15 / 4) / 10], tight)
  const r = expectRight(Score.recall(labels, predicted, 3))
  assertClose(r.perClass, [2 / 3, 1 / 2, 3 / 5], tight)
  assertClose(averages(r), [53 / 90, 6 / 10, 6 / 10], tight)
  const f = expectRight(Score.f1(labels, predicted, 3))
  assertClose(f.perClass, [2 / 3, 2 / 5, 2 / 3], tight)
  assertClose(averages(f), [26 / 45, 6 / 10, (2 + 4 / 5 + 10 / 3) / 10], tight)
})

test('0 / 0 is 0, and such a class counts in the macro mean', () => {
  const never = [0, 0, 1] as const
  const all = [Int32Array.of(0, 0, 2), Int32Array.of(...never), 4] as const
  assert.equal(expectRight(Score.precision(...all)).perClass, [1, 0, 0, 0])
  assert.equal(expectRight(Score.recall(...all)).perClass, [1, 0, 0, 0])
  assert.equal(expectRight(Score.f1(...all)).perClass, [1, 0, 0, 0])
  assert.is(expectRight(Score.f1(...all)).macro, 1 / 4)
})

test('laws of the counts: sums, transposition, micro = accuracy = weighted recall, F1 as the harmonic mean', () => {
  fc.assert(
    fc.property(pairs, xs => {
      const [z, x] = [column(xs, 0), column(xs, 1)]
      const matrix = expectRight(Score.confusion(z, x, classes))
      const turned = expectRight(Score.confusion(x, z, classes))
      assert.is(
        matrix.flat().reduce((a, b) => a + b),
        xs.length,
      )
      assert.equal(
        turned,
        matrix.map((_, i) => matrix.map(row => row[i])),
      )
      const p = expectRight(Score.precision(z, x, classes))
      const r = expectRight(Score.recall(z, x, classes))
      const f = expectRight(Score.f1(z, x, classes))
      const accuracy = expectRight(Score.accuracy(z, x))
      close(accuracy, xs.filter(([a, b]) => a === b).length / xs.length)
      assertClose([p.micro, r.micro, f.micro, r.weighted], [accuracy, accuracy, accuracy, accuracy], tight)
      assertClose(p.perClass, expectRight(Score.recall(x, z, classes)).perClass, tight)
      f.perClass.forEach((s, k) => {
        const [a, b] = [p.perClass[k] ?? 0, r.perClass[k] ?? 0]
        close(s, a + b === 0 ? 0 : (2 * a * b) / (a + b))
      })
    }),
  )
})

test('the order of the examples does not matter', () => {
  const shuffledPairs = pairs.chain(xs =>
    fc.tuple(fc.constant(xs), fc.shuffledSubarray(xs, { minLength: xs.length, maxLength: xs.length })),
  )
  fc.assert(
    fc.property(shuffledPairs, ([a, b]) => {
      const both = <A>(f: (z: Int32Array, x: Int32Array) => A) => [a, b].map(xs => f(column(xs, 0), column(xs, 1)))
      const [one, other] = both((z, x) => expectRight(Score.f1(z, x, classes)))
      assert.equal(one, other)
      const [auc, aucToo] = both((z, x) =>
        Score.rocAuc(
          x,
          z.map(c => c & 1),
        ),
      )
      assert.equal(auc, aucToo)
    }),
  )
})

test('AUC by hand', () => {
  const auc = (scores: number[], positives: number[]) => expectRight(Score.rocAuc(scores, positives))
  assert.is(auc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]), 0.75)
  assert.is(auc([1, 1, 1], [0, 1, 0]), 0.5)
  assert.is(auc([-Infinity, 0, Infinity], [0, 0, 1]), 1)
  assert.is(auc([3, 2, 1], [0, 0, 1]), 0)
})

test('AUC is the share of pairs in order, and turns round with the scores', () => {
  const scored = fc.array(fc.tuple(fc.integer({ min: -3, max: 3 }), fc.nat({ max: 1 })), { maxLength: 30 })
  fc.assert(
    fc.property(scored, drawn => {
      const xs = [...drawn, [0, 1] as const, [1, 0] as const]
      let sum = 0
      let count = 0
      for (const [a, ya] of xs)
        for (const [b, yb] of xs) {
          if (ya !== 1 || yb !== 0) continue
          count += 1
          sum += a > b ? 1 : a === b ? 0.5 : 0
        }
      const scores = Float32Array.from(xs, x => x[0])
      const positives = xs.map(x => x[1])
      const auc = expectRight(Score.rocAuc(scores, positives))
      close(auc, sum / count)
      close(
        expectRight(
          Score.rocAuc(
            scores.map(s => -s),
            positives,
          ),
        ),
        1 - auc,
      )
      close(
        expectRight(
          Score.rocAuc(
            scores.map(s => s * s * s + 7),
            positives,
          ),
        ),
        auc,
      )
    }),
  )
})

test('top-k by hand: equal outputs all count', () => {
  const z = [2, 0, 1]
  const outputs = Float32Array.of(3, 1, 2, 5, 5, 5, 0, -Infinity, 1)
  const of = (k: number) => expectRight(Score.topK(z, outputs, k))
  assert.equal([of(1), of(2), of(3)], [1 / 3, 2 / 3, 1])
  assert.is(expectRight(Score.topK([0, 0], [3, 4], 1)), 1)
})

test('R2 by hand, and of the mean and of the labels themselves', () => {
  assertClose([expectRight(Score.r2([3, -0.5, 2, 7], [2.5, 0, 2, 8]))], [0.9486081370449679], tight)
  // far from 0, and a mean that is no number of float64: the squares' sum is 7 / 96, the residual 1 / 16
  const far = [2 ** 33 + 0.125, 2 ** 33 + 0.25, 2 ** 33 + 0.5]
  assertClose([expectRight(Score.r2(far, [far[0], far[1], far[1]] as number[]))], [1 / 7], { rel: 1e-9 })
  const numbers = fc.array(fc.integer({ min: -99, max: 99 }), { minLength: 2, maxLength: 20 })
  fc.assert(
    fc.property(numbers, fc.integer({ min: 1, max: 9 }), (z, off) => {
      fc.pre(z.some(x => x !== z[0]))
      const mean = z.reduce((a, b) => a + b) / z.length
      const variance = z.reduce((a, x) => a + (x - mean) ** 2, 0) / z.length
      assert.is(expectRight(Score.r2(z, z)), 1)
      const flat = z.map(() => mean)
      close(expectRight(Score.r2(z, flat)), 0)
      const shifted = z.map(x => x + off)
      close(expectRight(Score.r2(z, shifted)), 1 - off ** 2 / variance)
    }),
  )
})

test('perplexity is e^loss, so of a guess among n classes it is n', () => {
  for (const n of [1, 2, 10, 50_257]) assertClose([expectRight(Score.perplexity(Math.log(n)))], [n], { rel: 4e-15 })
  assert.is(expectRight(Score.perplexity(1000)), Infinity)
})

test('input that does not fit is refused in one sentence', () => {
  const two = [0, 1]
  for (const name of ['precision', 'recall', 'f1', 'confusion'] as const) {
    refused(Score[name](two, [0], 2), 'confusion: 2 labels, but 1 predictions')
    refused(Score[name]([], [], 2), 'confusion: there are no examples')
    refused(Score[name]([0, 2], two, 2), 'confusion: labels[1] is 2, not a class from 0 to 1')
    refused(Score[name](two, [0.5, 0], 2), 'confusion: predicted[0] is 0.5, not a class from 0 to 1')
    refused(Score[name](two, [0, -1], 2), 'confusion: predicted[1] is -1, not a class from 0 to 1')
    refused(Score[name](two, two, 0), 'confusion: classes is 0, but must be a whole number >= 1')
  }
  refused(Score.accuracy(two, []), 'accuracy: 2 labels, but 0 predictions')
  refused(Score.accuracy([Number.NaN, 1], two), 'accuracy: labels[0] is NaN, not a finite number')
  refused(Score.accuracy(two, [0, Number.NaN]), 'accuracy: predicted[1] is NaN, not a finite number')
  refused(Score.topK([], [], 1), 'topK: there are no examples')
  refused(Score.topK(two, [1, 2, 3], 1), 'topK: 3 outputs are not the same number for each of 2 labels')
  refused(Score.topK(two, [1, 2, 3, 4], 3), 'topK: k is 3, but must be a whole number from 1 to the 2 classes')
  for (const k of [0, -1, 1.5])
    refused(Score.topK(two, [1, 2, 3, 4], k), `topK: k is ${k}, but must be a whole number from 1 to the 2 classes`)
  refused(Score.topK(two, [], 1), 'topK: 0 outputs are not the same number for each of 2 labels')
  refused(Score.topK(two, [1, Number.NaN, 3, 4], 1), 'topK: outputs[1] is not a number')
  refused(Score.topK(two, [Number.NaN, 2, 3, 4], 1), 'topK: outputs[0] is not a number')
  refused(Score.topK([0, 2], [1, 2, 3, 4], 1), 'topK: labels[1] is 2, not a class from 0 to 1')
  refused(Score.rocAuc([1, 2], [1]), 'rocAuc: 1 labels, but 2 scores')
  refused(Score.rocAuc([1, 2], [1, 2]), 'rocAuc: positives[1] is 2, not a class from 0 to 1')
  refused(Score.rocAuc([1, Number.NaN], two), 'rocAuc: scores[1] is not a number')
  refused(Score.rocAuc([Number.NaN, 1], two), 'rocAuc: scores[0] is not a number')
  refused(Score.rocAuc([1, 2], [1, 1]), 'rocAuc: all 2 examples are positive')
  refused(Score.rocAuc([1, 2], [0, 0]), 'rocAuc: all 2 examples are negative')
  refused(Score.r2([2], [1]), 'r2: all 1 labels are 2, so there is no variance to explain')
  refused(Score.r2([2, 2], [1, 2]), 'r2: all 2 labels are 2, so there is no variance to explain')
  refused(Score.r2([1, Infinity], [1, 2]), 'r2: labels[1] is Infinity, not a finite number')
  refused(Score.r2([1e-200, 2e-200], [1, 2]), 'r2: the numbers are too large or too small to be squared')
  refused(Score.perplexity(Number.NaN), 'perplexity: the loss is NaN, not a finite number')
})

test.run()
