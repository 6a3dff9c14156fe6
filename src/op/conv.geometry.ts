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

/** k's of a chunk of a sum, equal to the constant of the kernels. */
export const CHUNK = 256

export const roundUp = (bytes: number): number => Math.ceil(bytes / 64) * 64

/** Whether every channel is by itself. */
export const isDepthwise = (g: Geometry): boolean => g.groups > 1 && g.groups === g.channels

/** The taps of a window as they are: what `Kept` says of filters that are only laid out. */
export const asTheyAre = ({ window }: Geometry): Pick<Kept, 'forward' | 'backward'> => {
  const taps = Array.from({ length: window[0] * window[1] }, (_, i) => i)
  const unit = taps.map(i => taps.map(j => (i === j ? 1 : 0)))
  return { forward: unit, backward: unit }
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
