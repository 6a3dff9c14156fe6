/** Numbers of the host in linear memory. */
import { resolveDim, sizeOf } from '../shape/TensorType.js'
import type { Located } from './layout.js'

/** Values on the host: f32, i32 (also masks) or f64. */
export type Bits = Float32Array | Int32Array | Float64Array

/** A buffer seen as elements of every width; made once, since the memory never grows. */
export interface Views {
  readonly f32: Float32Array
  readonly i32: Int32Array
  readonly f64: Float64Array
}

export const viewsOf = (buffer: ArrayBufferLike): Views => ({
  f32: new Float32Array(buffer),
  i32: new Int32Array(buffer),
  f64: new Float64Array(buffer),
})

/** Whether it is an element of i32, signed or, as the words of keys are, unsigned. */
export const isWord = (x: unknown): boolean => typeof x === 'number' && ((x | 0) === x || x >>> 0 === x)

/** Writes numbers as a tensor of the type; a bool is true unless it is 0. */
export const writeNumbers = (views: Views, { at, type }: Located, values: ArrayLike<number>): void => {
  if (type.dtype === 'f32') views.f32.set(values, at / 4)
  else if (type.dtype === 'f64') views.f64.set(values, at / 8)
  else views.i32.set(type.dtype === 'bool' ? Int32Array.from(values, v => (v ? -1 : 0)) : values, at / 4)
}

export const readNumbers = (views: Views, { at, type }: Located, rows: number): Bits => {
  const n = resolveDim(sizeOf(type.shape), rows)
  if (type.dtype === 'f64') return views.f64.slice(at / 8, at / 8 + n)
  return (type.dtype === 'f32' ? views.f32 : views.i32).slice(at / 4, at / 4 + n)
}
