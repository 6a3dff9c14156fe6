/**
 * Comma-separated values (RFC 4180 as d3-dsv reads it): one row of numbers a line, the label first or last. A file
 * of numbers alone, all as JSON writes them, is left to the host's JSON, which reads it several times as fast.
 */
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
import { readWeight, readWeightText } from './weights.js'

export interface CsvOptions<I extends Shape, L extends Label.Label> {
  /** The shape of one row; its numbers stand in row-major order. */
  readonly inputs: I
  readonly label: L
  /** Whether the first line names the columns; default false. */
  readonly header?: boolean
  /** Where the label (its first column, for value labels) stands: an index from 0, or a name of the header. */
  readonly labelColumn?: 'first' | 'last' | number | string
  /**
   * Where a number stands that says how much the row counts in the loss, if anywhere: an index from 0, or a name of the
   * header. The label is then first or last among the other columns.
   */
  readonly weightColumn?: number | string
  /** One character; default a comma. */
  readonly separator?: string
  /** Bound on the unpacked file in bytes; default 1 GiB. */
  readonly maxBytes?: number
}

const lineEnd = (): RegExp => /\r\n|\r|\n/g

/** Line ends inside of a quoted field, which make a row longer than a line. */
const extraLines = (row: readonly string[]): number =>
  row.reduce((n, field) => n + (field.match(lineEnd())?.length ?? 0), 0)

/** What does not stand in numbers as JSON writes them, apart by commas. */
const notPlain = /[^-+.\deE,\s]/

/** The numbers of a plain line; none if JSON does not write them so. */
const jsonNumbers = (line: string): readonly number[] => {
  try {
    return JSON.parse(`[${line}]`)
  } catch {
    return []
  }
}

/** Whether no number was too large; JSON has no other that is not finite. */
const allFinite = (all: Float32Array | Int32Array): boolean =>
  !all.includes(Number.POSITIVE_INFINITY) && !all.includes(Number.NEGATIVE_INFINITY)

/** The index of the column with a name, or what is wrong. */
const columnNamed = (name: string, what: string, names: readonly string[] | undefined): number | string => {
  if (names === undefined) return `the ${what} column ${quote(name)} is a name, but there is no header (header: true)`
  const index = names.indexOf(name)
  if (index < 0) return `the header has no column ${quote(name)}`
  return names.includes(name, index + 1) ? `the header has two columns ${quote(name)}` : index
}

/** Where the label begins among the columns other than the weight's, which stands at `weight`; or what is wrong. */
const labelStart = (
  at: 'first' | 'last' | number | string,
  names: readonly string[] | undefined,
  last: number,
  weight: number,
): number | string => {
  if (at === 'last') return last
  if (at === 'first') return 0
  if (typeof at === 'number') {
    const place = at > weight ? at - 1 : at
    return Number.isInteger(at) && at >= 0 && place <= last
      ? place
      : `there is no label column ${at}: the last is ${last < weight ? last : last + 1}`
  }
  const index = columnNamed(at, 'label', names)
  return typeof index === 'string' || index <= last
    ? index
    : `the label needs ${(names?.length ?? 0) - last} columns from ${quote(at)} on`
}

/** The index of the weight's column, or what is wrong. */
const weightPlace = (at: number | string, names: readonly string[] | undefined, width: number): number | string => {
  if (typeof at === 'number')
    return Number.isInteger(at) && at >= 0 && at < width
      ? at
      : `there is no weight column ${at}: the last is ${width - 1}`
  return columnNamed(at, 'weight', names)
}

/** How one file is read: local, mutable while the rows come in. */
interface Table {
  rows: number
  names: readonly string[] | undefined
  start: number
  /** where the weight stands; Infinity if there is none */
  weight: number
}

const parse = <I extends Shape, L extends Label.Label>(
  options: CsvOptions<I, L>,
  text: string,
): E.Either<DataError, Data<I, L>> => {
  const { inputs, label, header = false, labelColumn = 'last', separator = ',' } = options
  const inputSize = sizeOf(inputs)
  const outputs = labelSize(label)
  const { weightColumn } = options
  const width = inputSize + outputs + (weightColumn === undefined ? 0 : 1)
  const lines = (text.match(lineEnd())?.length ?? 0) + 1
  // a row takes at least two characters a field, so memory is bounded by the file's size
  const capacity = Math.min(lines, Math.floor((text.length + 1) / (2 * width)) + 1)
  const column = new Float32Array(capacity * inputSize)
  const labels = label.target === 'class' ? new Int32Array(capacity) : new Float32Array(capacity * outputs)
  const weights = weightColumn === undefined ? null : new Float32Array(capacity)
  const readClass = label.target === 'class' ? classReader(label) : undefined
  const readLabel = readClass ?? finiteText
  const hasNames = label.target === 'class' && label.names !== undefined
  const hasQuotes = text.includes('"')
  const table: Table = { rows: 0, names: undefined, start: 0, weight: Number.POSITIVE_INFINITY }

  const readHeader = (row: readonly string[]): string | undefined => {
    table.names = header ? row : undefined
    if (weightColumn !== undefined) {
      const place = weightPlace(weightColumn, table.names, width)
      if (typeof place === 'string') return `: ${place}`
      table.weight = place
    }
    const { weight } = table
    if (labelColumn === weight || (labelColumn === weightColumn && typeof labelColumn === 'string'))
      return `: the column ${quote(`${labelColumn}`)} cannot be both the label and the weight`
    const others = table.names?.filter((_, c) => c !== weight)
    const start = labelStart(labelColumn, others, inputSize, weight)
    if (typeof start === 'string') return `: ${start}`
    table.start = start
    return undefined
  }
  const readRow = (row: readonly string[]): string | undefined => {
    const { rows, start, names, weight } = table
    for (const [c, field] of row.entries()) {
      const k = c < weight ? c : c - 1 // among the columns that are no weight
      const isWeight = c === weight
      const isLabel = !isWeight && k >= start && k < start + outputs
      const value = isWeight ? readWeightText(field) : isLabel ? readLabel(field) : finiteText(field)
      if (typeof value === 'string') {
        const name = names === undefined ? '' : ` (${quote(names[c] as string)})`
        return `, column ${c + 1}${name}: ${value}`
      }
      if (isWeight && weights) weights[rows] = value
      else if (isLabel) labels[rows * outputs + k - start] = value
      else column[rows * inputSize + (k < start ? k : k - outputs)] = value
    }
    table.rows++
    return undefined
  }

  let line = 1
  let seen = 0
  /** Reads one more row, or says what is wrong with it. */
  const take = (row: readonly string[]): string | undefined => {
    const blank = row.length === 1 && row[0] === ''
    const isHeader = header && seen === 0
    if (!blank) {
      let complaint = row.length === width ? undefined : `: expected ${width} columns, but found ${row.length}`
      if (seen === 0) complaint ??= readHeader(row)
      if (!isHeader) complaint ??= readRow(row)
      if (complaint !== undefined) return complaint
      seen++
    }
    line += 1 + (hasQuotes ? extraLines(row) : 0)
    return undefined
  }
  /** Takes a row of numbers at once; false where something is wrong with it. */
  const takeNumbers = (row: readonly number[]): boolean => {
    if (row.length !== width) return false
    const { rows, start, weight } = table
    const fields = weights ? row.filter((_, c) => c !== weight) : row
    const target = fields.slice(start, start + outputs)
    if (readClass && typeof readClass(target[0]) === 'string') return false
    if (weights && typeof readWeight(row[weight]) === 'string') return false
    column.set(fields.slice(0, start), rows * inputSize)
    column.set(fields.slice(start + outputs), rows * inputSize + start)
    labels.set(target, rows * outputs)
    if (weights) weights[rows] = row[weight] as number
    table.rows++
    return true
  }
  /** Takes the text if its lines are plain, but for the header, and all is well; else false, and nothing is taken. */
  const takeLines = (): boolean => {
    const ends = lineEnd()
    const top = header ? ends.exec(text) : null
    if (separator !== ',' || hasNames || notPlain.test(text.slice(ends.lastIndex))) return false
    const names = text.slice(0, top?.index ?? 0)
    if (header && (names.includes('"') || names.split(separator).length !== width)) return false
    if (readHeader(names.split(separator)) !== undefined) return false
    for (let from = ends.lastIndex; from < text.length; ) {
      const end = ends.exec(text)
      const line = text.slice(from, end?.index)
      if (line !== '' && !takeNumbers(jsonNumbers(line))) return false
      from = end ? ends.lastIndex : text.length
    }
    return table.rows > 0 && allFinite(column) && allFinite(labels)
  }
  const isTaken = takeLines()
  if (!isTaken) table.rows = 0
  let wrong: string | undefined
  dsvFormat(separator).parseRows(isTaken ? '' : text, row => {
    if (wrong !== undefined) return null
    const complaint = take(row)
    if (complaint !== undefined) {
      const mayBeHeader = seen === 0 && !header && complaint.endsWith('is not a number')
      wrong = `line ${line}${complaint}${mayBeHeader ? ' (is it a header? then say header: true)' : ''}`
    }
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
      weights?.slice(0, table.rows) ?? null,
    ),
  )
}

/**
 * Reads a csv file, plain or gzipped. Blank lines are skipped; everything else must be a row of
 * `size of inputs + size of label` finite numbers, and a weight where `weightColumn` says so. Classes may be integers or the label's names.
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
