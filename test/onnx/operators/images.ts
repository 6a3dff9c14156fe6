/** Convolutions, pools and resizing, by the library's operations over images with the channels last. */
import type { Expr } from '../../../src/graph/Expr.js'
import { add, div, mul } from '../../../src/op/arithmetic.js'
import { depthToSpace, spaceToDepth } from '../../../src/op/blocks.js'
import { reshape } from '../../../src/op/broadcast.js'
import { conv2d, convTranspose2d } from '../../../src/op/conv.js'
import { type Centers, resize2d } from '../../../src/op/interpolate.js'
import { pow } from '../../../src/op/math.js'
import { averagePool2d, maxPool2d } from '../../../src/op/pool.js'
import { max, mean } from '../../../src/op/reduce.js'
import { cast } from '../../../src/op/select.js'
import { transpose } from '../../../src/op/window.js'
import { type Edges, edgesOf, type Padding, span } from '../../../src/shape/Sliding.js'
import { sizeOf } from '../../../src/shape/TensorType.js'
import type { Build, Builders, Node } from '../node.js'
import { onImages } from './axes.js'

type Two = readonly [number, number]

/** Of the axes of an image; a sequence is one pixel wide. */
const twoOf = (xs: readonly number[] | null, otherwise: number): Two => [xs?.[0] ?? otherwise, xs?.[1] ?? otherwise]

const swapped = ([low, high]: Two): Two => [high, low]

/** The geometry of a window on an image of a height and a width. */
const sliding = (n: Node, [height, width]: Two, window: Two) => {
  const [stride, dilation] = [twoOf(n.ints('strides'), 1), twoOf(n.ints('dilations'), 1)]
  const pads = n.ints('pads') ?? []
  const axes = pads.length / 2
  const edges: Edges = [[pads[0] ?? 0, pads[axes] ?? 0], axes < 2 ? [0, 0] : [pads[1] ?? 0, pads[axes + 1] ?? 0]]
  const automatic = n.text('auto_pad', 'NOTSET')
  const same = edgesOf([height, width], { window, stride, dilation, padding: 'same' })
  const padding: Padding =
    automatic === 'SAME_UPPER' ? 'same' : automatic === 'SAME_LOWER' ? [swapped(same[0]), swapped(same[1])] : edges
  return { stride, dilation, padding }
}

const sizes = (image: Expr): Two => [image.type.shape[1] as number, image.type.shape[2] as number]

/** [filters, channels, ...window] to [...window, channels, filters]; a sequence's window is one pixel wide. */
const filtersOf = (w: Expr): Expr => {
  if (w.type.shape.length > 4) throw new Error('images of more axes than two are not there')
  const wide = w.type.shape.length === 3 ? reshape(w, [...w.type.shape, 1]) : w
  return transpose(wide, [2, 3, 1, 0])
}

const windowOf = (filters: Expr): Two => [filters.type.shape[0] as number, filters.type.shape[1] as number]

const biased = (y: Expr, bias: Expr | null | undefined): Expr => (bias ? add(y, bias) : y)

const conv: Build = n => [
  onImages(n.arg(0), x => {
    const w = filtersOf(n.arg(1))
    return biased(conv2d(x, w, { ...sliding(n, sizes(x), windowOf(w)), groups: n.int('group', 1) }), n.args[2])
  }),
]

/** One axis of a transposed convolution: its size, and how much of it is padding. */
const transposedAxis = (n: Node, i: number, size: number, window: number): readonly [number, Two] => {
  const stride = n.ints('strides')?.[i] ?? 1
  const pads = n.ints('pads') ?? []
  const full = stride * (size - 1) + (n.ints('output_padding')?.[i] ?? 0) + span(window, n.ints('dilations')?.[i])
  const automatic = n.text('auto_pad', 'NOTSET')
  const wanted = n.ints('output_shape')?.[i] ?? (automatic.startsWith('SAME') ? size * stride : null)
  if (wanted === null) {
    const [low, high] = [pads[i] ?? 0, pads[pads.length / 2 + i] ?? 0]
    return [full - low - high, [low, high]]
  }
  const total = Math.max(0, full - wanted)
  const less = Math.floor(total / 2)
  return [wanted, automatic === 'SAME_UPPER' ? [less, total - less] : [total - less, less]]
}

const convTranspose: Build = n => [
  onImages(n.arg(0), x => {
    const filters = filtersOf(n.arg(1))
    const [kh, kw] = windowOf(filters)
    const [height, top] = transposedAxis(n, 0, sizes(x)[0], kh)
    const [width, left]: readonly [number, Two] =
      n.arg(0).type.shape.length === 3 ? [1, [0, 0]] : transposedAxis(n, 1, sizes(x)[1], kw)
    const y = convTranspose2d(x, filters, [height, width], {
      stride: twoOf(n.ints('strides'), 1),
      dilation: twoOf(n.ints('dilations'), 1),
      padding: [top, left],
      groups: n.int('group', 1),
    })
    return biased(y, n.args[2])
  }),
]

const pool =
  (f: (x: Expr, window: Two, n: Node, options: object) => Expr): Build =>
  n => [
    onImages(n.arg(0), x => {
      const window = twoOf(n.ints('kernel_shape'), 1)
      const options = { ...sliding(n, sizes(x), window), ceil: n.int('ceil_mode', 0) === 1 }
      return cast(f(cast(x, 'f32'), window, n, options), x.type.dtype)
    }),
  ]

/** The mean, or the maximum, of what stands behind the channels. */
const global =
  (f: (x: Expr, axes: readonly number[], keep: boolean) => Expr): Build =>
  n => [
    f(
      n.arg(0),
      n.arg(0).type.shape.flatMap((_, i) => (i < 2 ? [] : [i])),
      true,
    ),
  ]

const centers: Readonly<Record<string, Centers>> = {
  half_pixel: 'halfPixel',
  align_corners: 'corners',
  asymmetric: 'asymmetric',
}

/** Scales are those of the sizes, and what is not resized has the scale 1. */
const resize: Build = n => {
  const x = n.arg(0)
  const { shape } = x.type
  const scales = (n.opset < 11 ? n.numbers(1) : n.numbers(2)) ?? []
  const given = n.numbers(3) ?? shape.map((d, i) => Math.floor(d * (scales[i] ?? 1)))
  if (n.numbers(3) === null && given.some((m, i) => m !== (shape[i] as number) * (scales[i] ?? 1)))
    throw new Error('a scale that is not that of the sizes is not there')
  if (given.slice(0, 2).some((m, i) => m !== shape[i])) throw new Error('only images are resized')
  const size: Two = [given[2] as number, given[3] as number]
  const mode = n.text('mode', 'nearest')
  const at = n.text('coordinate_transformation_mode', n.opset < 11 ? 'asymmetric' : 'half_pixel')
  const where = centers[at]
  if (where === undefined) throw new Error(`the positions ${at} are not there`)
  const rounding = n.text('nearest_mode', n.opset < 11 ? 'floor' : 'round_prefer_floor')
  return [
    onImages(x, image => {
      if (mode === 'linear') return resize2d(image, size, { centers: where })
      if (mode !== 'nearest') throw new Error(`the mode ${mode} is not there`)
      return nearest(image, size, where, rounding)
    }),
  ]
}

/** Whether a place lies between two pixels, of which the library takes the later one. */
const isBetween = (n: number, m: number, where: Centers): boolean =>
  Array.from({ length: m }, (_, i) =>
    where === 'corners' ? (i * (n - 1)) / Math.max(1, m - 1) : ((i + 0.5) * n) / m - 0.5,
  ).some(p => p - Math.floor(p) === 0.5)

const nearest = (image: Expr, size: Two, where: Centers, rounding: string): Expr => {
  const down = where === 'asymmetric' ? rounding === 'floor' : rounding === 'round_prefer_ceil'
  const either =
    rounding === 'round_prefer_floor' && !size.some((m, i) => isBetween(sizes(image)[i] as number, m, where))
  if (!down && !either) throw new Error(`rounding ${rounding} of ${where} is not there`)
  return resize2d(image, size, { method: 'nearest', centers: where })
}

const sum1d = (x: Expr, window: number): Expr => {
  const before = Math.floor((window - 1) / 2)
  const padding: Edges = [
    [0, 0],
    [before, window - 1 - before],
  ]
  return mul(averagePool2d(x, [1, window], { stride: 1, padding, countPadding: true }), window)
}

/** Divides by the squares of neighboring channels, which here are an image's width. */
const localResponse: Build = n => [
  onImages(n.arg(0), x => {
    const { shape } = x.type
    const wide = reshape(mul(x, x), [1, sizeOf(shape.slice(0, 3)), shape[3] as number, 1])
    const sum = reshape(sum1d(wide, n.int('size')), shape)
    const size = n.int('size')
    return div(x, pow(add(mul(sum, n.float('alpha', 0.0001) / size), n.float('bias', 1)), n.float('beta', 0.75)))
  }),
]

export const images: Builders = {
  Conv: conv,
  ConvTranspose: convTranspose,
  MaxPool: pool((x, window, _n, o) => maxPool2d(x, window, o)),
  AveragePool: pool((x, window, n, o) =>
    averagePool2d(x, window, { ...o, countPadding: n.int('count_include_pad', 0) === 1 }),
  ),
  GlobalAveragePool: global(mean),
  GlobalMaxPool: global(max),
  Resize: resize,
  Upsample: resize,
  DepthToSpace: n => [
    onImages(n.arg(0), x => depthToSpace(x, n.int('blocksize'), n.text('mode', 'DCR') === 'DCR' ? 'tf' : 'torch')),
  ],
  SpaceToDepth: n => [onImages(n.arg(0), x => spaceToDepth(x, n.int('blocksize')))],
  LRN: localResponse,
}
