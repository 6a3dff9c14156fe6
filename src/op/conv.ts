/**
 * Two-dimensional convolution (cross-correlation, as everywhere in the field) of images [rows, height, width, channels]
 * with filters [kh, kw, channels / groups, filters] (TensorFlow's NHWC and HWIO):
 *
 *     conv2d             y[n, i, j, o] = sum_{u, v, c} x[n, s i + d u - top, s j + d v - left, c] w[u, v, c, o]
 *     convTranspose2d    its gradient of x: what y's cotangent becomes
 *     convFilter2d       its gradient of w
 *
 * The three are one trilinear form, so each one's gradients are the other two, to any order. Group g of the filters sees
 * group g of the channels. Orders of summation: see `assembly/conv`.
 */
import * as E from '#fp/Either.js'
import { reader } from '../graph/attrs.js'
import { apply, type Expr, invalid } from '../graph/Expr.js'
import type { Attrs, Lowered, Nd, Op, Sample, Typing } from '../graph/Op.js'
import {
  outputOf,
  type Padding,
  type Pair,
  slidingAttrs,
  slidingFault,
  slidingKinds,
  vastFault,
} from '../shape/Sliding.js'
import { showShape, showType, sizeOf, type TensorType, tensorType } from '../shape/TensorType.js'
import { reshape } from './broadcast.js'
import type { Geometry } from './conv.geometry.js'
import { filterWay, inputWay, outputWay } from './conv.lower.js'
import { matmul } from './matmul.js'
import type { Tile } from './winograd.lower.js'

export const geometric = reader({ ...slidingKinds, groups: 'number' })
const sizeIn = reader({ size: 'numbers' })
const windowIn = reader({ window: 'numbers' })

/** The most places down and across of Winograd's patches: 2 unless `Winograd.ts` asks for 4. */
export const tileOf = (attrs: Attrs): Tile => (attrs['tile'] === 4 ? 4 : 2)

/** A kernel's record has words for every tap of the window. */
const maxTaps = 131_072

/** What a convolution of these shapes gives, or what does not fit. */
export const outputType = (attrs: Attrs, x: readonly number[], w: readonly number[]): E.Either<string, TensorType> => {
  const says = `images ${showShape(x)} and filters ${showShape(w)}`
  const { groups, ...slides } = geometric(attrs)
  const fault = slidingFault(slides)
  if (fault) return E.left(fault)
  const [n = 0, height = 0, width = 0, channels = 0] = x
  const [kh = 0, kw = 0, taken = 0, filters = 0] = w
  if (x.length !== 4 || w.length !== 4 || w.some(d => d < 1) || [height, width, channels].some(d => d < 1))
    return E.left(`${says}: give [rows, height, width, channels] and [height, width, channels / groups, filters]`)
  if (kh * kw > maxTaps)
    return E.left(
      `${says}: a window of ${kh} x ${kw} has more than ${maxTaps} pixels; take a smaller one, or a product of the flattened images (Layer.dense)`,
    )
  if (!(Number.isInteger(groups) && groups >= 1) || filters % groups !== 0 || taken * groups !== channels)
    return E.left(
      `${says}: the filters take ${taken} channels in ${groups} groups, but the images have ${channels}; both channels and filters must be multiples of the groups`,
    )
  const vast = vastFault([height, width], [kh, kw], slides)
  if (vast) return E.left(`${says}: ${vast}`)
  const [oh, ow] = outputOf([height, width], [kh, kw], slides)
  return oh >= 1 && ow >= 1
    ? E.right(tensorType('f32', [n, oh, ow, filters]))
    : E.left(`${says}: the filters are larger than the padded images; pad more`)
}

const bothReal = ({ args: [a, b] }: Typing): boolean => a?.dtype === 'f32' && b?.dtype === 'f32'

const same = (a: E.Either<string, TensorType>, shape: readonly number[]): boolean =>
  E.isRight(a) && showShape(a.right.shape) === showShape(shape)

export const geometry = (attrs: Attrs, x: readonly number[], w: readonly number[], y: readonly number[]): Geometry => {
  const { stride, dilation, padding, groups } = geometric(attrs)
  return {
    rows: x[0] as number,
    image: [x[1] as number, x[2] as number],
    channels: x[3] as number,
    window: [w[0] as number, w[1] as number],
    places: [y[1] as number, y[2] as number],
    filters: y[3] as number,
    stride: stride as readonly [number, number],
    dilation: dilation as readonly [number, number],
    start: [padding[0] as number, padding[2] as number],
    groups,
  }
}

/** Visits every product of the trilinear form: the positions in x, w and y. */
const visit = (g: Geometry, f: (x: number, w: number, y: number) => void): void => {
  const [height, width] = g.image
  const [kh, kw] = g.window
  const [oh, ow] = g.places
  const [taken, given] = [g.channels / g.groups, g.filters / g.groups]
  for (let n = 0; n < g.rows; n++)
    for (let at = 0; at < oh * ow; at++)
      for (let tap = 0; tap < kh * kw; tap++) {
        const i = Math.floor(at / ow) * g.stride[0] + Math.floor(tap / kw) * g.dilation[0] - g.start[0]
        const j = (at % ow) * g.stride[1] + (tap % kw) * g.dilation[1] - g.start[1]
        if (i < 0 || i >= height || j < 0 || j >= width) continue
        const [x, y] = [((n * height + i) * width + j) * g.channels, (n * oh * ow + at) * g.filters]
        for (let c = 0; c < taken; c++)
          for (let o = 0; o < g.filters; o++)
            f(x + Math.floor(o / given) * taken + c, (tap * taken + c) * g.filters + o, y + o)
      }
}

const plus = (values: Float64Array, at: number, x: number): void => {
  values[at] = (values[at] as number) + x
}

/** In float64. */
export const convolution = (g: Geometry, x: Float64Array, w: Float64Array): Float64Array => {
  const out = new Float64Array(g.rows * g.places[0] * g.places[1] * g.filters)
  visit(g, (i, j, k) => plus(out, k, (x[i] as number) * (w[j] as number)))
  return out
}

// --- the convolution --------------------------------------------------------------------------------------------------
const geometryOfConv = ({ attrs, args: [x, w], out }: Lowered): Geometry =>
  geometry(attrs, x?.shape ?? [], w?.shape ?? [], out.shape)

const convOp: Op = {
  name: 'conv2d',
  type: c => {
    const [x, w] = c.args
    if (!x || !w || !bothReal(c)) return E.left('takes f32 images and filters')
    return outputType(c.attrs, x.shape, w.shape)
  },
  vjp: ({ attrs, args: [x, w], g }) => (x && w ? [transposed(g, w, attrs, x), filter(x, g, attrs, w)] : []),
  reference: (c, [x, w]) => convolution(geometryOfConv(c), (x as Nd).values, (w as Nd).values),
  lower: {
    _tag: 'Kernel',
    epilogue: 'leads',
    calls: c => outputWay(geometryOfConv(c), tileOf(c.attrs)).calls,
    scratch: c => outputWay(geometryOfConv(c), tileOf(c.attrs)).scratch,
  },
  samples: () => samples((x, w) => [x, w]),
}

// --- its gradient of the images ---------------------------------------------------------------------------------------
const geometryOfTranspose = ({ attrs, args: [y, w], out }: Lowered): Geometry =>
  geometry(attrs, out.shape, w?.shape ?? [], y?.shape ?? [])

const transposeOp: Op = {
  name: 'convTranspose2d',
  type: c => {
    const [y, w] = c.args
    if (!y || !w || !bothReal(c)) return E.left('takes f32 images and filters')
    const [height = 0, width = 0] = sizeIn(c.attrs).size
    const shape = [y.shape[0] ?? 0, height, width, (w.shape[2] ?? 0) * geometric(c.attrs).groups]
    const back = outputType(c.attrs, shape, w.shape)
    if (E.isLeft(back)) return back
    return same(back, y.shape)
      ? E.right(tensorType('f32', shape))
      : E.left(
          `images ${showType(y)} and filters ${showType(w)} do not give ${showShape(shape)}: the convolution of that gives ${showShape(back.right.shape)}`,
        )
  },
  vjp: ({ attrs, args: [y, w], g }) => (y && w ? [convolved(g, w, attrs), filter(g, y, attrs, w)] : []),
  reference: (c, [y, w]) => {
    const out = new Float64Array(sizeOf(c.out.shape))
    visit(geometryOfTranspose(c), (i, j, k) =>
      plus(out, i, ((y as Nd).values[k] as number) * ((w as Nd).values[j] as number)),
    )
    return out
  },
  lower: {
    _tag: 'Kernel',
    epilogue: 'leads',
    calls: c => inputWay(geometryOfTranspose(c), tileOf(c.attrs)).calls,
    scratch: c => inputWay(geometryOfTranspose(c), tileOf(c.attrs)).scratch,
  },
  samples: () =>
    samples(
      (_x, w, y) => [y, w],
      ([, height = 0, width = 0]) => ({ size: [height, width] }),
    ),
}

// --- its gradient of the filters --------------------------------------------------------------------------------------
const filterShape = (attrs: Attrs, x: readonly number[], y: readonly number[]): readonly number[] => [
  ...windowIn(attrs).window,
  Math.floor((x[3] ?? 0) / geometric(attrs).groups),
  y[3] ?? 0,
]

const geometryOfFilter = ({ attrs, args: [x, y], out }: Lowered): Geometry =>
  geometry(attrs, x?.shape ?? [], out.shape, y?.shape ?? [])

const filterOp: Op = {
  name: 'convFilter2d',
  type: c => {
    const [x, y] = c.args
    if (!x || !y || !bothReal(c)) return E.left('takes f32 images and gradients')
    const shape = filterShape(c.attrs, x.shape, y.shape)
    const back = outputType(c.attrs, x.shape, shape)
    if (E.isLeft(back)) return back
    return same(back, y.shape)
      ? E.right(tensorType('f32', shape))
      : E.left(
          `images ${showType(x)} and filters ${showShape(shape)} give ${showShape(back.right.shape)}, not ${showType(y)}`,
        )
  },
  vjp: ({ attrs, args: [x, y], g }) => (x && y ? [transposed(y, g, attrs, x), convolved(x, g, attrs)] : []),
  reference: (c, [x, y]) => {
    const out = new Float64Array(sizeOf(c.out.shape))
    visit(geometryOfFilter(c), (i, j, k) =>
      plus(out, j, ((x as Nd).values[i] as number) * ((y as Nd).values[k] as number)),
    )
    return out
  },
  lower: {
    _tag: 'Kernel',
    calls: c => filterWay(geometryOfFilter(c)).calls,
    scratch: c => filterWay(geometryOfFilter(c)).scratch,
  },
  samples: () =>
    samples(
      (x, _w, y) => [x, y],
      (_x, [kh = 0, kw = 0]) => ({ window: [kh, kw] }),
    ),
}

const convolved = (x: Expr, w: Expr, attrs: Attrs): Expr => apply(convOp, [x, w], geometric(attrs))

const transposed = (y: Expr, w: Expr, attrs: Attrs, like: Expr): Expr =>
  apply(transposeOp, [y, w], { ...geometric(attrs), size: like.type.shape.slice(1, 3) })

const filter = (x: Expr, y: Expr, attrs: Attrs, like: Expr): Expr =>
  apply(filterOp, [x, y], { ...geometric(attrs), window: like.type.shape.slice(0, 2) })

/** Small cases: strides, dilations, groups, uneven padding, edges of tiles. */
function samples(
  pick: (x: TensorType, w: TensorType, y: TensorType) => readonly TensorType[],
  more: (x: readonly number[], w: readonly number[]) => Attrs = () => ({}),
): readonly Sample[] {
  const one = { stride: [1, 1], dilation: [1, 1], padding: [0, 0, 0, 0], groups: 1 }
  const cases: readonly (readonly [readonly number[], readonly number[], Attrs])[] = [
    [[1, 4, 5, 2], [3, 3, 2, 2], one],
    [[2, 5, 4, 1], [2, 3, 1, 9], { ...one, padding: [1, 0, 1, 2] }],
    [[1, 5, 6, 3], [3, 2, 3, 5], { ...one, stride: [2, 2], padding: [1, 1, 0, 1] }],
    [[1, 6, 5, 2], [2, 2, 2, 3], { ...one, dilation: [3, 2], padding: [0, 1, 1, 1] }],
    [[2, 3, 4, 4], [2, 2, 2, 6], { ...one, groups: 2, padding: [1, 1, 1, 1] }],
    [[1, 5, 5, 3], [3, 3, 1, 6], { ...one, groups: 3, stride: [2, 1], padding: [1, 1, 1, 1] }],
    [[1, 7, 6, 2], [1, 1, 2, 3], { ...one, stride: [3, 2] }],
    [[1, 4, 4, 1], [2, 2, 1, 1], { ...one, stride: [3, 3], dilation: [2, 2], padding: [2, 2, 2, 2] }],
    [[3, 9, 7, 5], [3, 3, 5, 11], { ...one, padding: [1, 1, 1, 1] }],
    [[2, 9, 8, 8], [3, 3, 8, 16], { ...one, stride: [2, 2], padding: [0, 1, 0, 1] }],
    [[2, 7, 6, 16], [3, 3, 16, 24], { ...one, padding: [1, 1, 1, 0] }],
    [[1, 6, 9, 24], [3, 3, 24, 16], one],
    [[0, 3, 3, 2], [2, 2, 2, 3], one],
    [[1, 4, 3, 3], [2, 2, 1, 6], { ...one, groups: 3, padding: [0, 1, 1, 0] }],
    [[2, 7, 9, 20], [3, 3, 1, 20], { ...one, groups: 20, padding: [1, 1, 1, 1] }],
    [[1, 9, 12, 9], [2, 3, 1, 18], { ...one, groups: 9, stride: [2, 2], dilation: [3, 1], padding: [1, 2, 0, 1] }],
    [[0, 3, 3, 2], [2, 2, 1, 2], { ...one, groups: 2 }],
    [[2, 4, 5, 10], [2, 3, 2, 25], { ...one, groups: 5, stride: [1, 2], padding: [1, 0, 1, 1] }],
    [[0, 3, 3, 4], [2, 2, 2, 2], { ...one, groups: 2 }],
  ]
  return cases.map(([x, w, attrs]) => {
    const y = outputType(attrs, x, w)
    const type = E.isRight(y) ? y.right : tensorType('f32')
    return {
      args: pick(tensorType('f32', x), tensorType('f32', w), type),
      attrs: { ...attrs, ...more(x, w) },
      domain: [-0.3, 0.3],
    }
  })
}

export interface ConvOptions {
  /** 1 by default */
  readonly stride?: Pair
  readonly dilation?: Pair
  /** 'valid' by default */
  readonly padding?: Padding
  readonly groups?: number
}

const attrsOf = (image: readonly number[], w: readonly number[], { groups = 1, ...rest }: ConvOptions): Attrs => ({
  ...slidingAttrs([image[0] ?? 0, image[1] ?? 0], { ...rest, window: [w[0] ?? 1, w[1] ?? 1] }),
  groups,
})

/** Whether a convolution sees every pixel by itself: a product of matrices. */
const pointwise = (attrs: Attrs, w: readonly number[]): boolean => {
  const { stride, padding, groups } = geometric(attrs)
  return w[0] === 1 && w[1] === 1 && groups === 1 && stride.every(s => s === 1) && padding.every(p => p === 0)
}

/** The channels of every pixel as a row of a matrix. */
const pixels = (x: Expr): Expr => reshape(x, [sizeOf(x.type.shape.slice(0, 3)), x.type.shape[3] as number])

/** Images [rows, height, width, channels] under filters [kh, kw, channels / groups, filters]. */
export const conv2d = (x: Expr, w: Expr, options: ConvOptions = {}): Expr => {
  const attrs = attrsOf(x.type.shape.slice(1, 3), w.type.shape, options)
  const y = convolved(x, w, attrs)
  if (y._tag === 'Invalid' || !pointwise(attrs, w.type.shape)) return y
  return reshape(matmul(pixels(x), reshape(w, w.type.shape.slice(2))), y.type.shape)
}

/**
 * The transposed convolution: what `conv2d` with these filters and options, of images of this size, makes of a gradient.
 * Images [rows, height, width, filters] and filters [kh, kw, channels / groups, filters] give [rows, ...size, channels].
 */
export const convTranspose2d = (y: Expr, w: Expr, size: readonly [number, number], options: ConvOptions = {}): Expr => {
  if (y._tag === 'Invalid' || w._tag === 'Invalid') return y._tag === 'Invalid' ? y : w
  return y.type.shape.length === 4
    ? apply(transposeOp, [y, w], { ...attrsOf(size, w.type.shape, options), size })
    : invalid('convTranspose2d', `takes images [rows, height, width, channels], not ${showType(y.type)}`)
}

export const convOps: readonly Op[] = [convOp, transposeOp, filterOp]
