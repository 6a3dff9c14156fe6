/** What the layers of images share: their types, the codecs of their settings, and how they refuse other shapes. */
import { size, that } from '../../graph/settings.js'
import type { OfRank, Shape } from '../../shape/Dims.js'
import type { Edges, Padding } from '../../shape/Sliding.js'
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

export const isPair =
  (holds: (u: unknown) => u is number) =>
  (u: unknown): u is Two =>
    Array.isArray(u) && u.length === 2 && u.every(holds)

export const isWhole = (u: unknown): u is number =>
  typeof u === 'number' && Number.isInteger(u) && u >= 0 && u <= 65_536

/** Two sizes, [vertical, horizontal]. */
export const two = that<Two>('a whole number >= 1, or two', isPair(size.is))

const isEdges = (u: unknown): u is Edges => Array.isArray(u) && u.length === 2 && u.every(isPair(isWhole))

/** 'same', 'valid' or the edges. */
export type Pads = 'same' | 'valid' | Edges

export const pads = that<Pads>(
  '"same", "valid", whole numbers >= 0 or [[top, bottom], [left, right]]',
  (u): u is Pads => u === 'same' || u === 'valid' || isEdges(u),
)

/** Padding as it is kept in settings: numbers written out as edges. */
export const padsOf = (p: Padding): Pads => {
  if (typeof p === 'string') return p
  const [y, x] = typeof p === 'number' ? [p, p] : p
  return [typeof y === 'number' ? [y, y] : y, typeof x === 'number' ? [x, x] : x]
}
