/**
 * The idx format of the MNIST files: two zero bytes, a dtype byte, the rank, the sizes as big-endian 32-bit integers,
 * then the numbers, big-endian and row-major. Source: yann.lecun.com/exdb/mnist.
 */
import * as E from '#fp/Either.js'
import type { Shape } from '../shape/Dims.js'
import { soleInput } from '../shape/inputs.js'
import { sameShape, showShape, sizeOf } from '../shape/TensorType.js'
import { type DataError, refuse } from './DataError.js'
import { type Column, type Data, fromColumns } from './Dataset.js'
import { unpack } from './Gzip.js'
import { checkInputs } from './Inputs.js'
import * as Label from './Label.js'
import { classReader, finite } from './Scalar.js'

export interface IdxOptions<I extends Shape, L extends Label.Label> {
  /** The shape of one row; sizes of 1 may be left out of it or of the file, and a vector takes any shape. */
  readonly inputs: I
  readonly label: L
  /** Bound on each unpacked file in bytes; default 1 GiB. */
  readonly maxBytes?: number
}

/** An idx tensor: bytes stay bytes, integers become int32, floats become float32. */
export interface IdxTensor {
  readonly shape: Shape
  readonly values: Column
}

interface Kind {
  readonly bytes: number
  readonly float: boolean
  readonly read: (v: DataView, at: number) => number
}

const KINDS: ReadonlyMap<number, Kind> = new Map([
  [0x08, { bytes: 1, float: false, read: (v, at) => v.getUint8(at) }],
  [0x09, { bytes: 1, float: false, read: (v, at) => v.getInt8(at) }],
  [0x0b, { bytes: 2, float: false, read: (v, at) => v.getInt16(at) }],
  [0x0c, { bytes: 4, float: false, read: (v, at) => v.getInt32(at) }],
  [0x0d, { bytes: 4, float: true, read: (v, at) => v.getFloat32(at) }],
  [0x0e, { bytes: 8, float: true, read: (v, at) => v.getFloat64(at) }],
] satisfies (readonly [number, Kind])[])

const UNSIGNED_BYTE = 0x08
const HIGHEST_RANK = 8

const decode = (bytes: Uint8Array): IdxTensor | string => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (bytes.length < 4) return `the file has only ${bytes.length} bytes`
  const magic = view.getUint32(0)
  const dtype = (magic >>> 8) & 255
  const rank = magic & 255
  const kind = KINDS.get(dtype)
  if (magic >>> 16 !== 0) return 'this is no idx file: it does not begin with two zero bytes'
  if (kind === undefined) return `0x${dtype.toString(16)} is no idx dtype`
  if (rank < 1 || rank > HIGHEST_RANK) return `the rank is ${rank}, but must be 1 to ${HIGHEST_RANK}`
  const start = 4 + 4 * rank
  if (bytes.length < start) return `the file ends within its sizes, after ${bytes.length} bytes`
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i))
  const size = sizeOf(shape)
  const want = start + size * kind.bytes
  if (bytes.length !== want) return `sizes ${showShape(shape)} need ${want} bytes, but the file has ${bytes.length}`
  if (dtype === UNSIGNED_BYTE) return { shape, values: bytes.slice(start) }
  const values = kind.float ? new Float32Array(size) : new Int32Array(size)
  for (let i = 0; i < size; i++) {
    const value = kind.read(view, start + i * kind.bytes)
    const checked = kind.float ? finite(value) : value
    if (typeof checked === 'string') return `element ${i}: ${checked}`
    values[i] = checked
  }
  return { shape, values }
}

/** One idx file, plain or gzipped, as a tensor. */
export const idxTensor = (bytes: Uint8Array, maxBytes?: number): E.Either<DataError, IdxTensor> => {
  const unpacked = unpack(bytes, maxBytes)
  if (E.isLeft(unpacked)) return unpacked
  const tensor = decode(unpacked.right)
  return typeof tensor === 'string' ? refuse(tensor) : E.right(tensor)
}

const withoutOnes = (shape: Shape): Shape => shape.filter(d => d !== 1)

/** Whether the rows of a file, with sizes `have`, are of `want`: up to sizes of 1, or flattened to a vector. */
const fits = (want: Shape, have: Shape): boolean =>
  sameShape(withoutOnes(want), withoutOnes(have)) || (want.length === 1 && want[0] === sizeOf(have))

const toLabels = (label: Label.Label, file: IdxTensor): Int32Array | Float32Array | string => {
  const rows = file.shape.slice(1)
  if (label.target === 'values') {
    return fits(label.shape, rows)
      ? Float32Array.from(file.values)
      : `a row is ${showShape(rows)}, but the label is ${showShape(label.shape)}`
  }
  if (sizeOf(rows) !== 1) return `a row is ${showShape(rows)}, but a class label is one number`
  const read = classReader(label)
  const labels = new Int32Array(file.values.length)
  for (let r = 0; r < labels.length; r++) {
    const id = read(file.values[r])
    if (typeof id === 'string') return `row ${r + 1}: ${id}`
    labels[r] = id
  }
  return labels
}

/**
 * Reads a pair of idx files, plain or gzipped: inputs and labels. Images of bytes stay bytes.
 *
 * @returns a `Left` that says which file is wrong, and how: magic, sizes, length, number of rows, a label or a number
 */
export const idx =
  <const I extends Shape, const L extends Label.Label>(options: IdxOptions<I, L>) =>
  (files: { readonly images: Uint8Array; readonly labels: Uint8Array }): E.Either<DataError, Data<I, L>> => {
    const inputs = checkInputs(options.inputs)
    if (E.isLeft(inputs)) return inputs
    const label = Label.check(options.label)
    if (E.isLeft(label)) return label
    const images = idxTensor(files.images, options.maxBytes)
    if (E.isLeft(images)) return refuse(`idx: images: ${images.left.message}`)
    const answers = idxTensor(files.labels, options.maxBytes)
    if (E.isLeft(answers)) return refuse(`idx: labels: ${answers.left.message}`)
    const [size = 0, ...row] = images.right.shape
    const [count = 0] = answers.right.shape
    if (size === 0) return refuse('idx: images: there are no rows')
    if (!fits(inputs.right, row)) {
      return refuse(`idx: images: a row is ${showShape(row)}, but the input is ${showShape(inputs.right)}`)
    }
    if (size !== count) return refuse(`idx: there are ${size} images, but ${count} labels`)
    const labels = toLabels(label.right, answers.right)
    if (typeof labels === 'string') return refuse(`idx: labels: ${labels}`)
    return E.right(fromColumns(inputs.right, label.right, size, [[soleInput, images.right.values]], labels))
  }
