/**
 * Augmentation of training data, as data: a list of augmentations, each a pure function of a key, so the same seed,
 * epoch and row give the same bits whatever was augmented before. In a recipe (`augment`) they change the batches that
 * are trained on, and nothing that is evaluated.
 *
 *     Recipe.of({ ..., augment: [Augment.flip(), Augment.crop({ padding: 4 })] })
 *
 * Pictures are rows [height, width, channels], or [height, width] of one channel; they keep their size. Law:
 * decode . encode = id.
 */
import type * as t from '#io/index.js'
import { specCodec } from '../graph/specCodec.js'
import * as colors from './augment/colors.js'
import type { Augmentation, AugmentationDefinition } from './augment/define.js'
import * as geometry from './augment/geometry.js'
import * as mixing from './augment/mixing.js'

export { type ColorOptions, color } from './augment/colors.js'
export {
  type Augmentation,
  type AugmentationDefinition,
  type AugmentationMaker,
  type Draws,
  define,
  type MixDef,
  type Mixture,
  type PictureDef,
} from './augment/define.js'
export {
  crop,
  cutout,
  type FlipOptions,
  flip,
  type ResizedCropOptions,
  resizedCrop,
  rotation,
} from './augment/geometry.js'
export { cutmix, mixup } from './augment/mixing.js'
export type { Picture, Size } from './augment/picture.js'
export { type ApplyOptions, apply } from './augment/run.js'

/** The definitions that come with the library, for decoding. */
export const definitions: readonly AugmentationDefinition[] = [geometry, colors, mixing].flatMap(m => m.definitions)

/** An augmentation as JSON, `{ of: 'augmentation', kind, config }`. Decoding takes untrusted input. */
export const codec = (among: readonly AugmentationDefinition[]): t.Type<Augmentation, unknown> =>
  specCodec('augmentation', among, {})
