/** Rows as JSON: `[{ "input": [...], "label": 3 }, ...]`, or with `"inputs": { "img": [...], "meta": [...] }`. */
import * as E from '#fp/Either.js'
import * as t from '#io/index.js'
import type { Inputs, Shape } from '../shape/Dims.js'
import { isSole } from '../shape/inputs.js'
import { sizeOf } from '../shape/TensorType.js'
import { type DataError, refuse, under } from './DataError.js'
import { type Data, fromColumns } from './Dataset.js'
import { unpackText } from './Gzip.js'
import { checkInputs, entries } from './Inputs.js'
import * as Label from './Label.js'
import { classReader, labelSize } from './Scalar.js'
import { writeTensor } from './Tensor.js'
import { readWeight } from './weights.js'

export interface JsonOptions<I extends Inputs, L extends Label.Label> {
  readonly inputs: I
  readonly label: L
  /** The field that says how much a row counts in the loss, if there is one. */
  readonly weight?: string
  /** Bound on the unpacked text in bytes; default 1 GiB. */
  readonly maxBytes?: number
}

type Numbers = ArrayLike<number>

/** A codec by a function that says what is wrong; one error at most. */
const codecOf = (name: string, read: (u: unknown) => Numbers | string): t.Type<Numbers, unknown> =>
  new t.Type(
    name,
    (u): u is Numbers => typeof read(u) !== 'string',
    (u, context) => {
      const numbers = read(u)
      return typeof numbers === 'string' ? t.failure(u, context, numbers) : t.success(numbers)
    },
    t.identity,
  )

const tensor = (shape: Shape): t.Type<Numbers, unknown> =>
  codecOf('Tensor', u => {
    const out = new Float32Array(sizeOf(shape))
    return writeTensor(shape, u, out, 0) ?? out
  })

const labelOf = (label: Label.Label): t.Type<Numbers, unknown> => {
  if (label.target === 'values') return tensor(label.shape)
  const read = classReader(label)
  return codecOf('Class', u => {
    const id = read(u)
    return typeof id === 'string' ? id : [id]
  })
}

const weight = codecOf('Weight', u => {
  const value = readWeight(u)
  return typeof value === 'string' ? value : [value]
})

const explain = (errors: t.Errors): string => {
  const [first] = errors
  const path = (first?.context ?? []).flatMap(c => (c.key === '' ? [] : [c.key]))
  const what = first?.message ?? 'expected an object'
  return path.length === 0 ? what : under(path.join('.'), what)
}

/** Decodes one row; `input` stands beside the label, `inputs` holds several by name. */
const rowDecoder = (inputs: Inputs, label: Label.Label, weightField?: string) => {
  const columns = t.type(Object.fromEntries(entries(inputs).map(([name, shape]) => [name, tensor(shape)])))
  const several = t.type({ inputs: columns })
  const labels = t.type({ label: labelOf(label) })
  const weights = t.type(weightField === undefined ? {} : { [weightField]: weight })
  return (u: unknown) => {
    const read = isSole(inputs)
      ? columns.decode(u)
      : E.map((row: { inputs: Record<string, Numbers> }) => row.inputs)(several.decode(u))
    if (E.isLeft(read)) return read
    const rest = labels.decode(u)
    if (E.isLeft(rest)) return rest
    return E.map((row: Readonly<Record<string, Numbers>>) => ({
      inputs: read.right,
      label: rest.right.label,
      weight: weightField === undefined ? [] : (row[weightField] as Numbers),
    }))(weights.decode(u))
  }
}

const parse = (source: string | Uint8Array, maxBytes?: number): E.Either<DataError, unknown> => {
  const text = typeof source === 'string' ? E.right(source) : unpackText(source, maxBytes)
  if (E.isLeft(text)) return text
  const value = E.tryCatch((): unknown => JSON.parse(text.right), String)
  return E.isLeft(value) ? refuse(`json: the text is not JSON: ${value.left}`) : value
}

/**
 * Reads rows from JSON: text, or bytes that may be gzipped. Numbers are listed flat in row-major order or nested like
 * the shape; a class is its number or its name. Fields beyond these are ignored.
 *
 * @returns a `Left` whose message names the first row (from 1), the field and what is wrong with it
 */
export const json =
  <const I extends Inputs, const L extends Label.Label>(options: JsonOptions<I, L>) =>
  (source: string | Uint8Array): E.Either<DataError, Data<I, L>> => {
    const { inputs, label } = options
    const checked = E.chain(() => checkInputs(inputs))(Label.check(label))
    if (E.isLeft(checked)) return checked
    const rows = parse(source, options.maxBytes)
    if (E.isLeft(rows)) return rows
    if (!Array.isArray(rows.right)) return refuse('json: expected a list of rows')
    if (rows.right.length === 0) return refuse('json: there are no rows')
    const size = rows.right.length
    const decodeRow = rowDecoder(inputs, label, options.weight)
    const columns = entries(inputs).map(([name, shape]) => [name, new Float32Array(size * sizeOf(shape))] as const)
    const outputs = labelSize(label)
    const labels = label.target === 'class' ? new Int32Array(size) : new Float32Array(size * outputs)
    const weights = options.weight === undefined ? null : new Float32Array(size)
    for (let r = 0; r < size; r++) {
      const row = decodeRow(rows.right[r])
      if (E.isLeft(row)) return refuse(`json: row ${r + 1}: ${explain(row.left)}`)
      for (const [name, column] of columns) column.set(row.right.inputs[name] as Numbers, (r * column.length) / size)
      labels.set(row.right.label, r * outputs)
      weights?.set(row.right.weight, r)
    }
    return E.right(fromColumns(inputs, label, size, columns, labels, weights))
  }
