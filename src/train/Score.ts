/**
 * Scores: what predictions are worth that is no mean over the examples, in float64, from arrays on the host. Labels and
 * predictions of classes are whole numbers in [0, classes); what does not fit is a `Left` that says where.
 *
 *     precision = tp / (tp + fp)    recall = tp / (tp + fn)    F1 = 2 tp / (2 tp + fp + fn)
 *     AUC = (sum of the positives' ranks - P (P + 1) / 2) / (P N), the mean rank for equal scores
 *     R2 = 1 - sum (z - x)^2 / sum (z - mean z)^2
 *
 * Sources: Manning, Raghavan, Schuetze, Introduction to Information Retrieval (2008), 8.3 and 13.6; Hanley and McNeil,
 * The meaning and use of the area under a ROC curve (Radiology 1982); scikit-learn's names for the averages.
 */
import * as E from '#fp/Either.js'
import { evaluate } from '../backend/evaluate.js'
import { type DataError, dataError, refuse } from '../data/DataError.js'
import { param } from '../graph/Expr.js'
import { exp } from '../op/math.js'
import { tensorType } from '../shape/TensorType.js'

/** Numbers as a typed array or a list. */
export type Numbers = ArrayLike<number>

/** Entry [z][x]: how many examples of class z were taken for class x. */
export type Confusion = readonly (readonly number[])[]

/** A score of every class, and three ways to say it in one number. */
export interface Averaged {
  readonly perClass: readonly number[]
  /** the plain mean over all classes */
  readonly macro: number
  /** of the counts of all classes together; with one label an example it is the accuracy */
  readonly micro: number
  /** the mean weighted by how many examples have the class */
  readonly weighted: number
}

const firstWhere = (xs: Numbers, holds: (x: number) => boolean): number => {
  for (let i = 0; i < xs.length; i++) if (holds(xs[i] as number)) return i
  return -1
}

const pairComplaint = (name: string, labels: Numbers, other: string, others: Numbers): string | null => {
  if (labels.length === 0) return `${name}: there are no examples`
  return labels.length === others.length ? null : `${name}: ${labels.length} labels, but ${others.length} ${other}`
}

const classComplaint = (name: string, what: string, xs: Numbers, classes: number): string | null => {
  const at = firstWhere(xs, x => !Number.isInteger(x) || x < 0 || x >= classes)
  return at < 0 ? null : `${name}: ${what}[${at}] is ${xs[at]}, not a class from 0 to ${classes - 1}`
}

const finiteComplaint = (name: string, what: string, xs: Numbers): string | null => {
  const at = firstWhere(xs, x => !Number.isFinite(x))
  return at < 0 ? null : `${name}: ${what}[${at}] is ${xs[at]}, not a finite number`
}

const classesComplaint = (name: string, classes: number): string | null =>
  Number.isInteger(classes) && classes >= 1 ? null : `${name}: classes is ${classes}, but must be a whole number >= 1`

const total = (xs: Numbers): number => {
  let sum = 0
  for (let i = 0; i < xs.length; i++) sum += xs[i] as number
  return sum
}

/** The counts of labels (rows) against predictions (columns). */
export const confusion = (labels: Numbers, predicted: Numbers, classes: number): E.Either<DataError, Confusion> => {
  const wrong =
    classesComplaint('confusion', classes) ??
    pairComplaint('confusion', labels, 'predictions', predicted) ??
    classComplaint('confusion', 'labels', labels, classes) ??
    classComplaint('confusion', 'predicted', predicted, classes)
  if (wrong !== null) return refuse(wrong)
  const matrix = Array.from({ length: classes }, () => Array.from({ length: classes }, () => 0))
  for (let i = 0; i < labels.length; i++) {
    const row = matrix[labels[i] as number] as number[]
    const at = predicted[i] as number
    row[at] = (row[at] as number) + 1
  }
  return E.right(matrix)
}

/** True positives, and how many examples have the class and are taken for it. */
interface Counts {
  readonly hits: number
  readonly actual: number
  readonly guessed: number
}

/** Makes a score of a fraction of counts, 0 where it is 0 / 0. */
const averaged =
  (above: (c: Counts) => number, below: (c: Counts) => number) =>
  (labels: Numbers, predicted: Numbers, classes: number): E.Either<DataError, Averaged> => {
    const score = (c: Counts): number => (below(c) === 0 ? 0 : above(c) / below(c))
    return E.map((matrix: Confusion): Averaged => {
      const counts = matrix.map((row, c) => ({
        hits: row[c] as number,
        actual: total(row),
        guessed: total(matrix.map(r => r[c] as number)),
      }))
      const perClass = counts.map(score)
      const hits = total(counts.map(c => c.hits))
      return {
        perClass,
        macro: total(perClass) / classes,
        micro: score({ hits, actual: labels.length, guessed: labels.length }),
        weighted: total(perClass.map((s, c) => s * (counts[c] as Counts).actual)) / labels.length,
      }
    })(confusion(labels, predicted, classes))
  }

/** Of the examples taken for a class, the share that has it; 0 for a class that nothing is taken for. */
export const precision = averaged(
  c => c.hits,
  c => c.guessed,
)

/** Of the examples that have a class, the share taken for it; 0 for a class that no example has. */
export const recall = averaged(
  c => c.hits,
  c => c.actual,
)

/**
 * The harmonic mean of precision and recall; 0 for a class that no example has and nothing is taken for. `macro` is the
 * mean of the classes' F1, not the F1 of the means.
 */
export const f1 = averaged(
  c => 2 * c.hits,
  c => c.actual + c.guessed,
)

/** The share of predictions that are the label. */
export const accuracy = (labels: Numbers, predicted: Numbers): E.Either<DataError, number> => {
  const wrong =
    pairComplaint('accuracy', labels, 'predictions', predicted) ??
    finiteComplaint('accuracy', 'labels', labels) ??
    finiteComplaint('accuracy', 'predicted', predicted)
  if (wrong !== null) return refuse(wrong)
  let hits = 0
  for (let i = 0; i < labels.length; i++) if (labels[i] === predicted[i]) hits += 1
  return E.right(hits / labels.length)
}

/**
 * The share of examples with fewer than k outputs larger than the label's, so of equal outputs all count.
 *
 * @param labels - a class a row
 * @param outputs - one number for each class, row after row
 * @param k - a whole number from 1 to the number of classes
 */
export const topK = (labels: Numbers, outputs: Numbers, k: number): E.Either<DataError, number> => {
  const rows = labels.length
  if (rows === 0) return refuse('topK: there are no examples')
  const classes = outputs.length / rows
  if (!Number.isInteger(classes) || classes < 1)
    return refuse(`topK: ${outputs.length} outputs are not the same number for each of ${rows} labels`)
  if (!Number.isInteger(k) || k < 1 || k > classes)
    return refuse(`topK: k is ${k}, but must be a whole number from 1 to the ${classes} classes`)
  const nan = firstWhere(outputs, Number.isNaN)
  if (nan >= 0) return refuse(`topK: outputs[${nan}] is not a number`)
  const wrong = classComplaint('topK', 'labels', labels, classes)
  if (wrong !== null) return refuse(wrong)
  let hits = 0
  for (let r = 0; r < rows; r++) {
    const own = outputs[r * classes + (labels[r] as number)] as number
    let larger = 0
    for (let c = 0; c < classes; c++) if ((outputs[r * classes + c] as number) > own) larger += 1
    if (larger < k) hits += 1
  }
  return E.right(hits / rows)
}

/** Twice the sum of the positives' ranks, from 1 for the lowest score; equal scores share the mean of their ranks. */
const twiceRanks = (scores: Numbers, positives: Numbers): number => {
  const order = Float64Array.from({ length: scores.length }, (_, i) => i)
  order.sort((a, b) => {
    const [x, y] = [scores[a] as number, scores[b] as number]
    return x < y ? -1 : x > y ? 1 : 0
  })
  const scoreAt = (p: number): number => scores[order[p] as number] as number
  let sum = 0
  for (let start = 0; start < order.length; ) {
    let end = start
    let here = 0
    for (; end < order.length && scoreAt(end) === scoreAt(start); end++)
      here += positives[order[end] as number] as number
    sum += here * (start + 1 + end)
    start = end
  }
  return sum
}

/**
 * The area under the ROC curve: how often a positive example scores higher than a negative one, equal scores counting
 * half. A `Left` unless there is one of each.
 *
 * @param scores - any numbers, the larger the likelier positive; infinities may be among them
 * @param positives - 1 for a positive example, 0 for a negative one
 */
export const rocAuc = (scores: Numbers, positives: Numbers): E.Either<DataError, number> => {
  const wrong =
    pairComplaint('rocAuc', positives, 'scores', scores) ?? classComplaint('rocAuc', 'positives', positives, 2)
  if (wrong !== null) return refuse(wrong)
  const nan = firstWhere(scores, Number.isNaN)
  if (nan >= 0) return refuse(`rocAuc: scores[${nan}] is not a number`)
  const p = total(positives)
  const n = positives.length - p
  if (p === 0 || n === 0) return refuse(`rocAuc: all ${p + n} examples are ${p === 0 ? 'negative' : 'positive'}`)
  return E.right((twiceRanks(scores, positives) - p * (p + 1)) / (2 * p * n))
}

/**
 * The coefficient of determination: 1 for perfect predictions, 0 for those as good as the labels' mean, negative for
 * worse ones. A `Left` when all labels are equal, where it is not defined.
 */
export const r2 = (labels: Numbers, predicted: Numbers): E.Either<DataError, number> => {
  const wrong =
    pairComplaint('r2', labels, 'predictions', predicted) ??
    finiteComplaint('r2', 'labels', labels) ??
    finiteComplaint('r2', 'predicted', predicted)
  if (wrong !== null) return refuse(wrong)
  if (firstWhere(labels, z => z !== labels[0]) < 0)
    return refuse(`r2: all ${labels.length} labels are ${labels[0]}, so there is no variance to explain`)
  const mean = total(labels) / labels.length
  let residual = 0
  let spread = 0
  for (let i = 0; i < labels.length; i++) {
    const z = labels[i] as number
    residual += (z - (predicted[i] as number)) * (z - (predicted[i] as number))
    spread += (z - mean) * (z - mean)
  }
  const score = 1 - residual / spread
  return Number.isFinite(score) ? E.right(score) : refuse('r2: the numbers are too large or too small to be squared')
}

const perplexityExpr = exp(param('loss', tensorType('f64')))

/** e^loss of a mean cross-entropy in nats: for guesses among n classes alike, n. Infinity above about 709. */
export const perplexity = (meanLoss: number): E.Either<DataError, number> => {
  if (!Number.isFinite(meanLoss)) return refuse(`perplexity: the loss is ${meanLoss}, not a finite number`)
  const made = evaluate(perplexityExpr, { loss: [meanLoss] })
  return E.isLeft(made)
    ? E.left(dataError(`perplexity: ${made.left.message}`))
    : E.right(made.right.values[0] as number)
}
