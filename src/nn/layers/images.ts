/** What the layers of images share: their types, the codecs of their settings, and how they refuse other shapes. */
import * as E from '#fp/Either.js'
import { size, that } from '../../graph/settings.js'
import type { OfRank, Shape } from '../../shape/Dims.js'
import { type Edges, edgesOf, outputOf, type Padding, type Pair, slidingAttrs } from '../../shape/Sliding.js'
import { showShape } from '../../shape/TensorType.js'

/** What a layer called L that takes images says to other shapes. */
export type Images<S extends Shape, L extends string> = OfRank<
  S,
  3,
  `${L}: expects images [height, width, channels], but the input is`,
  'put Layer.reshape(height, width, channels) before it'
>

/** Why a shape is no image, or null. */
export const imageFault = (x: Shape = []): string | null =>
  x.length === 3
    ? null
    : `expects images [height, width, channels], but the input is ${showShape(x)}; put Layer.reshape(height, width, channels) before it`

export type Two = readonly [number, number]

/** Lists of two; not by `every`, which passes over what is missing from a list. */
export const isPair =
  <A>(holds: (u: unknown) => u is A) =>
  (u: unknown): u is readonly [A, A] =>
    Array.isArray(u) && u.length === 2 && holds(u[0]) && holds(u[1])

export const isWhole = (u: unknown): u is number =>
  typeof u === 'number' && Number.isInteger(u) && u >= 0 && u <= 65_536

/** Two sizes, [vertical, horizontal]. */
export const two = that<Two>('a whole number >= 1, or two', isPair(size.is))

export const isEdges = isPair(isPair(isWhole))

/** 'same', 'valid' or the edges. */
export type Pads = 'same' | 'valid' | Edges

export const pads = that<Pads>(
  '"same", "valid", whole numbers >= 0 or [[top, bottom], [left, right]]',
  (u): u is Pads => u === 'same' || u === 'valid' || isEdges(u),
)

/** Edges as they are kept in settings: numbers written out, and as it is what the codec will refuse. */
export const writtenOut = (p: Pair | Edges): Edges => {
  if (typeof p !== 'number' && !Array.isArray(p)) return p as Edges
  const [y, x] = typeof p === 'number' ? [p, p] : p
  return [typeof y === 'number' ? [y, y] : y, typeof x === 'number' ? [x, x] : x]
}

export const padsOf = (p: Padding): Pads => (typeof p === 'string' ? p : writtenOut(p))

/** A window that slides over images. */
export interface Slides {
  readonly size: Two
  readonly stride: Two
  readonly dilation: Two
  readonly padding: Pads
}

/** How many places a window has down and across, and the padded image. */
export const placesOf = (
  { size: window, ...rest }: Slides,
  image: Two,
): { readonly places: Two; readonly padded: Two } => {
  const sliding = { window, ...rest }
  const [[top, bottom], [left, right]] = edgesOf(image, sliding)
  return {
    places: outputOf(image, window, slidingAttrs(image, sliding)),
    padded: [image[0] + top + bottom, image[1] + left + right],
  }
}

/** How many places a window has down and across, or what does not fit. */
export const placed = (c: Slides, [height = 0, width = 0]: Shape): E.Either<string, Two> => {
  const { places, padded } = placesOf(c, [height, width])
  return places.every(n => n >= 1)
    ? E.right(places)
    : E.left(
        `the window ${showShape(c.size)} is larger than the image ${showShape([height, width])} padded to ${showShape(padded)}; pad more, with padding: 'same' for example`,
      )
}
