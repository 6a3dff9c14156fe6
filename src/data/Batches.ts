/**
 * Which rows come when: the order of an epoch and the sizes of its batches, both computed from the recipe alone.
 *
 * Laws: the order of every epoch holds every row once; sizes of `arraySplit` and `keepRemainder` add up to the number
 * of rows; those of `arraySplit` differ by at most one, the larger first, and none is smaller than the batch.
 * Source of `arraySplit`: numpy.array_split(permutation, n // batch).
 */
import * as E from '#fp/Either.js'
import { keyOf } from '../random/Key.js'
import { permutation } from '../random/Permutation.js'
import { type DataError, refuse } from './DataError.js'

/** How the rows of an epoch are cut into batches. */
export type Form = 'arraySplit' | 'dropLast' | 'keepRemainder'

/** Sizes of an epoch's batches, in order; they follow one another in the epoch's order. */
export type Sizes = readonly number[]

const checked = (n: number, batch: number): E.Either<DataError, number> => {
  if (!Number.isSafeInteger(batch) || batch < 1) return refuse(`a batch of ${batch} rows is no whole number >= 1`)
  if (!Number.isSafeInteger(n) || n < 1) return refuse(`there are ${n} rows to make batches of`)
  return E.right(Math.floor(n / batch))
}

const full =
  (n: number, batch: number) =>
  (count: number): E.Either<DataError, number> =>
    count > 0 ? E.right(count) : refuse(`a batch takes ${batch} rows, but there are only ${n}: use a smaller batch`)

/**
 * floor(n / batch) batches that use every row: the first n mod that many have one row more. 99 rows at 50 are one
 * batch of 99. A `Left` when there are fewer rows than a batch takes.
 */
export const arraySplit = (n: number, batch: number): E.Either<DataError, Sizes> =>
  E.map((count: number) => {
    const small = Math.floor(n / count)
    return Array.from({ length: count }, (_, i) => (i < n % count ? small + 1 : small))
  })(E.chain(full(n, batch))(checked(n, batch)))

/** Full batches only; up to batch - 1 rows of the order's end are left out. A `Left` when there is no full batch. */
export const dropLast = (n: number, batch: number): E.Either<DataError, Sizes> =>
  E.map((count: number) => new Array<number>(count).fill(batch))(E.chain(full(n, batch))(checked(n, batch)))

/** Full batches, then one of the rest, if any; also fewer rows than a batch are one batch. */
export const keepRemainder = (n: number, batch: number): E.Either<DataError, Sizes> =>
  E.map((count: number) => [...new Array<number>(count).fill(batch), ...(n % batch === 0 ? [] : [n % batch])])(
    checked(n, batch),
  )

const FORMS = { arraySplit, dropLast, keepRemainder } as const

/** The sizes by the name of their form. */
export const sizes = (form: Form, n: number, batch: number): E.Either<DataError, Sizes> => FORMS[form](n, batch)

/**
 * The order of the rows in an epoch: a permutation of 0..n-1 under the key of [seed, "data", "order"].
 *
 * @param seed - an integer
 * @param epoch - an integer from 0
 * @param n - the number of rows
 */
export const order = (seed: number, epoch: number, n: number): Int32Array =>
  permutation(keyOf(seed, 'data', 'order'), epoch, n)
