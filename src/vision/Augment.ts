/**
 * Augmentation of images as pure functions of a key: the same key and image give the same bits, whatever was augmented
 * before. An augmentation draws from Philox's stream 0 under its key; `inTurn` gives each of several its own step.
 */
import type { Key } from '../random/Key.js'
import { words } from '../random/Philox.js'

export interface Picture {
  readonly height: number
  readonly width: number
  readonly channels: number
  /** [height, width, channels], row-major */
  readonly pixels: Float32Array
}

/** `step` tells apart the draws under one key: an epoch, or a row of one; an integer in [0, 2^53). */
export type Augmentation = (key: Key, step: number) => (x: Picture) => Picture

/** n numbers in [0, 1), multiples of 2^-32. */
const uniforms = (key: Key, step: number, n: number): readonly number[] =>
  Array.from(words(key, 0, step, n), w => w / 4_294_967_296)

/** A picture of the same size: each of its numbers from row, column and channel. */
const drawn = (x: Picture, at: (i: number, j: number, c: number) => number): Picture => {
  const pixels = new Float32Array(x.pixels.length)
  let k = 0
  for (let i = 0; i < x.height; i++)
    for (let j = 0; j < x.width; j++) for (let c = 0; c < x.channels; c++) pixels[k++] = at(i, j, c)
  return { ...x, pixels }
}

/** The number at a place, 0 outside of the picture. */
const at = ({ height, width, channels, pixels }: Picture, i: number, j: number, c: number): number =>
  i < 0 || j < 0 || i >= height || j >= width ? 0 : (pixels[(i * width + j) * channels + c] as number)

/** Left and right exchanged. */
export const mirrored = (x: Picture): Picture => drawn(x, (i, j, c) => at(x, i, x.width - 1 - j, c))

/** Mirrored with this probability, 0.5 by default. */
export const flip =
  (probability = 0.5): Augmentation =>
  (key, step) =>
  x =>
    (uniforms(key, step, 1)[0] as number) < probability ? mirrored(x) : x

/** A window of the picture's own size at random in the picture framed by so many zeros (He et al. 2015: 4). */
export const crop =
  (padding: number): Augmentation =>
  (key, step) =>
  x => {
    const [down = 0, right = 0] = uniforms(key, step, 2).map(u => Math.floor(u * (2 * padding + 1)) - padding)
    return drawn(x, (i, j, c) => at(x, i + down, j + right, c))
  }

/** A square of `size` x `size` set to 0, its center anywhere in the picture (DeVries & Taylor 2017). */
export const cutout =
  (size: number): Augmentation =>
  (key, step) =>
  x => {
    const [u = 0, v = 0] = uniforms(key, step, 2)
    const top = Math.floor(u * x.height) - (size >> 1)
    const left = Math.floor(v * x.width) - (size >> 1)
    return drawn(x, (i, j, c) => (i >= top && i < top + size && j >= left && j < left + size ? 0 : at(x, i, j, c)))
  }

const radian = 0.017453292519943295

/** cos and sin of an angle within half a turn, by their series: error below 1e-14. */
const direction = (angle: number): readonly [number, number] => {
  let [cosine, sine, term] = [0, 0, 1]
  for (let n = 0; n < 34; n += 2) {
    const odd = (term * angle) / (n + 1)
    cosine += term
    sine += odd
    term = (-odd * angle) / (n + 2)
  }
  return [cosine, sine]
}

/** Turned counterclockwise around its middle by an angle in degrees; bilinear, 0 outside. */
export const rotated =
  (degrees: number) =>
  (x: Picture): Picture => {
    const [cosine, sine] = direction((degrees - 360 * Math.floor(degrees / 360 + 0.5)) * radian)
    const [y0, x0] = [(x.height - 1) / 2, (x.width - 1) / 2]
    return drawn(x, (i, j, c) => {
      const row = y0 + (i - y0) * cosine + (j - x0) * sine
      const column = x0 - (i - y0) * sine + (j - x0) * cosine
      const [top, left] = [Math.floor(row), Math.floor(column)]
      const [down, right] = [row - top, column - left]
      const above = at(x, top, left, c) * (1 - right) + at(x, top, left + 1, c) * right
      const below = at(x, top + 1, left, c) * (1 - right) + at(x, top + 1, left + 1, c) * right
      return above * (1 - down) + below * down
    })
  }

/** Turned by an angle uniform in +-`degrees`. */
export const rotation =
  (degrees: number): Augmentation =>
  (key, step) =>
    rotated(degrees * (2 * (uniforms(key, step, 1)[0] as number) - 1))

export interface ColorOptions {
  /** what may be added, +-; 0 by default */
  readonly brightness?: number
  /** f x + (1 - f) mean(x), f uniform in 1 +- this; 0 by default */
  readonly contrast?: number
  /** f x + (1 - f) mean of the pixel's channels, f uniform in 1 +- this; 0 by default */
  readonly saturation?: number
}

/** Saturation, contrast and brightness changed at random, in this order; not clamped. */
export const color =
  ({ brightness = 0, contrast = 0, saturation = 0 }: ColorOptions): Augmentation =>
  (key, step) =>
  x => {
    const [a = 0, b = 0, d = 0] = uniforms(key, step, 3).map(u => 2 * u - 1)
    const mean = x.pixels.reduce((sum, v) => sum + v, 0) / x.pixels.length
    return drawn(x, (i, j, c) => {
      let gray = 0
      for (let k = 0; k < x.channels; k++) gray += at(x, i, j, k) / x.channels
      const vivid = gray + (1 + saturation * d) * (at(x, i, j, c) - gray)
      return mean + (1 + contrast * b) * (vivid - mean) + brightness * a
    })
  }

/** One after another, each with draws of its own. */
export const inTurn =
  (...all: readonly Augmentation[]): Augmentation =>
  (key, step) =>
  x =>
    all.reduce((y, f, i) => f(key, step * all.length + i)(y), x)

/**
 * Mixup (Zhang et al. 2018) with alpha = 1: w a + (1 - w) b for w uniform in [0, 1), of two pictures, or targets, of one
 * size; `weights` are those of a and of b.
 */
export const mixup = (key: Key, step: number) => {
  const w = uniforms(key, step, 1)[0] as number
  return {
    weights: [w, 1 - w] as const,
    mix: (a: Float32Array, b: Float32Array): Float32Array => a.map((v, i) => w * v + (1 - w) * (b[i] as number)),
  }
}
