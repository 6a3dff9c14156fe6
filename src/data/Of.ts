/** A data set out of arrays in memory. */
import * as E from '#fp/Either.js'
import type { Inputs, Shape } from '../shape/Dims.js'
import { isSole } from '../shape/inputs.js'
import { sizeOf } from '../shape/TensorType.js'
import { type DataError, refuse, under } from './DataError.js'
import { type Column, type Data, fromColumns } from './Dataset.js'
import { checkInputs, entries } from './Inputs.js'
import * as Label from './Label.js'
import { classReader } from './Scalar.js'
import { isList, type Numbers, toColumn } from './Tensor.js'
import { withWeights } from './weights.js'

/** What `of` takes for inputs: numbers of all rows, or those of each input by name. */
export type NumbersOf<I extends Inputs> = I extends Shape ? Numbers : { readonly [name in keyof I]: Numbers }

const field = (x: unknown, name: string): unknown =>
  typeof x === 'object' && x !== null && Object.hasOwn(x, name) ? Reflect.get(x, name) : undefined

const fromOneHot = (classes: number, all: Column): Int32Array | string => {
  const ids = new Int32Array(all.length / classes)
  for (let r = 0; r < ids.length; r++) {
    const row = all.subarray(r * classes, (r + 1) * classes)
    const id = row.indexOf(1)
    if (id < 0 || row.some((v, c) => v !== 0 && c !== id))
      return under(`[${r}]`, 'the row is not one-hot: one 1, the others 0')
    ids[r] = id
  }
  return ids
}

const toClasses = (label: Label.Class<number>, y: unknown, size: number): Int32Array | string => {
  if (!isList(y)) return 'expected a list of labels'
  if (y.length === size && !isList(y[0])) {
    const read = classReader(label)
    const ids = new Int32Array(size)
    for (let r = 0; r < size; r++) {
      const id = read(y[r])
      if (typeof id === 'string') return under(`[${r}]`, id)
      ids[r] = id
    }
    return ids
  }
  if (y.length !== size && y.length !== size * label.classes) return `there are ${y.length} labels for ${size} rows`
  const all = toColumn([label.classes], y)
  return typeof all === 'string' ? all : fromOneHot(label.classes, all)
}

const toValues = (shape: Shape, y: unknown, size: number): Float32Array | string => {
  const all = toColumn(shape, y)
  if (typeof all === 'string') return all
  const rows = all.length / sizeOf(shape)
  return rows === size ? Float32Array.from(all) : `there are ${rows} labels for ${size} rows`
}

/**
 * Copies and checks arrays: `x` flat in row-major order or nested, by name if the inputs are named; `y` class numbers,
 * class names or one-hot rows for classes (told apart by their number; stored as class numbers), and numbers for
 * values; `weights`, if given, how much each row counts in the loss. Bytes and 32-bit integers stay what they are; other numbers become float32.
 *
 * @returns a `Left` for no rows, lengths that do not fit, numbers that are not finite, labels out of range, negative weights
 */
export const of =
  <const I extends Inputs, const L extends Label.Label>(as: { readonly inputs: I; readonly label: L }) =>
  (rows: {
    readonly x: NumbersOf<I>
    readonly y: Numbers | readonly string[]
    readonly weights?: ArrayLike<number>
  }): E.Either<DataError, Data<I, L>> => {
    const inputs: I = as.inputs
    const label: Label.Label = as.label
    const checked = E.chain(() => checkInputs(inputs))(Label.check(label))
    if (E.isLeft(checked)) return checked
    const columns: (readonly [string, Column])[] = []
    let size: number | undefined
    for (const [name, shape] of entries(inputs)) {
      const where = isSole(inputs) ? 'x' : `x.${name}`
      const column = toColumn(shape, isSole(inputs) ? rows.x : field(rows.x, name))
      if (typeof column === 'string') return refuse(under(where, column))
      const found = column.length / sizeOf(shape)
      size ??= found
      if (found !== size) return refuse(`${where}: ${found} rows, but the inputs before it have ${size}`)
      columns.push([name, column])
    }
    const count = size ?? 0
    const labels = label.target === 'class' ? toClasses(label, rows.y, count) : toValues(label.shape, rows.y, count)
    if (typeof labels === 'string') return refuse(under('y', labels))
    const data = fromColumns(inputs, as.label, count, columns, labels)
    return rows.weights === undefined ? E.right(data) : withWeights(rows.weights)(data)
  }
