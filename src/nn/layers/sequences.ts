/** What the layers of sequences share. A sequence [length, channels] counts as an image of one row. */
import * as E from '#fp/Either.js'
import type { Expr } from '../../graph/Expr.js'
import { that } from '../../graph/settings.js'
import { reshape } from '../../op/broadcast.js'
import type { OfRank, Shape } from '../../shape/Dims.js'
import { type Padding1d, span } from '../../shape/Sliding.js'
import { showShape } from '../../shape/TensorType.js'
import { isPair, isWhole, type Pads, placesOf, type Slides, type Two } from './images.js'

/** What a layer called L that takes sequences says to other shapes. */
export type Sequences<S extends Shape, L extends string> = OfRank<
  S,
  2,
  `${L}: expects sequences [length, channels], but the input is`,
  'put Layer.reshape(length, channels) before it'
>

/** Why a shape is no sequence, or null. */
export const sequenceFault = (x: Shape = []): string | null =>
  x.length === 2
    ? null
    : `expects sequences [length, channels], but the input is ${showShape(x)}; put Layer.reshape(length, channels) before it`

/** 'same', 'valid', 'causal', or before and after. */
export type Pads1d = 'same' | 'valid' | 'causal' | Two

export const pads1d = that<Pads1d>(
  '"same", "valid", "causal", a whole number >= 0 or [before, after]',
  (u): u is Pads1d => u === 'same' || u === 'valid' || u === 'causal' || isPair(isWhole)(u),
)

/** Padding as it is kept in settings: a number written out. */
export const pads1dOf = <P extends Padding1d>(p: P): Exclude<P, number> | Two =>
  typeof p === 'number' ? [p, p] : (p as Exclude<P, number>)

export interface Slides1d {
  readonly size: number
  readonly stride: number
  readonly dilation: number
  readonly padding: Pads1d
}

const padsAlong = ({ size, dilation, padding }: Slides1d): Pads => {
  if (padding === 'same' || padding === 'valid') return padding
  return [[0, 0], padding === 'causal' ? [span(size, dilation) - 1, 0] : padding]
}

/** The same over images of one row. */
export const along = (c: Slides1d): Slides => ({
  size: [1, c.size],
  stride: [1, c.stride],
  dilation: [1, c.dilation],
  padding: padsAlong(c),
})

/** How many places a window has on a sequence, or what does not fit. */
export const placed1d = (c: Slides1d, [length = 0]: Shape): E.Either<string, number> => {
  const { places, padded } = placesOf(along(c), [1, length])
  return places[1] >= 1
    ? E.right(places[1])
    : E.left(
        `the window ${c.size}${c.dilation === 1 ? '' : `, ${c.dilation} apart,`} is larger than the sequence of ${length} padded to ${padded[1]}; pad more, with padding: 'same' for example`,
      )
}

export const asImages = (x: Expr): Expr => reshape(x, [-1, 1, ...x.type.shape.slice(1)])
export const asSequences = (y: Expr): Expr => reshape(y, [-1, ...y.type.shape.slice(2)])
