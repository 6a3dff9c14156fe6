/** Comma-separated values (RFC 4180 as d3-dsv reads it): one row of numbers a line, the label first or last. */
import { dsvFormat } from 'd3-dsv'
import * as E from '#fp/Either.js'
import type { Shape } from '../shape/Dims.js'
import { soleInput } from '../shape/inputs.js'
import { sizeOf } from '../shape/TensorType.js'
import { type DataError, quote, refuse } from './DataError.js'
import { type Data, fromColumns } from './Dataset.js'
import { unpackText } from './Gzip.js'
import { checkInputs } from './Inputs.js'
import * as Label from './Label.js'
import { classReader, finiteText, labelSize } from './Scalar.js'

export interface CsvOptions<I extends Shape, L extends Label.Label> {
  /** The shape of one row; its numbers stand in row-major order. */
  readonly inputs: I
  readonly label: L
  /** Whether the first line names the columns; default false. */
  readonly header?: boolean
  /** Where the label (its first column, for value labels) stands: an index from 0, or a name of the header. */
  readonly labelColumn?: 'first' | 'last' | number | string
  /** One character; default a comma. */
  readonly separator?: string
  /** Bound on the unpacked file in bytes; default 1 GiB. */
  readonly maxBytes?: number
}

/** Line ends inside of a quoted field, which make a row longer than a line. */
const extraLines = (row: readonly string[]): number =>
  row.reduce((n, field) => n + (field.match(/\r\n|\r|\n/g)?.length ?? 0), 0)

const labelStart = (
  at: 'first' | 'last' | number | string,
  names: readonly string[] | undefined,
  last: number,
): number | string => {
  if (at === 'last') return last
  if (at === 'first') return 0
  if (typeof at === 'number') {
    return Number.isInteger(at) && at >= 0 && at <= last ? at : `there is no label column ${at}: the last is ${last}`
  }
  if (names === undefined) return `the label column ${quote(at)} is a name, but there is no header (header: true)`
  const index = names.indexOf(at)
  if (index < 0) return `the header has no column ${quote(at)}`
  return index <= last ? index : `the label needs ${names.length - last} columns from ${quote(at)} on`
}

/** How one file is read: local, mutable while the rows come in. */
interface Table {
  rows: number
  names: readonly string[] | undefined
  start: number
}

const parse = <I extends Shape, L extends Label.Label>(
  options: CsvOptions<I, L>,
  text: string,
): E.Either<DataError, Data<I, L>> => {
  const { inputs, label, header = false, labelColumn = 'last', separator = ',' } = options
  const inputSize = sizeOf(inputs)
  const outputs = labelSize(label)
  const width = inputSize + outputs
  const lines = (text.match(/\r\n|\r|\n/g)?.length ?? 0) + 1
  // a row takes at least two characters a field, so memory is bounded by the file's size
  const capacity = Math.min(lines, Math.floor((text.length + 1) / (2 * width)) + 1)
  const column = new Float32Array(capacity * inputSize)
  const labels = label.target === 'class' ? new Int32Array(capacity) : new Float32Array(capacity * outputs)
  const readClass = label.target === 'class' ? classReader(label) : undefined
  const readLabel = (field: string): number | string => readClass?.(field) ?? finiteText(field)
  const hasQuotes = text.includes('"')
  const table: Table = { rows: 0, names: undefined, start: 0 }

  const readHeader = (row: readonly string[]): string | undefined => {
    table.names = header ? row : undefined
    const start = labelStart(labelColumn, table.names, inputSize)
    if (typeof start === 'string') return `: ${start}`
    table.start = start
    return undefined
  }
  const readRow = (row: readonly string[]): string | undefined => {
    const { rows, start, names } = table
    for (let c = 0; c < width; c++) {
      const field = row[c] as string
      const isLabel = c >= start && c < start + outputs
      const value = isLabel ? readLabel(field) : finiteText(field)
      if (typeof value === 'string') {
        const name = names === undefined ? '' : ` (${quote(names[c] as string)})`
        return `, column ${c + 1}${name}: ${value}`
      }
      if (isLabel) labels[rows * outputs + c - start] = value
      else column[rows * inputSize + (c < start ? c : c - outputs)] = value
    }
    table.rows++
    return undefined
  }

  let line = 1
  let seen = 0
  let wrong: string | undefined
  dsvFormat(separator).parseRows(text, row => {
    if (wrong !== undefined) return null
    const blank = row.length === 1 && row[0] === ''
    if (!blank) {
      let complaint = row.length === width ? undefined : `: expected ${width} columns, but found ${row.length}`
      if (seen === 0) complaint ??= readHeader(row)
      if (!(header && seen === 0)) complaint ??= readRow(row)
      if (complaint !== undefined) {
        const mayBeHeader = seen === 0 && !header && complaint.endsWith('is not a number')
        wrong = `line ${line}${complaint}${mayBeHeader ? ' (is it a header? then say header: true)' : ''}`
      }
      seen++
    }
    line += 1 + (hasQuotes ? extraLines(row) : 0)
    return null
  })
  if (wrong !== undefined) return refuse(`csv: ${wrong}`)
  if (table.rows === 0) return refuse(`csv: the file has no rows${seen > 0 ? ' below its header' : ''}`)
  return E.right(
    fromColumns(
      inputs,
      label,
      table.rows,
      [[soleInput, column.slice(0, table.rows * inputSize)]],
      labels.slice(0, table.rows * outputs),
    ),
  )
}

/**
 * Reads a csv file, plain or gzipped. Blank lines are skipped; everything else must be a row of
 * `size of inputs + size of label` finite numbers. Classes may be integers or the label's names.
 *
 * @returns a `Left` whose message names the line (from 1) and column (from 1) of the first thing that is wrong
 */
export const csv =
  <const I extends Shape, const L extends Label.Label>(options: CsvOptions<I, L>) =>
  (bytes: Uint8Array): E.Either<DataError, Data<I, L>> => {
    const inputs = checkInputs(options.inputs)
    if (E.isLeft(inputs)) return inputs
    const label = Label.check(options.label)
    if (E.isLeft(label)) return label
    if (!/^[^"\r\n\\^\]0-9a-zA-Z.+-]$/.test(options.separator ?? ',')) {
      return refuse(`csv: the separator ${quote(options.separator ?? ',')} is not one character that separates`)
    }
    const text = unpackText(bytes, options.maxBytes)
    return E.isLeft(text) ? text : parse(options, text.right)
  }
