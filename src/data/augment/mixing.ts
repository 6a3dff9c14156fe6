/**
 * Augmentations that mix a row with the next one of its batch, the last with the first: rows come in random order, so
 * the pairs are random. Labels become soft: with the share s of its own, s times the row's label + (1 - s) times the
 * other's.
 */
import * as t from '#io/index.js'
import { positive } from '../../graph/settings.js'
import { symmetricBeta } from '../../random/Beta.js'
import { type Augmentation, define } from './define.js'
import { type Box, isInside, type Size } from './picture.js'

const config = t.exact(t.type({ alpha: positive }))

const mixupMaker = define({
  kind: 'gradus/mixup',
  config,
  draws: 2,
  any: true,
  mix: ({ alpha }, [u = 0.5, v = 0.5]) => {
    const share = symmetricBeta(alpha, u, v)
    return { share, mix: (a, b) => a.map((x, i) => share * x + (1 - share) * (b[i] as number)) }
  },
})

interface AlphaOptions {
  /** of the distribution Beta(alpha, alpha) of the share, > 0; default 1: uniform */
  readonly alpha?: number
}

/** s a + (1 - s) b of all numbers of two rows, the share s drawn from Beta(alpha, alpha) (Zhang et al. 2018). */
export const mixup = ({ alpha = 1 }: AlphaOptions = {}): Augmentation => mixupMaker({ alpha })

/** A box of sides sqrt(1 - s) times those of the picture, its center anywhere, cut off at the edges. */
const boxOf = (s: number, u: number, v: number, { height, width }: Size): Box => {
  const from = (center: number, side: number, most: number): readonly [number, number] => [
    Math.max(center - (side >> 1), 0),
    Math.min(center + (side >> 1), most),
  ]
  const cut = Math.sqrt(1 - s)
  const [top, bottom] = from(Math.floor(u * height), Math.floor(height * cut), height)
  const [left, right] = from(Math.floor(v * width), Math.floor(width * cut), width)
  return { top, left, height: bottom - top, width: right - left }
}

const cutmixMaker = define({
  kind: 'gradus/cutmix',
  config,
  draws: 4,
  any: false,
  mix: ({ alpha }, [u = 0.5, v = 0.5, down = 0.5, right = 0.5], size) => {
    const { height, width, channels } = size ?? { height: 1, width: 1, channels: 1 }
    const box = boxOf(symmetricBeta(alpha, u, v), down, right, { height, width, channels })
    const place = (k: number): readonly [number, number] => {
      const pixel = Math.floor(k / channels)
      const row = Math.floor(pixel / width)
      return [row, pixel - row * width]
    }
    return {
      share: 1 - (box.height * box.width) / (height * width),
      mix: (a, b) => a.map((x, k) => (isInside(box, ...place(k)) ? (b[k] as number) : x)),
    }
  },
})

/**
 * A box of the other picture put into this one, whose share of the label is that of its area that is left: before the
 * box is cut off at the edges, drawn from Beta(alpha, alpha) (Yun et al. 2019).
 */
export const cutmix = ({ alpha = 1 }: AlphaOptions = {}): Augmentation => cutmixMaker({ alpha })

export const definitions = [mixupMaker.def, cutmixMaker.def]
