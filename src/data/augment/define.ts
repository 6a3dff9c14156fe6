/** How an augmentation is declared: its settings, how much it draws for a row, and what it makes of the row. */
import type * as t from '#io/index.js'
import type { Definition, Spec } from '../../graph/Spec.js'
import { erase } from '../../graph/settings.js'
import type { Picture, Size } from './picture.js'

/** Independent uniform numbers within (0, 1). */
export type Draws = readonly number[]

/** A row mixed of two: the first one's share in the label, and each number of an input from those of both. */
export interface Mixture {
  readonly share: number
  readonly mix: (a: Float32Array, b: Float32Array) => Float32Array
}

interface Common<C> {
  /** qualified: `gradus/flip`, `acme/fog` */
  readonly kind: string
  readonly config: t.Type<C, unknown>
  /** how many numbers it draws for a row */
  readonly draws: number
  /** what of the settings does not fit pictures of a size, null if all does */
  readonly misfit?: (config: C, size: Size) => string | null
}

/** What `define` takes for pictures that are changed one by one; the result has the same size. */
export interface PictureDef<C> extends Common<C> {
  readonly picture: (config: C, draws: Draws) => (x: Picture) => Picture
}

/** What `define` takes for rows that are mixed with others. `size` is null where no input is a picture. */
export interface MixDef<C> extends Common<C> {
  readonly mix: (config: C, draws: Draws, size: Size | null) => Mixture
  /** whether it takes rows of any shape, all their inputs, and not only pictures */
  readonly any: boolean
}

/** A definition without its types. */
export interface AugmentationDefinition extends Definition {
  readonly draws: number
  readonly misfit: (config: unknown, size: Size) => string | null
  readonly picture: ((config: unknown, draws: Draws) => (x: Picture) => Picture) | null
  readonly mix: ((config: unknown, draws: Draws, size: Size | null) => Mixture) | null
  readonly any: boolean
}

/** An augmentation as data: equal when its kind and settings are. */
export interface Augmentation extends Spec<'augmentation'> {
  readonly def?: AugmentationDefinition
}

/** Makes an augmentation of its settings; `def` is what decoding asks for. */
export interface AugmentationMaker<C> {
  (config: C): Augmentation
  readonly def: AugmentationDefinition
}

/** Declares a kind of augmentation; nothing is registered anywhere. */
export const define = <C>(d: PictureDef<C> | MixDef<C>): AugmentationMaker<C> => {
  const { kind, config, draws, misfit } = d
  const def: AugmentationDefinition = {
    kind,
    config: erase(config),
    draws,
    misfit: (c, size) => misfit?.(c as C, size) ?? null,
    picture: 'picture' in d ? (c, u) => d.picture(c as C, u) : null,
    mix: 'mix' in d ? (c, u, size) => d.mix(c as C, u, size) : null,
    any: 'mix' in d && d.any,
  }
  return Object.assign((c: C): Augmentation => ({ of: 'augmentation', kind, config: c, def }), { def })
}
