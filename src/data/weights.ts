/**
 * Weights of rows and of classes: how much each counts in the loss (see `Recipe`, which says how). A weight is a finite
 * number >= 0; rows of data without weights count 1 each.
 */
import * as E from '#fp/Either.js'
import type { Inputs } from '../shape/Dims.js'
import { type DataError, refuse, under } from './DataError.js'
import { type Data, softComplaint } from './Dataset.js'
import type { Class } from './Label.js'
import { finite, finiteText, type Read } from './Scalar.js'

const notNegative = (value: number | string): number | string =>
  typeof value === 'number' && value < 0 ? `the weight ${value} is negative` : value

/** A weight, or what is wrong with it. */
export const readWeight: Read = raw => notNegative(finite(raw))

/** The same from text. */
export const readWeightText = (raw: string): number | string => notNegative(finiteText(raw))

/** One weight for each of `size` rows, as float32, or what is wrong. */
export const toWeights = (all: ArrayLike<unknown>, size: number): Float32Array | string => {
  if (all.length !== size) return `there are ${all.length} weights for ${size} rows`
  const weights = new Float32Array(size)
  for (let r = 0; r < size; r++) {
    const weight = readWeight(all[r])
    if (typeof weight === 'string') return under(`[${r}]`, weight)
    weights[r] = weight
  }
  return weights
}

/** The same rows, each with its weight. A `Left` for another number of weights, a negative one, or one not finite. */
export const withWeights =
  (weights: ArrayLike<number>) =>
  <I extends Inputs, L>(data: Data<I, L>): E.Either<DataError, Data<I, L>> => {
    const read = toWeights(weights, data.size)
    return typeof read === 'string' ? refuse(under('weights', read)) : E.right({ ...data, weights: read })
  }

/** The same rows, counting 1 each. */
export const withoutWeights = <I extends Inputs, L>(data: Data<I, L>): Data<I, L> => ({ ...data, weights: null })

/**
 * Class weights that make all classes count alike: n / (k n_c) for the c-th of k classes, which n_c of the n rows have
 * (King & Zeng 2001; scikit-learn's "balanced"). So the mean weight of a row is 1. A `Left` if a class has no row. The
 * rows' own weights do not matter.
 */
export const balancedClassWeights = <I extends Inputs, L extends Class<number>>(
  data: Data<I, L>,
): E.Either<DataError, readonly number[]> => {
  const soft = softComplaint('balancedClassWeights', data)
  if (soft !== null) return refuse(soft)
  const {
    label: { classes },
    labels,
    size,
  } = data
  const counts = new Array<number>(classes).fill(0)
  for (const c of labels) counts[c] = (counts[c] as number) + 1
  const none = counts.indexOf(0)
  return none < 0
    ? E.right(counts.map(n => size / (classes * n)))
    : refuse(`balancedClassWeights: class ${none} has no row, so no weight balances it`)
}
