/**
 * How much each row counts in the loss. Row i has the weight r_i = c_i s_i: c_i that of its class in the recipe's
 * `classWeights` (1 where there are none), s_i its own in the data (`Data.withWeights`; 1 where there are none). With
 * l_i the loss of row i and n rows in a batch, the loss of the batch is
 *
 *     weightedMean        sum r_i l_i / sum r_i    torch: CrossEntropyLoss(weight); 0 where all weights are 0
 *     sumOverBatchSize    sum r_i l_i / n          Keras: sample_weight, class_weight, "sum_over_batch_size"
 *
 * plus the penalties of the parameters, which have no weights. Losses over several batches are the same quotients over
 * all their rows. With all weights 1 both are the plain mean. Class weights count in training and in evaluation alike,
 * as in torch; Keras' count in training only. The weight of a row multiplies its whole loss, smoothed labels included,
 * as in Keras (torch weights the classes that smoothing mixes in by their own weights); of a row with a soft label it is
 * the mean of the classes' weights by their shares.
 *
 * Metrics are plain means over the rows; those of `weightedMetrics` are sum r_i m_i / sum r_i (Keras' weighted_metrics)
 * and are called `weightedAccuracy` for `accuracy`.
 */
import * as E from '#fp/Either.js'
import * as t from '#io/index.js'
import type { Data } from '../data/Dataset.js'
import type { Label } from '../data/Label.js'
import { readWeight } from '../data/weights.js'
import { type Expr, input, tensor } from '../graph/Expr.js'
import { oneOf } from '../graph/settings.js'
import { div, mul } from '../op/arithmetic.js'
import { sum } from '../op/broadcast.js'
import { gather } from '../op/gather.js'
import { mean } from '../op/reduce.js'
import { eq, select } from '../op/select.js'
import type { Inputs, Shape, Target } from '../shape/Dims.js'
import { tensorType } from '../shape/TensorType.js'
import type { Metric } from './Metric.js'
import { partName, totalName } from './reported.js'

/** How weighted losses of rows become the loss of a batch. */
export type Reduction = 'weightedMean' | 'sumOverBatchSize'

/** A weight for every class, in the order of the outputs, or by name or index. */
export type ClassWeights = readonly number[] | Readonly<Record<string, number>>

/** What of a recipe says how rows count. */
interface Weighing {
  readonly net: { readonly shape: Shape }
  readonly loss: { readonly kind: string; readonly target: Target }
  readonly labels: readonly string[] | null
  readonly classWeights?: ClassWeights
  readonly reduction?: Reduction
}

export const reduction = oneOf<Reduction>('weightedMean', 'sumOverBatchSize')
export const classWeights: t.Type<ClassWeights> = t.union([t.readonlyArray(t.number), t.record(t.string, t.number)])

/** The name under which the rows' own weights enter the programs. */
export const weightInput = '/weight'

const complaint = (weights: readonly unknown[], classes: number | undefined): string | null => {
  if (weights.length !== classes) return `there are ${weights.length} class weights for ${classes} classes`
  for (const [c, w] of weights.entries()) {
    const read = readWeight(w)
    if (typeof read === 'string') return `the class weight of class ${c}: ${read}`
  }
  return weights.every(w => w === 0) ? 'all class weights are 0; some class must count' : null
}

/** The weights that are given by name or index, in the order of the classes; or the first name that is none. */
const ordered = (
  given: Readonly<Record<string, number>>,
  classes: number,
  names: readonly string[] | null,
): E.Either<string, readonly number[]> => {
  const keys = Object.keys(given)
  const indices = Array.from({ length: classes }, (_, c) => `${c}`)
  const known = [names ?? [], indices].find(all => keys.every(key => all.includes(key)))
  if (!known) {
    const foreign = keys.find(key => !(names ?? indices).includes(key))
    const are = (names ?? indices).slice(0, 20).join(', ')
    const hint = names ? '' : '; to use names, give the recipe the label'
    return E.left(`the class weights name ${JSON.stringify(foreign)}, but the classes are ${are}${hint}`)
  }
  const missing = known.find(name => !Object.hasOwn(given, name))
  return missing === undefined
    ? E.right(known.map(name => given[name] as number))
    : E.left(`the class ${JSON.stringify(missing)} has no class weight; give one for each class`)
}

/** The recipe's class weights in the order of the classes, null if it has none, or what is wrong with them. */
export const classWeightsOf = ({
  classWeights: given,
  loss,
  net,
  labels,
}: Weighing): E.Either<string, readonly number[] | null> => {
  if (given === undefined) return E.right(null)
  if (loss.target !== 'class') return E.left(`class weights need class labels, but the loss ${loss.kind} wants values`)
  const [classes = 0] = net.shape
  const weights = Array.isArray(given)
    ? E.right(given)
    : ordered(given as Readonly<Record<string, number>>, classes, labels)
  return E.chain((all: readonly number[]) => {
    const wrong = complaint(all, classes)
    return wrong === null ? E.right(all) : E.left(wrong)
  })(weights)
}

/** The metric under the name by which its weighted mean goes. */
export const weightedMetric = <K extends Target>(metric: Metric<K>): Metric<K> => {
  const { name } = metric.def
  return { ...metric, def: { ...metric.def, name: `weighted${name.slice(0, 1).toUpperCase()}${name.slice(1)}` } }
}

/** All that is reported besides the loss: metrics, then weighted ones. */
export const reportedMetrics = <K extends Target>({
  metrics,
  weightedMetrics = [],
}: {
  readonly metrics: readonly Metric<K>[]
  readonly weightedMetrics?: readonly Metric<K>[]
}): readonly Metric<K>[] => [...metrics, ...weightedMetrics.map(weightedMetric)]

/** The weights of a batch's rows, f32[-1]; null if all count alike. `weighted`: whether the rows have their own. */
export const rowWeights = (recipe: Weighing, label: Expr, weighted: boolean): Expr | null => {
  const own = weighted ? input(weightInput, tensorType('f32', [-1])) : null
  const classes = classWeightsOf(recipe)
  if (E.isLeft(classes) || !classes.right) return own
  const n = classes.right.length
  const c =
    label.type.dtype === 'i32'
      ? gather(tensor(classes.right, [n]), label)
      : sum(mul(label, tensor(classes.right, [1, n])), [1])
  return own ? mul(c, own) : c
}

/** sum r x / sum r over the rows, 0 where nothing counts. */
const weightedMean = (x: Expr, r: Expr): Expr => {
  const total = sum(r)
  return div(sum(mul(r, x)), select(eq(total, 0), 1, total))
}

/** What a program reports of its rows. */
export interface RowValues {
  readonly losses: Expr
  readonly metrics: Readonly<Record<string, Expr>>
  readonly weightedMetrics: Readonly<Record<string, Expr>>
}

const map = (xs: Readonly<Record<string, Expr>>, f: (x: Expr) => Expr, as = (name: string) => name) =>
  Object.fromEntries(Object.entries(xs).map(([name, x]) => [as(name), f(x)]))

/**
 * The loss of a batch without penalties, its metrics, and what their means over several batches are made of (see
 * `meansOf`). Of rows that all count alike (null) everything is a plain mean.
 */
export const reduce = (
  form: Reduction,
  r: Expr | null,
  { losses, metrics, weightedMetrics }: RowValues,
): { readonly loss: Expr; readonly others: Readonly<Record<string, Expr>> } => {
  const plain = map(metrics, x => mean(x))
  if (!r) return { loss: mean(losses), others: { ...plain, ...map(weightedMetrics, x => mean(x)) } }
  const byWeight = { ...(form === 'weightedMean' && { loss: losses }), ...weightedMetrics }
  return {
    loss: form === 'weightedMean' ? weightedMean(losses, r) : mean(mul(r, losses)),
    others: {
      ...plain,
      ...map(weightedMetrics, x => weightedMean(x, r)),
      ...(Object.keys(byWeight).length > 0 && {
        [totalName]: mean(r),
        ...map(byWeight, x => mean(mul(r, x)), partName),
      }),
    },
  }
}

/** How much rows `from` to `to` count in the loss of all: their weights, or their number. */
export const countOf = (recipe: Weighing, data: Data<Inputs, Label>, from: number, to: number): number => {
  const classes = E.getOrElse((): readonly number[] | null => null)(classWeightsOf(recipe))
  if (recipe.reduction === 'sumOverBatchSize' || (!classes && !data.weights)) return to - from
  let total = 0
  for (let row = from; row < to; row++)
    total += (data.weights?.[row] ?? 1) * (classes?.[data.labels[row] as number] ?? 1)
  return total
}
