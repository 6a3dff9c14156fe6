/**
 * Numbers of one row, or of all rows, given in memory or by JSON: a flat list in row-major order, or lists nested
 * like the shape. Everything is checked; what is wrong comes back as a string.
 */
import type { Shape } from '../shape/Dims.js'
import { showShape, sizeOf } from '../shape/TensorType.js'
import { under } from './DataError.js'
import type { Column } from './Dataset.js'
import { finite } from './Scalar.js'

/** Lists of numbers, nested to any depth. */
export type Nested = readonly (number | Nested)[]

/** Numbers in memory; integers of 8 and 32 bits keep their type, everything else is stored as float32. */
export type Numbers = Column | Float64Array | Uint8ClampedArray | Nested

/** A list or a typed array. */
export const isList = (x: unknown): x is ArrayLike<unknown> =>
  Array.isArray(x) || (ArrayBuffer.isView(x) && !(x instanceof DataView))

const writeScalar = (x: unknown, out: Float32Array, at: number): string | undefined => {
  const value = finite(x)
  if (typeof value === 'string') return value
  out[at] = value
  return undefined
}

const writeFlat = (list: ArrayLike<unknown>, out: Float32Array, at: number): string | undefined => {
  for (let i = 0; i < list.length; i++) {
    const wrong = writeScalar(list[i], out, at + i)
    if (wrong !== undefined) return under(`[${i}]`, wrong)
  }
  return undefined
}

/** Writes one tensor of `shape` to `out[at...]`, or says what is wrong. Depth is bounded by the shape's rank. */
export const writeTensor = (shape: Shape, x: unknown, out: Float32Array, at: number): string | undefined => {
  const size = sizeOf(shape)
  if (shape.length === 0 && !isList(x)) return writeScalar(x, out, at)
  if (!isList(x)) return `expected the numbers of ${showShape(shape)}, but found no list`
  if (shape.length < 2 || !isList(x[0])) {
    return x.length === size
      ? writeFlat(x, out, at)
      : `expected ${size} numbers for ${showShape(shape)}, but found ${x.length}`
  }
  const [first = 0, ...rest] = shape
  if (x.length !== first) return `expected ${first} lists for ${showShape(shape)}, but found ${x.length}`
  for (let i = 0; i < first; i++) {
    const wrong = writeTensor(rest, x[i], out, at + i * sizeOf(rest))
    if (wrong !== undefined) return under(`[${i}]`, wrong)
  }
  return undefined
}

const fromFlat = (shape: Shape, x: ArrayLike<unknown>): Column | string => {
  const size = sizeOf(shape)
  if (x.length % size !== 0) return `${x.length} numbers are no whole number of rows of ${size}`
  if (x instanceof Uint8Array || x instanceof Int32Array) return x.slice()
  if (x instanceof Uint8ClampedArray) return Uint8Array.from(x)
  const out = new Float32Array(x.length)
  return writeFlat(x, out, 0) ?? out
}

/** A column of rows of `shape` out of one flat array of all rows, or a list of rows. */
export const toColumn = (shape: Shape, x: unknown): Column | string => {
  if (!isList(x)) return 'expected a list of rows'
  if (x.length === 0) return 'there are no rows'
  if (!isList(x[0])) return fromFlat(shape, x)
  const size = sizeOf(shape)
  const out = new Float32Array(x.length * size)
  for (let r = 0; r < x.length; r++) {
    const wrong = writeTensor(shape, x[r], out, r * size)
    if (wrong !== undefined) return under(`[${r}]`, wrong)
  }
  return out
}
