/** Augmentations that move pixels: flips, crops, cutout, rotation. What comes from outside of the picture is 0. */
import * as t from '#io/index.js'
import { numberThat, oneOf, size, that, withinOne } from '../../graph/settings.js'
import { direction, exp, log, PI } from '../../random/elementary.js'
import { showShape } from '../../shape/TensorType.js'
import { type Augmentation, define } from './define.js'
import { bilinear, drawn, enlarged, mirrored, moved, type Picture, type Size, upended, without } from './picture.js'

export const showSize = ({ height, width, channels }: Size): string => showShape([height, width, channels])
const shorter = ({ height, width }: Size): number => Math.min(height, width)

const flipMaker = define({
  kind: 'gradus/flip',
  config: t.exact(t.type({ axis: oneOf('horizontal', 'vertical'), probability: withinOne })),
  draws: 1,
  picture:
    ({ axis, probability }, [u = 0]) =>
    x =>
      u >= probability ? x : axis === 'vertical' ? upended(x) : mirrored(x),
})

export interface FlipOptions {
  /** horizontal, the default: left and right are exchanged; vertical: top and bottom */
  readonly axis?: 'horizontal' | 'vertical'
  /** in [0, 1]; default 0.5 */
  readonly probability?: number
}

/** The picture mirrored, with a probability. */
export const flip = ({ axis = 'horizontal', probability = 0.5 }: FlipOptions = {}): Augmentation =>
  flipMaker({ axis, probability })

const margin = numberThat('a whole number >= 0', x => Number.isSafeInteger(x) && x >= 0)

const cropMaker = define({
  kind: 'gradus/crop',
  config: t.exact(t.type({ padding: margin })),
  draws: 2,
  misfit: ({ padding }, x) =>
    padding < shorter(x)
      ? null
      : `padding must be less than the shorter side of the picture ${showSize(x)}, ${shorter(x)}, but it is ${padding}`,
  picture: ({ padding }, draws) => {
    const [down = 0, right = 0] = draws.map(u => Math.floor(u * (2 * padding + 1)) - padding)
    return moved(down, right)
  },
})

/**
 * A window of the picture's own size, anywhere in the picture framed by `padding` zeros (He et al. 2015, 4.2: 4).
 *
 * @param padding - a whole number from 0 to the shorter side less 1; default 4
 */
export const crop = ({ padding = 4 }: { readonly padding?: number } = {}): Augmentation => cropMaker({ padding })

/** Two numbers, the lower one first. */
const span = (expects: string, holds: (x: number) => boolean) =>
  that(
    expects,
    (u): u is readonly [number, number] =>
      Array.isArray(u) &&
      u.length === 2 &&
      u.every(x => typeof x === 'number' && Number.isFinite(x) && holds(x)) &&
      u[0] <= u[1],
  )

const resizedCropMaker = define({
  kind: 'gradus/resizedCrop',
  config: t.exact(
    t.type({
      scale: span('[low, high] with 0 < low <= high <= 1', x => x > 0 && x <= 1),
      ratio: span('[low, high] with 0 < low <= high', x => x > 0),
    }),
  ),
  draws: 4,
  picture:
    ({ scale, ratio }, [a = 0, r = 0, v = 0, w = 0]) =>
    x => {
      const area = x.height * x.width * (scale[0] + a * (scale[1] - scale[0]))
      const aspect = exp(log(ratio[0]) + r * (log(ratio[1]) - log(ratio[0])))
      const side = (length: number, most: number) => Math.min(Math.max(Math.floor(length + 0.5), 1), most)
      const height = side(Math.sqrt(area / aspect), x.height)
      const width = side(Math.sqrt(area * aspect), x.width)
      const top = Math.floor(v * (x.height - height + 1))
      const left = Math.floor(w * (x.width - width + 1))
      return enlarged({ top, left, height, width })(x)
    },
})

export interface ResizedCropOptions {
  /** the box' share of the picture's area, [low, high] within (0, 1]; default [0.08, 1] */
  readonly scale?: readonly [number, number]
  /** width / height of the box, [low, high], > 0; default [3/4, 4/3] */
  readonly ratio?: readonly [number, number]
}

/**
 * A box anywhere in the picture, enlarged to the picture's size by bilinear interpolation (Szegedy et al. 2015). Its
 * share of the area is uniform within `scale`, the logarithm of its aspect within `ratio`; a side that is too long is
 * cut to the picture's.
 */
export const resizedCrop = ({ scale = [0.08, 1], ratio = [3 / 4, 4 / 3] }: ResizedCropOptions = {}): Augmentation =>
  resizedCropMaker({ scale, ratio })

const cutoutMaker = define({
  kind: 'gradus/cutout',
  config: t.exact(t.type({ size })),
  draws: 2,
  misfit: ({ size: side }, x) =>
    side <= shorter(x)
      ? null
      : `size must be at most the shorter side of the picture ${showSize(x)}, ${shorter(x)}, but it is ${side}`,
  picture:
    ({ size: side }, [u = 0, v = 0]) =>
    x =>
      without({
        top: Math.floor(u * x.height) - (side >> 1),
        left: Math.floor(v * x.width) - (side >> 1),
        height: side,
        width: side,
      })(x),
})

/**
 * A square set to 0, its center anywhere in the picture, so that a part of it may lie outside (DeVries & Taylor 2017).
 *
 * @param side - of the square: a whole number from 1 to the picture's shorter side
 */
export const cutout = (side: number): Augmentation => cutoutMaker({ size: side })

/** Turned counterclockwise around its middle by an angle in degrees within +-180; bilinear. */
export const rotated =
  (degrees: number) =>
  (x: Picture): Picture => {
    const [cosine, sine] = direction((degrees / 180) * PI)
    const [y0, x0] = [(x.height - 1) / 2, (x.width - 1) / 2]
    return drawn(x, (i, j, c) =>
      bilinear(x, y0 + (i - y0) * cosine + (j - x0) * sine, x0 - (i - y0) * sine + (j - x0) * cosine, c),
    )
  }

const rotationMaker = define({
  kind: 'gradus/rotation',
  config: t.exact(t.type({ degrees: numberThat('a number in [0, 180]', x => x >= 0 && x <= 180) })),
  draws: 1,
  picture: ({ degrees }, [u = 0]) => rotated(degrees * (2 * u - 1)),
})

/**
 * The picture turned around its middle by an angle uniform in +-`degrees`; bilinear.
 *
 * @param degrees - in [0, 180]
 */
export const rotation = (degrees: number): Augmentation => rotationMaker({ degrees })

export const definitions = [flipMaker, cropMaker, resizedCropMaker, cutoutMaker, rotationMaker].map(m => m.def)
