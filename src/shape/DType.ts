/**
 * Element types. `bool` is stored as a 32-bit lane mask (all ones or zero), `u8` only stores data sets,
 * `f64` exists at rank 0 only: it holds the step's scalars (counter, rates, bias corrections).
 */
export type DType = 'f32' | 'i32' | 'bool' | 'u8' | 'f64'

/** Bytes one element takes in linear memory. */
export const bytesOf = (dtype: DType): number => (dtype === 'f64' ? 8 : dtype === 'u8' ? 1 : 4)
