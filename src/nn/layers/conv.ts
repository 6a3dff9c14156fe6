/**
 * Convolutions of images [height, width, channels], and of sequences [length, channels]. The filters lie as TensorFlow
 * keeps them: [...window, channels / groups, filters].
 */
import * as E from '#fp/Either.js'
import * as t from '#io/index.js'
import type { Expr } from '../../graph/Expr.js'
import { size, withOptional } from '../../graph/settings.js'
import { reshape } from '../../op/broadcast.js'
import { conv2d as convolve } from '../../op/conv.js'
import type { Inputs, Shape } from '../../shape/Dims.js'
import { type Padding, type Padding1d, type Pair, pairOf, type Slid1d, type Slid2d } from '../../shape/Sliding.js'
import { define } from '../define.js'
import type { Net } from '../Node.js'
import {
  biased,
  type FilterOptions,
  filterArgs,
  filterParams,
  filterSettings,
  groupsFault,
  penalized,
} from './filters.js'
import { type Images, imageFault, pads, padsOf, placed, two } from './images.js'
import { along, asImages, asSequences, pads1d, pads1dOf, placed1d, type Sequences, sequenceFault } from './sequences.js'

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
  t.type({ filters: size, size: two, stride: two, dilation: two, padding: pads, groups: size, ...filterSettings }),
  penalized,
)
type Config = t.TypeOf<typeof config>

const shapeOf = (c: Config, x: Shape = []): E.Either<string, Shape> => {
  const fault = imageFault(x) ?? groupsFault(c.groups, x, c.filters)
  return fault ? E.left(fault) : E.map(([h, w]: readonly [number, number]) => [h, w, c.filters])(placed(c, x))
}

interface Vars {
  readonly w: Expr
  readonly b: Expr
}

const meaning = (c: Config, { w, b }: Vars, x: Expr): Expr => {
  const { stride, dilation, padding, groups } = c
  return biased(convolve(x, w, { stride, dilation, padding, groups }), b, c.bias)
}

/**
 * y[i, j, o] = sum_{u, v, c} x[s i + d u - top, s j + d v - left, c] w[u, v, c, o] + b[o]: [height, width, channels] to
 * [places down, places across, filters]. Parameters: `w` [kh, kw, channels / groups, filters] and, with a bias, `b`
 * [filters]. The fans of an initializer are the window's size times the channels.
 */
export const conv2d = define<Conv2d>()({
  kind: 'gradus/conv2d',
  config,
  args: (filters, window, { stride = 1, dilation = 1, padding = 'valid', groups = 1, ...options } = {}) => ({
    filters,
    size: pairOf(window),
    stride: pairOf(stride),
    dilation: pairOf(dilation),
    padding: padsOf(padding),
    groups,
    ...filterArgs(options),
  }),
  shape: shapeOf,
  params: (c, x) => filterParams(c, [...c.size, (x?.[2] ?? 0) / c.groups, c.filters], c.filters),
  state: () => ({}),
  infer: (c, p, _s, x) => meaning(c, p, x),
  train: (c, p, s, _key, x) => [meaning(c, p, x), s],
})

// --- of sequences -----------------------------------------------------------------------------------------------------
export interface Conv1dOptions<T extends number = number, D extends number = number, P extends Padding1d = Padding1d>
  extends FilterOptions {
  /** 1 by default */
  readonly stride?: T
  /** 1 by default */
  readonly dilation?: D
  /** 'valid' (none) by default; 'same' as TensorFlow pads, a number as PyTorch, [before, after], or 'causal' */
  readonly padding?: P
  /** 1 by default */
  readonly groups?: number
}

export type Conv1d = <
  const F extends number,
  const K extends number,
  const T extends number = 1,
  const D extends number = 1,
  const P extends Padding1d = 'valid',
>(
  filters: F,
  size: K,
  options?: Conv1dOptions<T, D, P>,
) => <I extends Inputs, S extends Shape>(x: Net<I, S> & Sequences<S, 'conv1d'>) => Net<I, Slid1d<S, F, K, T, D, P>>

const config1d = withOptional(
  t.type({ filters: size, size, stride: size, dilation: size, padding: pads1d, groups: size, ...filterSettings }),
  penalized,
)

const meaning1d = (c: t.TypeOf<typeof config1d>, { w, b }: Vars, x: Expr): Expr => {
  const { stride, dilation, padding } = along(c)
  const filters = reshape(w, [1, ...w.type.shape])
  const y = convolve(asImages(x), filters, { stride, dilation, padding, groups: c.groups })
  return biased(asSequences(y), b, c.bias)
}

/**
 * y[i, o] = sum_{u, c} x[s i + d u - before, c] w[u, c, o] + b[o]: [length, channels] to [places, filters]. Parameters:
 * `w` [size, channels / groups, filters] and, with a bias, `b` [filters]. The fans of an initializer are the window's
 * size times the channels.
 */
export const conv1d = define<Conv1d>()({
  kind: 'gradus/conv1d',
  config: config1d,
  args: (filters, window, { stride = 1, dilation = 1, padding = 'valid', groups = 1, ...options } = {}) => ({
    filters,
    size: window,
    stride,
    dilation,
    padding: pads1dOf(padding),
    groups,
    ...filterArgs(options),
  }),
  shape: (c, x = []) => {
    const fault = sequenceFault(x) ?? groupsFault(c.groups, x, c.filters)
    return fault ? E.left(fault) : E.map((n: number) => [n, c.filters])(placed1d(c, x))
  },
  params: (c, x) => filterParams(c, [c.size, (x?.[1] ?? 0) / c.groups, c.filters], c.filters),
  state: () => ({}),
  infer: (c, p, _s, x) => meaning1d(c, p, x),
  train: (c, p, s, _key, x) => [meaning1d(c, p, x), s],
})
