/**
 * Transposed convolutions: what a convolution makes of the gradient of its output, so that strides enlarge. The filters
 * lie as TensorFlow keeps them: [...window, filters / groups, channels].
 */
import * as E from '#fp/Either.js'
import * as t from '#io/index.js'
import type { Expr } from '../../graph/Expr.js'
import { nullOr, size, that, withOptional } from '../../graph/settings.js'
import { reshape } from '../../op/broadcast.js'
import { convTranspose2d as transpose } from '../../op/conv.js'
import type { Inputs, Shape } from '../../shape/Dims.js'
import {
  type Extra,
  type Padding,
  type Pair,
  pairOf,
  type Spread1d,
  type Spread2d,
  transposedSize,
} from '../../shape/Sliding.js'
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
import { type Images, imageFault, isPair, isWhole, pads, padsOf, type Slides, type Two, two } from './images.js'
import { along, asImages, asSequences, pads1dOf, type Sequences, sequenceFault } from './sequences.js'

export interface ConvTranspose2dOptions<
  T extends Pair = Pair,
  D extends Pair = Pair,
  P extends Padding = Padding,
  X extends Extra = Extra,
> extends FilterOptions {
  /** 1 by default */
  readonly stride?: T
  /** 1 by default */
  readonly dilation?: D
  /**
   * what is cut off the result, as the convolution would have padded it: 'valid' (nothing) by default, 'same' so that
   * height and width are multiplied by the stride, both as in Keras; a number as PyTorch, or [[top, bottom], [left,
   * right]]
   */
  readonly padding?: P
  /**
   * rows and columns more at the end, less than the stride; 0 with numbers as padding. null by default: Keras' size,
   * which with 'valid' is at least n stride
   */
  readonly outputPadding?: X
  /** 1 by default */
  readonly groups?: number
}

export type ConvTranspose2d = <
  const F extends number,
  const K extends Pair,
  const T extends Pair = 1,
  const D extends Pair = 1,
  const P extends Padding = 'valid',
  const X extends Extra = null,
>(
  filters: F,
  size: K,
  options?: ConvTranspose2dOptions<T, D, P, X>,
) => <I extends Inputs, S extends Shape>(
  x: Net<I, S> & Images<S, 'convTranspose2d'>,
) => Net<I, Spread2d<S, F, K, T, D, P, X>>

const wholes = that<Two>('a whole number >= 0, or two', isPair(isWhole))

const config = withOptional(
  t.type({
    filters: size,
    size: two,
    stride: two,
    dilation: two,
    padding: pads,
    outputPadding: nullOr(wholes),
    groups: size,
    ...filterSettings,
  }),
  penalized,
)

interface Spreads extends Slides {
  readonly outputPadding: Two | null
}

const sizeOf = ({ size: window, outputPadding: extra, ...rest }: Spreads, image: Two): Two =>
  transposedSize(image, { window, extra, ...rest })

/** The result's height and width, or what does not fit; `show` says a pair, or the second of it. */
const spread = (c: Spreads, image: Two, show: (pair: Two) => string): E.Either<string, Two> => {
  const { padding, outputPadding, stride } = c
  if (padding === 'same' && outputPadding)
    return E.left(
      `the padding 'same' makes ${show(sizeOf(c, image))}, without an output padding of ${show(outputPadding)}; leave that out, or give the padding in numbers`,
    )
  if (outputPadding?.some((n, i) => n >= (stride[i] as number)))
    return E.left(
      `the output padding ${show(outputPadding)} must be less than the stride ${show(stride)}; give less, or pad the result`,
    )
  const result = sizeOf(c, image)
  return result.every(n => n >= 1)
    ? E.right(result)
    : E.left(`of the input ${show(image)} the padding leaves ${show(result)}; give less padding`)
}

/** Filters [kh, kw, filters / groups, channels] on images. */
const enlarged = (c: Spreads & { readonly groups: number }, w: Expr, x: Expr): Expr => {
  const [, height = 0, width = 0] = x.type.shape
  const { stride, dilation, padding, groups } = c
  return transpose(x, w, sizeOf(c, [height, width]), { stride, dilation, padding, groups })
}

interface Vars {
  readonly w: Expr
  readonly b: Expr
}

const meaning = (c: t.TypeOf<typeof config>, { w, b }: Vars, x: Expr): Expr => biased(enlarged(c, w, x), b, c.bias)

/**
 * y[s i + d u - top, s j + d v - left, o] sums x[i, j, c] w[u, v, o, c], plus b[o]: the gradient that `conv2d` of these
 * settings, from `filters` to `channels` filters, gives its images. [height, width, channels] to [h, w, filters] with,
 * along an axis of n, n s for 'same', (n - 1) s + max(d (k - 1) + 1, s) for 'valid', else (n - 1) s + d (k - 1) + 1 -
 * before - after + the output padding. Parameters: `w` [kh, kw, filters / groups, channels] and, with a bias, `b`
 * [filters]. The fans of an initializer are those of that convolution, as in Keras and PyTorch: in kh kw filters /
 * groups, out kh kw channels.
 */
export const convTranspose2d = define<ConvTranspose2d>()({
  kind: 'gradus/convTranspose2d',
  config,
  args: (
    filters,
    window,
    { stride = 1, dilation = 1, padding = 'valid', outputPadding = null, groups = 1, ...options } = {},
  ) => ({
    filters,
    size: pairOf(window),
    stride: pairOf(stride),
    dilation: pairOf(dilation),
    padding: padsOf(padding),
    outputPadding: outputPadding === null ? null : pairOf(outputPadding),
    groups,
    ...filterArgs(options),
  }),
  shape: (c, x = []) => {
    const fault = imageFault(x) ?? groupsFault(c.groups, x, c.filters)
    if (fault) return E.left(fault)
    const [height = 0, width = 0] = x
    return E.map(([h, w]: Two) => [h, w, c.filters])(spread(c, [height, width], ([h, w]) => `[${h}, ${w}]`))
  },
  params: (c, x) => filterParams(c, [...c.size, c.filters / c.groups, x?.[2] ?? 0], c.filters),
  state: () => ({}),
  infer: (c, p, _s, x) => meaning(c, p, x),
  train: (c, p, s, _key, x) => [meaning(c, p, x), s],
})

// --- of sequences -----------------------------------------------------------------------------------------------------
type Cut = 'valid' | 'same' | number | Two

export interface ConvTranspose1dOptions<
  T extends number = number,
  D extends number = number,
  P extends Cut = Cut,
  X extends number | null = number | null,
> extends FilterOptions {
  /** 1 by default */
  readonly stride?: T
  /** 1 by default */
  readonly dilation?: D
  /** what is cut off the result, as in `convTranspose2d`; 'valid' (nothing) by default */
  readonly padding?: P
  /** elements more at the end, as in `convTranspose2d`; null by default */
  readonly outputPadding?: X
  /** 1 by default */
  readonly groups?: number
}

export type ConvTranspose1d = <
  const F extends number,
  const K extends number,
  const T extends number = 1,
  const D extends number = 1,
  const P extends Cut = 'valid',
  const X extends number | null = null,
>(
  filters: F,
  size: K,
  options?: ConvTranspose1dOptions<T, D, P, X>,
) => <I extends Inputs, S extends Shape>(
  x: Net<I, S> & Sequences<S, 'convTranspose1d'>,
) => Net<I, Spread1d<S, F, K, T, D, P, X>>

const cut = that<'valid' | 'same' | Two>(
  '"same", "valid", a whole number >= 0 or [before, after]',
  (u): u is 'valid' | 'same' | Two => u === 'same' || u === 'valid' || isPair(isWhole)(u),
)
const whole = that<number>('a whole number >= 0', isWhole)

const config1d = withOptional(
  t.type({
    filters: size,
    size,
    stride: size,
    dilation: size,
    padding: cut,
    outputPadding: nullOr(whole),
    groups: size,
    ...filterSettings,
  }),
  penalized,
)
type Config1d = t.TypeOf<typeof config1d>

const flat = (c: Config1d): Spreads => ({
  ...along(c),
  outputPadding: c.outputPadding === null ? null : [0, c.outputPadding],
})

const meaning1d = (c: Config1d, { w, b }: Vars, x: Expr): Expr => {
  const y = enlarged({ ...flat(c), groups: c.groups }, reshape(w, [1, ...w.type.shape]), asImages(x))
  return biased(asSequences(y), b, c.bias)
}

/**
 * `convTranspose2d` of sequences: [length, channels] to [l, filters]. Parameters: `w` [size, filters / groups, channels]
 * and, with a bias, `b` [filters].
 */
export const convTranspose1d = define<ConvTranspose1d>()({
  kind: 'gradus/convTranspose1d',
  config: config1d,
  args: (
    filters,
    window,
    { stride = 1, dilation = 1, padding = 'valid', outputPadding = null, groups = 1, ...options } = {},
  ) => ({
    filters,
    size: window,
    stride,
    dilation,
    padding: pads1dOf(padding),
    outputPadding,
    groups,
    ...filterArgs(options),
  }),
  shape: (c, x = []) => {
    const fault = sequenceFault(x) ?? groupsFault(c.groups, x, c.filters)
    if (fault) return E.left(fault)
    return E.map(([, n]: Two) => [n, c.filters])(spread(flat(c), [1, x[0] as number], pair => `${pair[1]}`))
  },
  params: (c, x) => filterParams(c, [c.size, c.filters / c.groups, x?.[1] ?? 0], c.filters),
  state: () => ({}),
  infer: (c, p, _s, x) => meaning1d(c, p, x),
  train: (c, p, s, _key, x) => [meaning1d(c, p, x), s],
})
