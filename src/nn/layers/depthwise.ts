/**
 * Convolutions of every channel by itself, and separable ones: such a convolution, then one of a single pixel over the
 * channels (Chollet 2017, Xception; Howard et al. 2017, MobileNets). The filters lie as Keras keeps them, [...window,
 * channels, multiplier]: filter q of channel c gives channel c multiplier + q.
 */
import * as E from '#fp/Either.js'
import * as t from '#io/index.js'
import type { Expr } from '../../graph/Expr.js'
import type { Spec } from '../../graph/Spec.js'
import { flag, size, withOptional } from '../../graph/settings.js'
import { reshape } from '../../op/broadcast.js'
import { conv2d as convolve } from '../../op/conv.js'
import type { Multiply } from '../../shape/Count.js'
import type { Inputs, Shape } from '../../shape/Dims.js'
import { type Padding, type Padding1d, type Pair, pairOf, type Slid1d, type Slid2d } from '../../shape/Sliding.js'
import { sizeOf } from '../../shape/TensorType.js'
import type { ParamSpec } from '../Definition.js'
import { define } from '../define.js'
import * as Init from '../Init.js'
import type { Net } from '../Node.js'
import * as Penalty from '../Penalty.js'
import { biased, type FilterOptions, filterArgs, filterParams, filterSettings, penalized } from './filters.js'
import { type Images, imageFault, pads, padsOf, placed, type Slides, two } from './images.js'
import { along, asImages, asSequences, pads1d, pads1dOf, placed1d, type Sequences, sequenceFault } from './sequences.js'
import type { Named } from './types.js'

/** What a unit takes, and what a channel gives. */
const fansOf = (window: Shape, multiplier: number): Init.Fans => ({
  in: sizeOf(window),
  out: sizeOf(window) * multiplier,
})

/** Filters [kh, kw, channels, multiplier] on images. */
const eachChannel = (x: Expr, w: Expr, { stride, dilation, padding }: Slides): Expr => {
  const [kh = 1, kw = 1, channels = 1, multiplier = 1] = w.type.shape
  return convolve(x, reshape(w, [kh, kw, 1, channels * multiplier]), { stride, dilation, padding, groups: channels })
}

export interface DepthwiseConv2dOptions<
  M extends number = number,
  T extends Pair = Pair,
  D extends Pair = Pair,
  P extends Padding = Padding,
> extends FilterOptions {
  /** filters of each channel; 1 by default */
  readonly multiplier?: M
  /** 1 by default */
  readonly stride?: T
  /** 1 by default */
  readonly dilation?: D
  /** 'valid' (none) by default; 'same' as TensorFlow pads, a number as PyTorch, or [[top, bottom], [left, right]] */
  readonly padding?: P
}

export type DepthwiseConv2d = <
  const K extends Pair,
  const M extends number = 1,
  const T extends Pair = 1,
  const D extends Pair = 1,
  const P extends Padding = 'valid',
>(
  size: K,
  options?: DepthwiseConv2dOptions<M, T, D, P>,
) => <I extends Inputs, S extends Shape>(
  x: Net<I, S> & Images<S, 'depthwiseConv2d'>,
) => Net<I, Slid2d<S, Multiply<S[2], M>, K, T, D, P>>

const config = withOptional(
  t.type({ size: two, multiplier: size, stride: two, dilation: two, padding: pads, ...filterSettings }),
  penalized,
)

const meaning = (c: t.TypeOf<typeof config>, { w, b }: { readonly w: Expr; readonly b: Expr }, x: Expr): Expr =>
  biased(eachChannel(x, w, c), b, c.bias)

/**
 * y[i, j, c m + q] = sum_{u, v} x[s i + d u - top, s j + d v - left, c] w[u, v, c, q] + b[c m + q]: [height, width,
 * channels] to [places down, places across, channels m]. Parameters: `w` [kh, kw, channels, m] and, with a bias, `b`
 * [channels m]. The fans of an initializer are kh kw, which a unit takes (PyTorch's; Keras has kh kw channels), and
 * kh kw m.
 */
export const depthwiseConv2d = define<DepthwiseConv2d>()({
  kind: 'gradus/depthwiseConv2d',
  config,
  args: (window, { multiplier = 1, stride = 1, dilation = 1, padding = 'valid', ...options } = {}) => ({
    size: pairOf(window),
    multiplier,
    stride: pairOf(stride),
    dilation: pairOf(dilation),
    padding: padsOf(padding),
    ...filterArgs(options),
  }),
  shape: (c, x = []) => {
    const fault = imageFault(x)
    if (fault) return E.left(fault)
    return E.map(([h, w]: readonly [number, number]) => [h, w, (x[2] as number) * c.multiplier])(placed(c, x))
  },
  params: (c, x) => {
    const channels = x?.[2] ?? 0
    const shape = [...c.size, channels, c.multiplier]
    return filterParams(c, shape, channels * c.multiplier, fansOf(c.size, c.multiplier))
  },
  state: () => ({}),
  infer: (c, p, _s, x) => meaning(c, p, x),
  train: (c, p, s, _key, x) => [meaning(c, p, x), s],
})

// --- separable --------------------------------------------------------------------------------------------------------
interface SeparableOptions extends Named {
  /** filters of each channel in the first part; 1 by default */
  readonly multiplier?: number
  /** after the second part; true by default */
  readonly bias?: boolean
  /** of the first part's filters; `Init.glorotUniform()` by default */
  readonly depthwiseInit?: Spec<'init'>
  /** of the second part's; `Init.glorotUniform()` by default */
  readonly pointwiseInit?: Spec<'init'>
  /** `Init.zeros()` by default */
  readonly biasInit?: Spec<'init'>
  /** of the first part's filters, `Penalty.l2(1e-4)`; none by default */
  readonly depthwisePenalty?: Penalty.Penalty
  /** of the second part's; none by default */
  readonly pointwisePenalty?: Penalty.Penalty
}

export interface SeparableConv2dOptions<T extends Pair = Pair, D extends Pair = Pair, P extends Padding = Padding>
  extends SeparableOptions {
  /** of the first part, as in `depthwiseConv2d`; 1 by default */
  readonly stride?: T
  /** 1 by default */
  readonly dilation?: D
  /** 'valid' by default */
  readonly padding?: P
}

export interface SeparableConv1dOptions<
  T extends number = number,
  D extends number = number,
  P extends Padding1d = Padding1d,
> extends SeparableOptions {
  /** of the first part; 1 by default */
  readonly stride?: T
  /** 1 by default */
  readonly dilation?: D
  /** as in `conv1d`; 'valid' by default */
  readonly padding?: P
}

export type SeparableConv2d = <
  const F extends number,
  const K extends Pair,
  const T extends Pair = 1,
  const D extends Pair = 1,
  const P extends Padding = 'valid',
>(
  filters: F,
  size: K,
  options?: SeparableConv2dOptions<T, D, P>,
) => <I extends Inputs, S extends Shape>(
  x: Net<I, S> & Images<S, 'separableConv2d'>,
) => Net<I, Slid2d<S, F, K, T, D, P>>

export type SeparableConv1d = <
  const F extends number,
  const K extends number,
  const T extends number = 1,
  const D extends number = 1,
  const P extends Padding1d = 'valid',
>(
  filters: F,
  size: K,
  options?: SeparableConv1dOptions<T, D, P>,
) => <I extends Inputs, S extends Shape>(
  x: Net<I, S> & Sequences<S, 'separableConv1d'>,
) => Net<I, Slid1d<S, F, K, T, D, P>>

const separableSettings = {
  filters: size,
  multiplier: size,
  bias: flag,
  depthwiseInit: Init.codec,
  pointwiseInit: Init.codec,
  biasInit: Init.codec,
}
const penalties = t.partial({ depthwisePenalty: Penalty.codec, pointwisePenalty: Penalty.codec })

const separableArgs = (
  filters: number,
  {
    multiplier = 1,
    bias = true,
    depthwiseInit = Init.glorotUniform(),
    pointwiseInit = Init.glorotUniform(),
    biasInit = Init.zeros(),
    depthwisePenalty,
    pointwisePenalty,
  }: SeparableOptions,
) => ({
  filters,
  multiplier,
  bias,
  depthwiseInit,
  pointwiseInit,
  biasInit,
  ...(depthwisePenalty && { depthwisePenalty }),
  ...(pointwisePenalty && { pointwisePenalty }),
})

const separableParams = (c: ReturnType<typeof separableArgs>, window: Shape, channels: number) => {
  const { filters, multiplier, depthwisePenalty, pointwisePenalty } = c
  const depthwise: ParamSpec = {
    shape: [...window, channels, multiplier],
    init: c.depthwiseInit,
    fans: fansOf(window, multiplier),
    ...(depthwisePenalty && { penalty: depthwisePenalty }),
  }
  const pointwise: ParamSpec = {
    shape: [...window.map(() => 1), channels * multiplier, filters],
    init: c.pointwiseInit,
    ...(pointwisePenalty && { penalty: pointwisePenalty }),
  }
  return { depthwise, pointwise, ...(c.bias && { b: { shape: [filters], init: c.biasInit } }) }
}

interface Parts {
  readonly depthwise: Expr
  readonly pointwise: Expr
  readonly b: Expr
}

const separable = (c: Slides & { readonly bias: boolean }, p: Parts, x: Expr): Expr =>
  biased(convolve(eachChannel(x, p.depthwise, c), p.pointwise), p.b, c.bias)

const config2d = withOptional(
  t.type({ ...separableSettings, size: two, stride: two, dilation: two, padding: pads }),
  penalties,
)

/**
 * `depthwiseConv2d` without bias, then a convolution of one pixel to so many filters: [height, width, channels] to
 * [places down, places across, filters], for kh kw m + m filters multiplications a channel where `conv2d` takes kh kw
 * filters. Parameters (Keras' form): `depthwise` [kh, kw, channels, m], `pointwise` [1, 1, channels m, filters] and, with
 * a bias, `b` [filters]. The fans are those of the two parts.
 */
export const separableConv2d = define<SeparableConv2d>()({
  kind: 'gradus/separableConv2d',
  config: config2d,
  args: (filters, window, { stride = 1, dilation = 1, padding = 'valid', ...options } = {}) => ({
    ...separableArgs(filters, options),
    size: pairOf(window),
    stride: pairOf(stride),
    dilation: pairOf(dilation),
    padding: padsOf(padding),
  }),
  shape: (c, x = []) => {
    const fault = imageFault(x)
    return fault ? E.left(fault) : E.map(([h, w]: readonly [number, number]) => [h, w, c.filters])(placed(c, x))
  },
  params: (c, x) => separableParams(c, c.size, x?.[2] ?? 0),
  state: () => ({}),
  infer: (c, p, _s, x) => separable(c, p, x),
  train: (c, p, s, _key, x) => [separable(c, p, x), s],
})

const config1d = withOptional(
  t.type({ ...separableSettings, size, stride: size, dilation: size, padding: pads1d }),
  penalties,
)

const separable1d = (c: t.TypeOf<typeof config1d>, { depthwise, pointwise, b }: Parts, x: Expr): Expr => {
  const [first, second] = [depthwise, pointwise].map(w => reshape(w, [1, ...w.type.shape])) as [Expr, Expr]
  return asSequences(separable({ ...along(c), bias: c.bias }, { depthwise: first, pointwise: second, b }, asImages(x)))
}

/**
 * The same of sequences: [length, channels] to [places, filters]. Parameters: `depthwise` [size, channels, m],
 * `pointwise` [1, channels m, filters] and, with a bias, `b` [filters].
 */
export const separableConv1d = define<SeparableConv1d>()({
  kind: 'gradus/separableConv1d',
  config: config1d,
  args: (filters, window, { stride = 1, dilation = 1, padding = 'valid', ...options } = {}) => ({
    ...separableArgs(filters, options),
    size: window,
    stride,
    dilation,
    padding: pads1dOf(padding),
  }),
  shape: (c, x = []) => {
    const fault = sequenceFault(x)
    return fault ? E.left(fault) : E.map((n: number) => [n, c.filters])(placed1d(c, x))
  },
  params: (c, x) => separableParams(c, [c.size], x?.[1] ?? 0),
  state: () => ({}),
  infer: (c, p, _s, x) => separable1d(c, p, x),
  train: (c, p, s, _key, x) => [separable1d(c, p, x), s],
})
