import fc from 'fast-check'
import * as Augment from '../../src/data/Augment.js'
import * as Data from '../../src/data/Data.js'
import * as Label from '../../src/data/Label.js'
import { noise } from '../nn/support.js'
import { expectRight } from '../support/assert.js'

export const size = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), fc.constantFrom(1, 3))
export type Size = readonly [number, number, number]
export const uniform = (n: number, salt = 1): Float32Array => Float32Array.from(noise(n, salt), v => v - Math.floor(v))
export const images = (n: number, shape: readonly number[], y = Int32Array.from({ length: n }, (_, i) => i % 3)) =>
  expectRight(
    Data.of({ inputs: shape, label: Label.classes(3) })({
      x: uniform(n * shape.reduce((a, b) => a * b, 1)),
      y,
    } as never),
  )
export const pixels = (data: Data.Data<readonly number[], Label.Class<number>>): Float32Array =>
  data.columns['input'] as Float32Array
export type List = Parameters<typeof Augment.apply>[0]
export const apply = (all: List, data: ReturnType<typeof images>, seed = 3, epoch = 1) =>
  expectRight(Augment.apply(all, { seed, epoch })(data))

export const ofSize = ([h, w, c]: Size): readonly Augment.Augmentation[] => [
  Augment.flip(),
  Augment.flip({ axis: 'vertical', probability: 0.3 }),
  Augment.crop({ padding: Math.min(h, w) - 1 }),
  Augment.resizedCrop(),
  Augment.cutout(Math.min(h, w)),
  Augment.rotation(30),
  Augment.color({ brightness: 0.2, contrast: 0.3, ...(c === 3 && { saturation: 0.4, hue: 0.1 }) }),
  Augment.mixup({ alpha: 0.4 }),
  Augment.cutmix(),
]
