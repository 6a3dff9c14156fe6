/** What the lowerings of a convolution share. */
import type { Call } from '../graph/Op.js'

/** A convolution with everything known; `start` is the padding before each axis. */
export interface Geometry {
  readonly rows: number
  readonly image: readonly [number, number]
  readonly channels: number
  readonly window: readonly [number, number]
  readonly places: readonly [number, number]
  readonly filters: number
  readonly stride: readonly [number, number]
  readonly dilation: readonly [number, number]
  readonly start: readonly [number, number]
  readonly groups: number
}

/** The calls of a convolution, and the bytes of scratch memory they need. */
export interface Way {
  readonly calls: readonly Call[]
  readonly scratch: number
}

/** A signed number as a word. */
export const signed = (x: number): number => x >>> 0

/** How filters are kept: for every pair of channels so many numbers as `forward` has rows. */
export interface Kept {
  /** elements in all */
  readonly size: number
  /** where number p of channel c (of its group) and filter o stands */
  readonly at: (p: number, c: number, o: number) => number
  /** the numbers as sums over the taps of the window, and the taps as sums over them */
  readonly forward: readonly (readonly number[])[]
  readonly backward: readonly (readonly number[])[]
}

/** A convolution in two: what it does to its filters, which may be done once for many images, and the rest. */
export interface Halves {
  readonly kept: Kept
  readonly filters: Way
  readonly output: Way
}
