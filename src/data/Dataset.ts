/**
 * A data set: immutable rows, stored by column. Its type parameters, the inputs and the label, are fields.
 * Slices share memory with what they were cut from; nothing here writes to a column after it was made.
 *
 * Laws: concat(slice(i)(d))(slice(0, i)(d)) = d; split loses no row and doubles none.
 */
import * as E from '#fp/Either.js'
import { isSeed, keyOf } from '../random/Key.js'
import { permutation } from '../random/Permutation.js'
import type { Inputs } from '../shape/Dims.js'
import { type DataError, refuse } from './DataError.js'
import { entries, isInputs, showInputs } from './Inputs.js'
import * as Label from './Label.js'

/** The numbers of one input of all rows, row-major; images may stay bytes, indices integers. */
export type Column = Float32Array | Uint8Array | Int32Array

export interface Data<I extends Inputs, L> {
  /** The shape of one row's input, or the shapes by name. */
  readonly inputs: I
  readonly label: L
  /** Number of rows. */
  readonly size: number
  /** One column for each input, of `size` times the shape's size; a sole input's is named `input`. */
  readonly columns: { readonly [name: string]: Column }
  /**
   * Class labels as integers, one a row, or of mixed rows (`Augment.mixup`) as floats, a share for each class; value
   * labels as floats, `size` times the shape's size.
   */
  readonly labels: Int32Array | Float32Array
  /** How much each row counts in the loss, >= 0; null where each counts 1. */
  readonly weights: Float32Array | null
}

/** The two parts of a split. */
export interface Parts<I extends Inputs, L> {
  readonly train: Data<I, L>
  readonly validation: Data<I, L>
}

/** The column of an input; empty when there is none of that name. */
export const column = <I extends Inputs, L>(data: Data<I, L>, name: string): Column =>
  (Object.hasOwn(data.columns, name) ? data.columns[name] : undefined) ?? new Float32Array(0)

/** Makes a data set of columns that the caller has checked. */
export const fromColumns = <I extends Inputs, L>(
  inputs: I,
  label: L,
  size: number,
  columns: readonly (readonly [string, Column])[],
  labels: Int32Array | Float32Array,
  weights: Float32Array | null = null,
): Data<I, L> => ({ inputs, label, size, columns: Object.fromEntries(columns), labels, weights })

/** Numbers per row; 0 when there are no rows. */
const widthOf = (all: Column, size: number): number => (size === 0 ? 0 : all.length / size)

const columnsOf = <I extends Inputs, L>(data: Data<I, L>): readonly (readonly [string, Column])[] =>
  entries(data.inputs).map(([name]) => [name, column(data, name)])

const emptyLabels = (like: Int32Array | Float32Array, n: number): Int32Array | Float32Array =>
  like instanceof Int32Array ? new Int32Array(n) : new Float32Array(n)

const emptyColumn = (like: Column, n: number): Column =>
  like instanceof Uint8Array ? new Uint8Array(n) : emptyLabels(like, n)

const copyRows = <A extends Column>(from: Column, width: number, indices: ArrayLike<number>, to: A): A => {
  for (let r = 0; r < indices.length; r++) {
    const start = (indices[r] as number) * width
    to.set(from.subarray(start, start + width), r * width)
  }
  return to
}

/** The rows at indices that the caller has checked. */
export const pick = <I extends Inputs, L>(data: Data<I, L>, indices: ArrayLike<number>): Data<I, L> => {
  const { inputs, label, labels, size, weights } = data
  const columns = columnsOf(data).map(([name, all]) => {
    const width = widthOf(all, size)
    return [name, copyRows(all, width, indices, emptyColumn(all, width * indices.length))] as const
  })
  const width = widthOf(labels, size)
  const picked = copyRows(labels, width, indices, emptyLabels(labels, width * indices.length))
  const weighed = weights && copyRows(weights, 1, indices, new Float32Array(indices.length))
  return fromColumns(inputs, label, indices.length, columns, picked, weighed)
}

/** The rows at the indices, in that order; an index may come twice. A `Left` for one outside [0, size). */
export const gather =
  (indices: ArrayLike<number>) =>
  <I extends Inputs, L>(data: Data<I, L>): E.Either<DataError, Data<I, L>> => {
    for (let r = 0; r < indices.length; r++) {
      const index = indices[r] as number
      if (!Number.isInteger(index) || index < 0 || index >= data.size) {
        return refuse(`gather: index ${index} is outside the ${data.size} rows`)
      }
    }
    return E.right(pick(data, indices))
  }

/** Whether class labels are soft: shares of the classes instead of one class a row. */
export const isSoft = ({ label, labels }: Data<Inputs, Label.Label>): boolean =>
  label.target === 'class' && labels instanceof Float32Array

/** What is wrong with labels for `who`, which needs one class a row; null if nothing is. */
export const softComplaint = (who: string, data: Data<Inputs, Label.Label>): string | null =>
  isSoft(data) ? `${who}: the class labels are soft, as those of mixed rows, but it takes one class a row` : null

/** The weights of the rows, 1 each where there are none. */
export const weightsOf = <I extends Inputs, L>({ weights, size }: Data<I, L>): Float32Array =>
  weights ?? new Float32Array(size).fill(1)

const place = (at: number, size: number): number => {
  const whole = Math.trunc(at) || 0 // NaN is 0, as for Array.slice
  return Math.min(Math.max(whole < 0 ? size + whole : whole, 0), size)
}

/** Rows `from` to `to` - 1, as `Array.slice` counts them: negative numbers from the end, too large ones clamped. */
export const slice =
  (from: number, to?: number) =>
  <I extends Inputs, L>(data: Data<I, L>): Data<I, L> => {
    const start = place(from, data.size)
    const end = Math.max(start, place(to ?? data.size, data.size))
    const columns = columnsOf(data).map(([name, all]) => {
      const width = widthOf(all, data.size)
      return [name, all.subarray(start * width, end * width)] as const
    })
    const width = widthOf(data.labels, data.size)
    const labels = data.labels.subarray(start * width, end * width)
    return fromColumns(
      data.inputs,
      data.label,
      end - start,
      columns,
      labels,
      data.weights?.subarray(start, end) ?? null,
    )
  }

/** The first `n` rows, or all if there are fewer. */
export const take = (n: number): (<I extends Inputs, L>(data: Data<I, L>) => Data<I, L>) => slice(0, Math.max(n, 0))

const join = <A extends Column>(a: Column, b: Column, out: A): A => {
  out.set(a)
  out.set(b, a.length)
  return out
}

/**
 * The rows of the data, then those of `next`. A `Left` when inputs or labels differ, or when an input is floats in one
 * and 32-bit integers in the other; bytes and either of them become the wider one. Rows without weights
 * get 1 where the others have some.
 */
export const concat =
  <I extends Inputs, L extends Label.Label>(next: Data<I, L>) =>
  (data: Data<I, L>): E.Either<DataError, Data<I, L>> => {
    if (!isInputs(data.inputs)(next.inputs)) {
      return refuse(`concat: inputs ${showInputs(next.inputs)} do not follow ${showInputs(data.inputs)}`)
    }
    if (!Label.is(data.label)(next.label) || !Label.is(next.label)(data.label)) {
      return refuse(`concat: ${Label.show(next.label)} do not follow ${Label.show(data.label)}`)
    }
    if (isSoft(data) !== isSoft(next)) return refuse('concat: the class labels are soft in one of the data sets only')
    const columns: (readonly [string, Column])[] = []
    for (const [name, a] of columnsOf(data)) {
      const b = column(next, name)
      const wide = a instanceof Uint8Array ? b : a
      if (!(b instanceof Uint8Array) && wide.constructor !== b.constructor) {
        return refuse(`concat: ${name} holds floats in one data set and integers in the other`)
      }
      columns.push([name, join(a, b, emptyColumn(wide, a.length + b.length))])
    }
    const labels = join(data.labels, next.labels, emptyLabels(data.labels, data.labels.length + next.labels.length))
    const weights =
      data.weights || next.weights
        ? join(weightsOf(data), weightsOf(next), new Float32Array(data.size + next.size))
        : null
    return E.right(fromColumns(data.inputs, data.label, data.size + next.size, columns, labels, weights))
  }

/**
 * Draws a share of the rows, by the seed, for validation; both parts keep the order of the rows.
 * The share is rounded to whole rows; a `Left` if it is not between 0 and 1, if a part would be empty, or if the
 * seed is not an integer.
 */
export const split =
  (by: { readonly validation: number; readonly seed: number }) =>
  <I extends Inputs, L>(data: Data<I, L>): E.Either<DataError, Parts<I, L>> => {
    const { validation: share, seed } = by
    if (!isSeed(seed)) return refuse(`split: the seed ${seed} is not an integer`)
    if (!(share > 0 && share < 1)) return refuse(`split: validation is ${share}, but must lie between 0 and 1`)
    const count = Math.floor(data.size * share + 0.5)
    if (count === 0 || count === data.size) {
      return refuse(`split: a share of ${share} of ${data.size} rows leaves one part empty`)
    }
    const order = permutation(keyOf(seed, 'data', 'split'), 0, data.size)
    return E.right({
      train: pick(data, order.subarray(count).sort()),
      validation: pick(data, order.subarray(0, count).sort()),
    })
  }

/**
 * Narrows the type of data whose shapes the compiler does not know, such as decoded ones, by comparing values.
 * Wanted names become the label's if it has none; names that the data have are kept.
 */
export const as =
  <const I extends Inputs, const L extends Label.Label>(want: { readonly inputs: I; readonly label: L }) =>
  (data: Data<Inputs, Label.Label>): E.Either<DataError, Data<I, L>> => {
    const { inputs, label, size, labels, weights } = data
    if (!isInputs(want.inputs)(inputs)) {
      return refuse(`the data have inputs ${showInputs(inputs)}, not ${showInputs(want.inputs)}`)
    }
    const named = Label.withNamesOf(want.label)(label)
    if (!Label.is(want.label)(named)) {
      return refuse(`the data have ${Label.show(label)}, not ${Label.show(want.label)}`)
    }
    return E.right(fromColumns(inputs, named, size, columnsOf(data), labels, weights))
  }
