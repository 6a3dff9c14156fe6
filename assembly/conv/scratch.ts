// The scratch memory of convolve and convolveFilter: two slivers of B, a tile computed aside, a row of zeros, the table of
// a band, and the band's packed panels of A. `src/op/conv.lower.ts` computes its size.
import { CHUNK } from '../matmul/chunk'
import { BAND, ENTRY } from './band'

// @ts-ignore: decorator
@inline
export const SPARE: usize = 2 * <usize>CHUNK * 32
// @ts-ignore: decorator
@inline
export const ZEROS: usize = SPARE + 128
// @ts-ignore: decorator
@inline
export const TABLE: usize = ZEROS + 4 * CHUNK + 64
// @ts-ignore: decorator
@inline
export const PANELS: usize = TABLE + <usize>BAND * ENTRY
