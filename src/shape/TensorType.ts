/**
 * The type of a tensor inside a program: dtype and dimensions.
 *
 * A negative dimension -k stands for k times the number of rows (examples) of a batch, which is known only when the
 * program runs: -1 is the batch itself, -49 a batch of 7x7 images seen as rows. Sizes multiply as numbers do, and a
 * tensor has at most one such dimension, so one program serves every batch size.
 */
import type { DType } from './DType.js'
import { bytesOf } from './DType.js'

export interface TensorType {
  readonly dtype: DType
  readonly shape: readonly number[]
}

export const tensorType = (dtype: DType, shape: readonly number[] = []): TensorType => ({ dtype, shape })

/** Number of elements; negative when it is a multiple of the rows. */
export const sizeOf = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1)

/** The dimension, or the number of elements, for a given number of rows. */
export const resolveDim = (dim: number, rows: number): number => (dim < 0 ? -dim * rows : dim)

export const resolveShape = (shape: readonly number[], rows: number): readonly number[] =>
  shape.map(d => resolveDim(d, rows))

export const resolveType = (type: TensorType, rows: number): TensorType => ({
  dtype: type.dtype,
  shape: resolveShape(type.shape, rows),
})

/** Bytes of a tensor with `rows` rows. */
export const byteSize = (type: TensorType, rows: number): number =>
  resolveDim(sizeOf(type.shape), rows) * bytesOf(type.dtype)

export const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((d, i) => d === b[i])

export const sameType = (a: TensorType, b: TensorType): boolean => a.dtype === b.dtype && sameShape(a.shape, b.shape)

const showDim = (d: number): string => (d >= 0 ? `${d}` : d === -1 ? 'rows' : `${-d}*rows`)

/** `[rows, 784]` */
export const showShape = (shape: readonly number[]): string => `[${shape.map(showDim).join(', ')}]`

/** `f32[rows, 784]` */
export const showType = (type: TensorType): string => `${type.dtype}${showShape(type.shape)}`

/** Kernels that move data walk this many axes. */
export const maxRank = 8

/** Why no program can hold a tensor of this type, or null. */
export const typeFault = (type: TensorType): string | null => {
  const { dtype, shape } = type
  if (!shape.every(d => Number.isSafeInteger(d))) return `${showType(type)} has a size that is not a whole number`
  if (shape.filter(d => d < 0).length > 1) return `${showType(type)} depends on the rows twice`
  if (shape.length > maxRank) return `${showType(type)} has more than ${maxRank} axes`
  if (dtype === 'f64' && shape.length > 0) return `${showType(type)}: f64 holds scalars only`
  return dtype === 'u8' ? `${showType(type)}: u8 only stores data sets` : null
}

/** Row-major strides, in elements, of a resolved shape. */
export const stridesOf = (shape: readonly number[]): readonly number[] => {
  const strides = new Array<number>(shape.length)
  let n = 1
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = n
    n *= shape[i] as number
  }
  return strides
}
