/**
 * The geometry of windows that slide over images, for convolutions and pools: padding, strides, dilations and the sizes
 * that follow, as values and as types. An axis of n elements, padded by a before and b after, under a window of k elements d apart that moves by
 * s, gives
 *
 *     floor((n + a + b - (d (k - 1) + 1)) / s) + 1
 *
 * A transposed convolution gives the size that a convolution makes n of; of several the least, plus e:
 *
 *     (n - 1) s + d (k - 1) + 1 - a - b + e
 */
import type { Add, Larger, Multiply, Quotient, Subtract } from './Count.js'
import type { Shape } from './Dims.js'
import { showShape } from './TensorType.js'

/** One number for both axes, or [vertical, horizontal]. */
export type Pair = number | readonly [number, number]

/** [[top, bottom], [left, right]] */
export type Edges = readonly [readonly [number, number], readonly [number, number]]

/**
 * - 'valid': none.
 * - 'same': as TensorFlow pads, so that the output has ceil(n / stride) elements; of an odd number the end gets more.
 * - a number, or a number for each axis: as PyTorch pads, on both sides alike.
 * - the edges themselves.
 */
export type Padding = 'valid' | 'same' | Pair | Edges

/**
 * Of sequences. 'causal': all before, so that no place sees what comes after it; as many places as with 'same'. Numbers
 * are of both ends alike, or [before, after].
 */
export type Padding1d = 'valid' | 'same' | 'causal' | number | readonly [number, number]

export const pairOf = (x: Pair): readonly [number, number] => (typeof x === 'number' ? [x, x] : x)

/** The elements a window spans. */
export const span = (window: number, dilation = 1): number => dilation * (window - 1) + 1

/** How many places a window of `span` elements has on `size` padded elements; not positive where it has none. */
export const places = (size: number, spanned: number, stride: number): number =>
  Math.floor((size - spanned) / stride) + 1

/** What 'same' adds before and after an axis. */
const sameEdges = (size: number, spanned: number, stride: number): readonly [number, number] => {
  const all = Math.max(0, (Math.ceil(size / stride) - 1) * stride + spanned - size)
  const before = Math.floor(all / 2)
  return [before, all - before]
}

export interface Sliding {
  readonly window: readonly [number, number]
  readonly stride?: Pair
  readonly dilation?: Pair
  readonly padding?: Padding
}

/** The padding as [[top, bottom], [left, right]] for an image of a height and a width. */
export const edgesOf = (
  image: readonly [number, number],
  { window, stride = 1, dilation = 1, padding = 'valid' }: Sliding,
): Edges => {
  if (padding === 'valid')
    return [
      [0, 0],
      [0, 0],
    ]
  const [s, d] = [pairOf(stride), pairOf(dilation)]
  if (padding === 'same')
    return [sameEdges(image[0], span(window[0], d[0]), s[0]), sameEdges(image[1], span(window[1], d[1]), s[1])]
  if (typeof padding === 'number')
    return [
      [padding, padding],
      [padding, padding],
    ]
  const [y, x] = padding
  return [typeof y === 'number' ? [y, y] : y, typeof x === 'number' ? [x, x] : x]
}

/** Geometry as attributes of an operation: flat, [vertical, horizontal] and [top, bottom, left, right]. */
export interface SlidingAttrs {
  readonly [name: string]: readonly number[]
  readonly stride: readonly number[]
  readonly dilation: readonly number[]
  readonly padding: readonly number[]
}

/** The kinds of these attributes. */
export const slidingKinds = { stride: 'numbers', dilation: 'numbers', padding: 'numbers' } as const

export const slidingAttrs = (image: readonly [number, number], s: Sliding): SlidingAttrs => ({
  stride: pairOf(s.stride ?? 1),
  dilation: pairOf(s.dilation ?? 1),
  padding: edgesOf(image, s).flat(),
})

const whole = (xs: readonly number[], least: number): boolean => xs.every(x => Number.isInteger(x) && x >= least)

/** Why attributes are no geometry, or null. */
export const slidingFault = ({ stride, dilation, padding }: SlidingAttrs): string | null => {
  if (!(stride.length === 2 && whole(stride, 1)))
    return `the stride must be whole numbers >= 1, but it is ${showShape(stride)}`
  if (!(dilation.length === 2 && whole(dilation, 1)))
    return `the dilation must be whole numbers >= 1, but it is ${showShape(dilation)}`
  return padding.length === 4 && whole(padding, 0)
    ? null
    : `the padding must be whole numbers >= 0, but it is ${showShape(padding)}`
}

/** Positions are counted in 32 bits, from the first element of the padding to the last of a window. */
const most = 2_147_483_647

/** Why a window on an image cannot be counted, or null. */
export const vastFault = (
  image: readonly number[],
  window: readonly number[],
  { dilation, padding }: SlidingAttrs,
): string | null => {
  const long = [0, 1].some(i => {
    const padded = (image[i] ?? 0) + (padding[2 * i] ?? 0) + (padding[2 * i + 1] ?? 0)
    return padded + span(window[i] ?? 1, dilation[i]) > most
  })
  return long ? `the padded images and the windows span more than ${most} pixels; pad less, or dilate less` : null
}

/** The output's height and width; a size that is not positive says that the window does not fit. */
export const outputOf = (
  [height, width]: readonly [number, number],
  [kh, kw]: readonly [number, number],
  { stride, dilation, padding }: SlidingAttrs,
): readonly [number, number] => {
  const [top = 0, bottom = 0, left = 0, right = 0] = padding
  const [sy = 1, sx = 1] = stride
  const [dy = 1, dx = 1] = dilation
  return [places(height + top + bottom, span(kh, dy), sy), places(width + left + right, span(kw, dx), sx)]
}

/**
 * Whether a window at some of the places along an axis sees nothing but padding; a dilated one may also where the axis
 * slips through between two of its elements.
 */
export const isBlind = (
  axis: { readonly size: number; readonly before: number; readonly places: number },
  window: number,
  stride: number,
  dilation: number,
): boolean => {
  const { size, before } = axis
  const last = (axis.places - 1) * stride - before
  if (before >= span(window, dilation) || last >= size) return true
  if (size >= dilation) return false
  for (let start = -before; start < 0 && start <= last; start += stride)
    if (dilation - 1 - ((-start - 1) % dilation) >= size) return true
  return false
}

export interface Transposed {
  readonly window: readonly [number, number]
  readonly stride: readonly [number, number]
  readonly dilation: readonly [number, number]
  readonly padding: 'valid' | 'same' | Edges
  /** what is added at the end; null means nothing, but for 'valid' as much as makes n s of a window narrower than s */
  readonly extra: readonly [number, number] | null
}

/** The height and width of a transposed convolution's result; may not be positive. */
export const transposedSize = (
  image: readonly [number, number],
  { window, stride, dilation, padding, extra }: Transposed,
): readonly [number, number] => {
  const along = (i: 0 | 1): number => {
    const [n, s, spanned] = [image[i], stride[i], span(window[i], dilation[i])]
    if (padding === 'same') return n * s
    if (padding === 'valid' && extra === null) return (n - 1) * s + Math.max(spanned, s)
    const [before, after] = padding === 'valid' ? [0, 0] : padding[i]
    return (n - 1) * s + spanned - before - after + (extra === null ? 0 : extra[i])
  }
  return [along(0), along(1)]
}

// --- the same at the type level ---------------------------------------------------------------------------------------
type Axis = 0 | 1

type On<P extends Pair, A extends Axis> = P extends number ? P : P extends readonly number[] ? P[A] : number

type Span<K extends number, D extends number> = D extends 1 ? K : Add<Multiply<D, Subtract<K, 1>>, 1>

/** Both sides of an axis together. */
type Around<P extends Padding, A extends Axis> = P extends 'valid'
  ? 0
  : P extends number
    ? Add<P, P>
    : P extends readonly unknown[]
      ? P[A] extends number
        ? Add<P[A], P[A]>
        : P[A] extends readonly [infer B extends number, infer E extends number]
          ? Add<B, E>
          : number
      : number

type Slid<N extends number, K extends number, S extends number, D extends number, P extends Padding, A extends Axis> = [
  P,
] extends ['same']
  ? Quotient<Add<N, Subtract<S, 1>>, S>
  : Add<Quotient<Subtract<Add<N, Around<P, A>>, Span<K, D>>, S>, 1>

/**
 * An image S under windows of size K with stride T, dilation D and padding P, in C channels; a size that cannot be known
 * is `number`.
 */
export type Slid2d<
  S extends Shape,
  C extends number,
  K extends Pair,
  T extends Pair,
  D extends Pair,
  P extends Padding,
> = readonly [Slid<S[0], On<K, 0>, On<T, 0>, On<D, 0>, P, 0>, Slid<S[1], On<K, 1>, On<T, 1>, On<D, 1>, P, 1>, C]

type Flat<P extends Padding1d> = P extends 'causal'
  ? 'same'
  : P extends readonly [infer B extends number, infer E extends number]
    ? readonly [readonly [0, 0], readonly [B, E]]
    : P extends 'valid' | 'same' | number
      ? P
      : number

/** A sequence S under windows of size K with stride T, dilation D and padding P, in C channels. */
export type Slid1d<
  S extends Shape,
  C extends number,
  K extends number,
  T extends number,
  D extends number,
  P extends Padding1d,
> = readonly [Slid<S[0], K, T, D, Flat<P>, 1>, C]

/** What is added at the end; null where nothing was said. */
export type Extra = Pair | null

type Spread<
  N extends number,
  K extends number,
  T extends number,
  D extends number,
  P extends Padding,
  X extends Extra,
  A extends Axis,
> = [P] extends ['same']
  ? Multiply<N, T>
  : [P, X] extends ['valid', null]
    ? Add<Multiply<Subtract<N, 1>, T>, Larger<Span<K, D>, T>>
    : Add<Subtract<Add<Multiply<Subtract<N, 1>, T>, Span<K, D>>, Around<P, A>>, X extends Pair ? On<X, A> : 0>

/** An image S under a transposed convolution to C channels; a size that cannot be known is `number`. */
export type Spread2d<
  S extends Shape,
  C extends number,
  K extends Pair,
  T extends Pair,
  D extends Pair,
  P extends Padding,
  X extends Extra,
> = readonly [
  Spread<S[0], On<K, 0>, On<T, 0>, On<D, 0>, P, X, 0>,
  Spread<S[1], On<K, 1>, On<T, 1>, On<D, 1>, P, X, 1>,
  C,
]

/** The same of a sequence. */
export type Spread1d<
  S extends Shape,
  C extends number,
  K extends number,
  T extends number,
  D extends number,
  P extends Padding1d,
  X extends number | null,
> = readonly [Spread<S[0], K, T, D, Flat<P>, X, 1>, C]

/** An image S without its edges P. */
export type Cropped2d<S extends Shape, P extends Pair | Edges> = readonly [
  Subtract<S[0], Around<P, 0>>,
  Subtract<S[1], Around<P, 1>>,
  S[2],
]
