/**
 * Convolutions of images [height, width, channels], and of sequences [length, channels].
 *
 * The filters lie as TensorFlow keeps them: [kh, kw, channels / groups, filters], those of a transposed convolution
 * [kh, kw, filters / groups, channels].
 */
import * as E from '#fp/Either.js'
import * as t from '#io/index.js'
import type { Expr } from '../../graph/Expr.js'
import type { Spec } from '../../graph/Spec.js'
import { flag, size, withOptional } from '../../graph/settings.js'
import { add } from '../../op/arithmetic.js'
import { conv2d as convolve } from '../../op/conv.js'
import type { Inputs, Shape } from '../../shape/Dims.js'
import { edgesOf, outputOf, type Padding, type Pair, pairOf, type Slid2d, slidingAttrs } from '../../shape/Sliding.js'
import { showShape } from '../../shape/TensorType.js'
import { define } from '../define.js'
import * as Init from '../Init.js'
import type { Net } from '../Node.js'
import * as Penalty from '../Penalty.js'
import { type Images, imageFault, pads, padsOf, two } from './images.js'
import type { Named } from './types.js'

export interface FilterOptions extends Named {
  /** true by default; useless before a batch normalization */
  readonly bias?: boolean
  /** of the filters; `Init.glorotUniform()` by default */
  readonly init?: Spec<'init'>
  /** `Init.zeros()` by default */
  readonly biasInit?: Spec<'init'>
  /** of the filters, `Penalty.l2(1e-4)`; none by default */
  readonly penalty?: Penalty.Penalty
}

export interface Conv2dOptions<T extends Pair = Pair, D extends Pair = Pair, P extends Padding = Padding>
  extends FilterOptions {
  /** 1 by default */
  readonly stride?: T
  /** 1 by default */
  readonly dilation?: D
  /** 'valid' (none) by default; 'same' as TensorFlow pads, a number as PyTorch, or [[top, bottom], [left, right]] */
  readonly padding?: P
  /** 1 by default */
  readonly groups?: number
}

export type Conv2d = <
  const F extends number,
  const K extends Pair,
  const T extends Pair = 1,
  const D extends Pair = 1,
  const P extends Padding = 'valid',
>(
  filters: F,
  size: K,
  options?: Conv2dOptions<T, D, P>,
) => <I extends Inputs, S extends Shape>(x: Net<I, S> & Images<S, 'conv2d'>) => Net<I, Slid2d<S, F, K, T, D, P>>

const config = withOptional(
  t.type({
    filters: size,
    size: two,
    stride: two,
    dilation: two,
    padding: pads,
    groups: size,
    bias: flag,
    init: Init.codec,
    biasInit: Init.codec,
  }),
  t.partial({ penalty: Penalty.codec }),
)
type Config = t.TypeOf<typeof config>

/** The output's height and width, or what does not fit. */
const placed = (
  c: Omit<Config, 'filters' | 'bias' | 'init' | 'biasInit'>,
  [height = 0, width = 0]: Shape,
): E.Either<string, readonly [number, number]> => {
  const sliding = { window: c.size, stride: c.stride, dilation: c.dilation, padding: c.padding }
  const [h, w] = outputOf([height, width], c.size, slidingAttrs([height, width], sliding))
  const [[top, bottom], [left, right]] = edgesOf([height, width], sliding)
  return h >= 1 && w >= 1
    ? E.right([h, w])
    : E.left(
        `the window ${showShape(c.size)} is larger than the image ${showShape([height, width])} padded to ${showShape([height + top + bottom, width + left + right])}; pad more, with padding: 'same' for example`,
      )
}

const shapeOf = (c: Config, x: Shape = []): E.Either<string, Shape> => {
  const fault = imageFault(x)
  if (fault) return E.left(fault)
  const channels = x[2] as number
  if (channels % c.groups !== 0 || c.filters % c.groups !== 0)
    return E.left(
      `${c.groups} groups do not divide both the ${channels} channels of ${showShape(x)} and the ${c.filters} filters; give a number of groups that does`,
    )
  return E.map(([h, w]: readonly [number, number]) => [h, w, c.filters])(placed(c, x))
}

const meaning = (c: Config, { w, b }: { readonly w: Expr; readonly b: Expr }, x: Expr): Expr => {
  const { stride, dilation, padding, groups } = c
  const y = convolve(x, w, { stride, dilation, padding, groups })
  return c.bias ? add(y, b) : y
}

/**
 * y[i, j, o] = sum_{u, v, c} x[s i + d u - top, s j + d v - left, c] w[u, v, c, o] + b[o]: [height, width, channels] to
 * [places down, places across, filters]. Parameters: `w` [kh, kw, channels / groups, filters] and, with a bias, `b`
 * [filters]. The fans of an initializer are the window's size times the channels.
 */
export const conv2d = define<Conv2d>()({
  kind: 'gradus/conv2d',
  config,
  args: (
    filters,
    window,
    {
      stride = 1,
      dilation = 1,
      padding = 'valid',
      groups = 1,
      bias = true,
      init = Init.glorotUniform(),
      biasInit = Init.zeros(),
      penalty,
    } = {},
  ) => ({
    filters,
    size: pairOf(window),
    stride: pairOf(stride),
    dilation: pairOf(dilation),
    padding: padsOf(padding),
    groups,
    bias,
    init,
    biasInit,
    ...(penalty && { penalty }),
  }),
  shape: shapeOf,
  params: ({ filters, size, groups, bias, init, biasInit, penalty }, x) => ({
    w: { shape: [...size, (x?.[2] ?? 0) / groups, filters], init, ...(penalty && { penalty }) },
    ...(bias && { b: { shape: [filters], init: biasInit } }),
  }),
  state: () => ({}),
  infer: (c, p, _s, x) => meaning(c, p, x),
  train: (c, p, s, _key, x) => [meaning(c, p, x), s],
})
