/**
 * Colors changed, in the definitions of Pillow's ImageEnhance and torchvision's ColorJitter. With x a pixel of channels
 * R, G, B and its gray g = 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601),
 *
 *     brightness    f x
 *     contrast      f x + (1 - f) m      m the mean gray of the picture
 *     saturation    f x + (1 - f) g
 *     hue           turned around the axis of grays in HSV, by a share of the circle
 *
 * each cut to [0, white]. Of one channel, gray is the channel itself.
 */
import * as t from '#io/index.js'
import { notNegative, nullOr, numberThat, positive } from '../../graph/settings.js'
import { type Augmentation, define } from './define.js'
import { at, drawn, type Picture } from './picture.js'

type Change = (by: number) => (x: Picture) => Picture

const gray = (x: Picture, i: number, j: number): number =>
  x.channels === 3 ? 0.299 * at(x, i, j, 0) + 0.587 * at(x, i, j, 1) + 0.114 * at(x, i, j, 2) : at(x, i, j, 0)

const cut = (v: number, { white }: Picture): number => Math.min(Math.max(v, 0), white)

export const brighter: Change = f => x => drawn(x, (i, j, c) => cut(f * at(x, i, j, c), x))

export const contrasted: Change = f => x => {
  let sum = 0 // local mutation: row by row, so its order is fixed
  for (let i = 0; i < x.height; i++) for (let j = 0; j < x.width; j++) sum += gray(x, i, j)
  const mean = sum / (x.height * x.width)
  return drawn(x, (i, j, c) => cut(f * at(x, i, j, c) + (1 - f) * mean, x))
}

export const saturated: Change = f => x => drawn(x, (i, j, c) => cut(f * at(x, i, j, c) + (1 - f) * gray(x, i, j), x))

/**
 * One channel of a pixel whose hue is turned: the hue h in sixths of the circle gives
 * v - (v - least) max(0, min(k, 4 - k, 1)) with k = (n + h) mod 6, n = 5, 3, 1 for R, G, B (Smith 1978, in closed form).
 */
const turned = (by: number, r: number, g: number, b: number, channel: number): number => {
  const [most, least] = [Math.max(r, g, b), Math.min(r, g, b)]
  const chroma = most - least
  if (chroma === 0) return most
  const hue = most === r ? (g - b) / chroma : most === g ? 2 + (b - r) / chroma : 4 + (r - g) / chroma
  const k = 5 - 2 * channel + hue + 6 * by
  const within = k - 6 * Math.floor(k / 6)
  return most - chroma * Math.max(0, Math.min(within, 4 - within, 1))
}

export const hued: Change = by => x =>
  drawn(x, (i, j, c) => cut(turned(by, at(x, i, j, 0), at(x, i, j, 1), at(x, i, j, 2), c), x))

const colorMaker = define({
  kind: 'gradus/color',
  config: t.exact(
    t.type({
      brightness: notNegative,
      contrast: notNegative,
      saturation: notNegative,
      hue: numberThat('a number in [0, 0.5]', x => x >= 0 && x <= 0.5),
      white: nullOr(positive),
    }),
  ),
  draws: 4,
  misfit: (c, { channels }) => {
    const only = (name: 'saturation' | 'hue') =>
      c[name] > 0 && channels !== 3 ? `${name} is for pictures of 3 channels, but this one has ${channels}` : null
    if (channels !== 1 && channels !== 3) return `colors are those of 1 or 3 channels, but the picture has ${channels}`
    return only('saturation') ?? only('hue')
  },
  picture: (c, [u = 0, v = 0, w = 0, h = 0]) => {
    const factor = (spread: number, draw: number) => {
      const least = Math.max(0, 1 - spread)
      return least + draw * (1 + spread - least)
    }
    const changes = [
      ...(c.brightness > 0 ? [brighter(factor(c.brightness, u))] : []),
      ...(c.contrast > 0 ? [contrasted(factor(c.contrast, v))] : []),
      ...(c.saturation > 0 ? [saturated(factor(c.saturation, w))] : []),
      ...(c.hue > 0 ? [hued(c.hue * (2 * h - 1))] : []),
    ]
    return x => changes.reduce((y, f) => f(y), { ...x, white: c.white ?? x.white })
  },
})

export interface ColorOptions {
  /** the factor is uniform in [max(0, 1 - this), 1 + this]; >= 0, default 0: unchanged */
  readonly brightness?: number
  /** as of brightness */
  readonly contrast?: number
  /** as of brightness; for 3 channels */
  readonly saturation?: number
  /** the turn is uniform in +-this share of the circle, in [0, 0.5]; default 0: unchanged; for 3 channels */
  readonly hue?: number
  /** the number that is white, > 0, as 0 is black; default 255 where the data are bytes, otherwise 1 */
  readonly white?: number
}

/** Brightness, contrast, saturation and hue changed at random, in this order. */
export const color = ({ brightness = 0, contrast = 0, saturation = 0, hue = 0, white }: ColorOptions): Augmentation =>
  colorMaker({ brightness, contrast, saturation, hue, white: white ?? null })

export const definitions = [colorMaker.def]
