/** Images enlarged by whole factors, and cut to a part. */
import * as E from '#fp/Either.js'
import * as t from '#io/index.js'
import { oneOf, that } from '../../graph/settings.js'
import { type Centers, upsample2d } from '../../op/interpolate.js'
import { slice } from '../../op/window.js'
import type { Multiply } from '../../shape/Count.js'
import type { Inputs, Shape } from '../../shape/Dims.js'
import { type Cropped2d, type Edges, type Pair, pairOf } from '../../shape/Sliding.js'
import { showShape } from '../../shape/TensorType.js'
import { define } from '../define.js'
import type { Net } from '../Node.js'
import { type Images, imageFault, isEdges, two, writtenOut } from './images.js'
import { pure } from './pure.js'
import type { Named } from './types.js'

export interface UpsampleOptions extends Named {
  /** 'nearest', each pixel as a block, by default */
  readonly method?: 'nearest' | 'bilinear'
  /**
   * where the pixels lie: 'halfPixel' by default, outer edges meet outer edges; 'corners' of the outer pixels' centers
   * (PyTorch's align_corners); 'asymmetric' of the first pixels (TensorFlow 1)
   */
  readonly centers?: Centers
}

type Enlarged<S extends Shape, K extends Pair> = K extends number
  ? readonly [Multiply<S[0], K>, Multiply<S[1], K>, S[2]]
  : K extends readonly [infer Y extends number, infer X extends number]
    ? readonly [Multiply<S[0], Y>, Multiply<S[1], X>, S[2]]
    : readonly [number, number, S[2]]

type Upsample = <const K extends Pair>(
  factor: K,
  options?: UpsampleOptions,
) => <I extends Inputs, S extends Shape>(x: Net<I, S> & Images<S, 'upsample'>) => Net<I, Enlarged<S, K>>

/** Height and width times whole factors, by blocks or bilinear: [height, width, channels] to [h f, w g, channels]. */
export const upsample = define<Upsample>()(
  pure({
    kind: 'gradus/upsample',
    config: t.type({
      factor: two,
      method: oneOf('nearest', 'bilinear'),
      centers: oneOf('halfPixel', 'corners', 'asymmetric'),
    }),
    args: (factor: Pair, { method = 'nearest', centers = 'halfPixel' }: UpsampleOptions = {}) => ({
      factor: pairOf(factor),
      method,
      centers,
    }),
    shape: ({ factor }, x = []) => {
      const fault = imageFault(x)
      if (fault) return E.left(fault)
      const [height = 0, width = 0, channels = 0] = x
      return E.right([height * factor[0], width * factor[1], channels])
    },
    meaning: ({ factor, ...options }, x) => upsample2d(x, factor, options),
  }),
)

type Crop = <const P extends Pair | Edges>(
  edges: P,
  options?: Named,
) => <I extends Inputs, S extends Shape>(x: Net<I, S> & Images<S, 'crop'>) => Net<I, Cropped2d<S, P>>

const edgesCodec = that<Edges>('whole numbers >= 0 or [[top, bottom], [left, right]]', isEdges)

/**
 * Without so many pixels of its edges, a number, [vertical, horizontal] or [[top, bottom], [left, right]]: [height,
 * width, channels] to what is left (Keras' Cropping2D).
 */
export const crop = define<Crop>()(
  pure({
    kind: 'gradus/crop',
    config: t.type({ edges: edgesCodec }),
    args: (edges: Pair | Edges) => ({ edges: writtenOut(edges) }),
    shape: ({ edges: [[top, bottom], [left, right]] }, x = []) => {
      const fault = imageFault(x)
      if (fault) return E.left(fault)
      const [height = 0, width = 0, channels = 0] = x
      const [h, w] = [height - top - bottom, width - left - right]
      return h >= 1 && w >= 1
        ? E.right([h, w, channels])
        : E.left(
            `without ${top} + ${bottom} rows and ${left} + ${right} columns nothing is left of the image ${showShape(x)}; crop less`,
          )
    },
    meaning: ({ edges: [[top, bottom], [left, right]] }, x) => {
      const [n = 0, height = 0, width = 0, channels = 0] = x.type.shape
      return slice(x, [0, top, left, 0], [n, height - bottom, width - right, channels])
    },
  }),
)
