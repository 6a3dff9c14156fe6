/**
 * Splits that keep the shares of the classes, and k-fold cross-validation.
 *
 * Rows are shuffled by the key of (seed, data, folds); for the stratified forms they are then sorted by class, each class in
 * shuffled order. Fold f of k validates on the rows at the places p of that order with p mod k = f, so that the folds'
 * sizes, and in the stratified form the rows of a class in them, differ by at most one.
 *
 * Source: Kohavi, A study of cross-validation and bootstrap for accuracy estimation and model selection (IJCAI 1995).
 */
import * as E from '#fp/Either.js'
import { isSeed, keyOf } from '../random/Key.js'
import { permutation } from '../random/Permutation.js'
import type { Inputs } from '../shape/Dims.js'
import { type DataError, refuse } from './DataError.js'
import { type Data, gather, type Parts, softComplaint } from './Dataset.js'
import type { Class, Label } from './Label.js'

/** How many folds, a whole number from 2 to the number of rows, and an integer that decides who is in which. */
export interface Folds {
  readonly folds: number
  readonly seed: number
}

type AnyData = Data<Inputs, Label>

const shuffled = (seed: number, rows: number): Int32Array => permutation(keyOf(seed, 'data', 'folds'), 0, rows)

/** Shuffled rows, the lower classes first. */
const byClass = (seed: number, { size, labels }: AnyData): Int32Array =>
  shuffled(seed, size).sort((a, b) => (labels[a] as number) - (labels[b] as number))

/** The rows that are marked for validation, and the others; both keep the order of the rows. */
const parts = <I extends Inputs, L>(data: Data<I, L>, held: Uint8Array): E.Either<DataError, Parts<I, L>> => {
  const rows = (mark: number) => Int32Array.from(held.keys()).filter(r => held[r] === mark)
  return E.chain((train: Data<I, L>) =>
    E.map((validation: Data<I, L>): Parts<I, L> => ({ train, validation }))(gather(rows(1))(data)),
  )(gather(rows(0))(data))
}

const deal = <I extends Inputs, L>(
  data: Data<I, L>,
  folds: number,
  order: Int32Array,
): E.Either<DataError, readonly Parts<I, L>[]> => {
  const out: Parts<I, L>[] = []
  for (let f = 0; f < folds; f++) {
    const held = new Uint8Array(data.size)
    for (let p = f; p < order.length; p += folds) held[order[p] as number] = 1
    const made = parts(data, held)
    if (E.isLeft(made)) return made
    out.push(made.right)
  }
  return E.right(out)
}

const foldsComplaint = (name: string, { folds, seed }: Folds, rows: number): string | null => {
  if (!isSeed(seed)) return `${name}: the seed ${seed} is not an integer`
  return Number.isInteger(folds) && folds >= 2 && folds <= rows
    ? null
    : `${name}: folds is ${folds}, but must be a whole number from 2 to the ${rows} rows`
}

/**
 * The k pairs of k-fold cross-validation: every row is in the validation part of exactly one, and in the training part
 * of all others; the sizes of the validation parts differ by at most one. Parts keep the order of the rows, and each
 * pair is a copy of the data. A `Left` if the folds are not from 2 to the number of rows or the seed is no integer.
 */
export const kFold =
  (by: Folds) =>
  <I extends Inputs, L extends Label>(data: Data<I, L>): E.Either<DataError, readonly Parts<I, L>[]> => {
    const wrong = foldsComplaint('kFold', by, data.size)
    return wrong === null ? deal(data, by.folds, shuffled(by.seed, data.size)) : refuse(wrong)
  }

/**
 * As `kFold`, and of every class the counts in the validation parts differ by at most one as well. A class with fewer
 * rows than there are folds is missing in some of them.
 */
export const stratifiedKFold =
  (by: Folds) =>
  <I extends Inputs, L extends Class<number>>(data: Data<I, L>): E.Either<DataError, readonly Parts<I, L>[]> => {
    const wrong = foldsComplaint('stratifiedKFold', by, data.size) ?? softComplaint('stratifiedKFold', data)
    return wrong === null ? deal(data, by.folds, byClass(by.seed, data)) : refuse(wrong)
  }

/** A class's place in the sorted rows, and how many of its rows are due for validation. */
interface Run {
  readonly start: number
  readonly end: number
  readonly due: number
}

const runsOf = (order: Int32Array, labels: ArrayLike<number>, share: number): readonly Run[] => {
  const runs: Run[] = []
  for (let start = 0, p = 1; p <= order.length; p++) {
    if (p < order.length && labels[order[p] as number] === labels[order[start] as number]) continue
    runs.push({ start, end: p, due: (p - start) * share })
    start = p
  }
  return runs
}

/** What is left over of a class when whole rows are taken. */
const rest = ({ due }: Run): number => due - Math.floor(due)

/**
 * Draws a share of the rows, by the seed, for validation, and from every class its share to within one row: the whole
 * rows of n * share from each class of n rows, and what is missing of the total, size * share rounded as in `split`, one
 * each from the classes with the largest remainders, the lower class first among equals. Both parts keep the order of
 * the rows. A `Left` as for `split`.
 */
export const stratifiedSplit =
  (by: { readonly validation: number; readonly seed: number }) =>
  <I extends Inputs, L extends Class<number>>(data: Data<I, L>): E.Either<DataError, Parts<I, L>> => {
    const { validation: share, seed } = by
    if (!isSeed(seed)) return refuse(`stratifiedSplit: the seed ${seed} is not an integer`)
    if (!(share > 0 && share < 1))
      return refuse(`stratifiedSplit: validation is ${share}, but must lie between 0 and 1`)
    const count = Math.floor(data.size * share + 0.5)
    if (count === 0 || count === data.size)
      return refuse(`stratifiedSplit: a share of ${share} of ${data.size} rows leaves one part empty`)
    const soft = softComplaint('stratifiedSplit', data)
    if (soft !== null) return refuse(soft)
    const order = byClass(seed, data)
    const runs = runsOf(order, data.labels, share)
    const missing = runs.reduce((left, { due }) => left - Math.floor(due), count)
    const held = new Uint8Array(data.size)
    const ranked = [...runs].sort((a, b) => rest(b) - rest(a))
    ranked.forEach(({ start, due }, rank) => {
      const taken = Math.floor(due) + (rank < missing ? 1 : 0)
      for (const row of order.subarray(start, start + taken)) held[row] = 1
    })
    return parts(data, held)
  }
