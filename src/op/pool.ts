/**
 * Pools over images [rows, height, width, channels]: the maximum, or the average, under a window at every place.
 *
 * Padding never wins a maximum; whether it counts for an average is the difference between TensorFlow (no) and PyTorch
 * (yes, but not what `ceil` adds). The gradient of a maximum goes to the first one in the window's order, as in both.
 */
import * as E from '#fp/Either.js'
import { reader } from '../graph/attrs.js'
import { apply, type Expr, invalid } from '../graph/Expr.js'
import {
  type Attrs,
  type Call,
  type Lowered,
  type Nd,
  type Op,
  type Sample,
  shifted,
  type Vjp,
  type Word,
} from '../graph/Op.js'
import {
  edgesOf,
  isBlind,
  outputOf,
  type Padding,
  type Pair,
  pairOf,
  places,
  slidingFault,
  slidingKinds,
  span,
  vastFault,
} from '../shape/Sliding.js'
import { sameShape, showShape, showType, sizeOf, type TensorType, tensorType } from '../shape/TensorType.js'

type Four = readonly [number, number, number, number]

/** A pool's geometry; `counted` is the part of the padding that counts for an average. */
const pool = reader({ ...slidingKinds, window: 'numbers', counted: 'numbers' })
type Pool = ReturnType<typeof pool>

const sizeIn = reader({ size: 'numbers' })
const pair = (xs: readonly number[]): readonly [number, number] => xs as readonly [number, number]

/** Why a pool does not fit images [rows?, height, width, channels], or null. */
export const poolFault = (attrs: Attrs, image: readonly number[]): string | null => {
  const p = pool(attrs)
  const fault = slidingFault(p)
  if (fault) return fault
  const says = `a window ${showShape(p.window)} on ${showShape(image)}`
  if (p.window.some(k => !Number.isInteger(k) || k < 1)) return `${says}: give whole numbers >= 1`
  const size = pair(image.slice(-3, -1))
  const vast = vastFault(size, p.window, p)
  if (vast) return `${says}: ${vast}`
  const out = outputOf(size, pair(p.window), p)
  if (out.some(n => n < 1)) return `${says}: the window is larger than the padded images; pad more`
  const blind = [0, 1].some(i => {
    const at = { size: size[i] as number, before: p.padding[2 * i] as number, places: out[i] as number }
    return isBlind(at, p.window[i] as number, p.stride[i] as number, p.dilation[i] as number)
  })
  return blind
    ? `${says}: with padding ${showShape(p.padding)} a window lies wholly in the padding; pad less${p.dilation.some(d => d > 1) ? ', or dilate less' : ''}`
    : null
}

const poolType = (attrs: Attrs, x: TensorType | undefined): E.Either<string, TensorType> => {
  if (x?.dtype !== 'f32' || x.shape.length !== 4)
    return E.left(`takes images [rows, height, width, channels], not ${x ? showType(x) : 'nothing'}`)
  const fault = poolFault(attrs, x.shape)
  if (fault) return E.left(fault)
  const [n = 0, height = 0, width = 0, channels = 0] = x.shape
  const p = pool(attrs)
  return E.right(tensorType('f32', [n, ...outputOf([height, width], pair(p.window), p), channels]))
}

/** How many of the taps from `start` on lie in [low, high). */
const within = (start: number, dilation: number, window: number, low: number, high: number): number =>
  Array.from({ length: window }, (_, k) => start + k * dilation).filter(i => i >= low && i < high).length

/** For every place and channel: its position, the taps inside of the image in order, and what an average divides by. */
const visit = (
  attrs: Attrs,
  image: readonly number[],
  out: readonly number[],
  f: (place: number, taps: readonly number[], divisor: number) => void,
): void => {
  const { window, stride, dilation, padding, counted } = pool(attrs)
  const [top, , left] = padding as Four
  const [above, below, before, after] = counted as Four
  const [n, height, width, channels] = image as Four
  const [, oh, ow] = out as Four
  const [[kh, kw], [sy, sx], [dy, dx]] = [pair(window), pair(stride), pair(dilation)]
  for (let place = 0; place < n * oh * ow; place++) {
    const y = (Math.floor(place / ow) % oh) * sy - top
    const x = (place % ow) * sx - left
    const pixels: number[] = []
    for (let tap = 0; tap < kh * kw; tap++) {
      const [i, j] = [y + Math.floor(tap / kw) * dy, x + (tap % kw) * dx]
      if (i >= 0 && i < height && j >= 0 && j < width)
        pixels.push((Math.floor(place / (oh * ow)) * height + i) * width + j)
    }
    const divisor = within(y, dy, kh, -above, height + below) * within(x, dx, kw, -before, width + after)
    for (let c = 0; c < channels; c++)
      f(
        place * channels + c,
        pixels.map(p => p * channels + c),
        divisor,
      )
  }
}

const value = (t: Nd | undefined, at: number): number => t?.values[at] as number

/** The first of the largest; a NaN is larger than all numbers. */
const firstMax = (x: Nd | undefined, taps: readonly number[]): number =>
  taps.reduce((best, t) => {
    const [v, b] = [value(x, t), value(x, best)]
    return v > b || (Number.isNaN(v) && !Number.isNaN(b)) ? t : best
  }, taps[0] as number)

const plus = (values: Float64Array, at: number, x: number): void => {
  values[at] = (values[at] as number) + x
}

/** Windows that do not overlap write to a gradient alone. */
const alone = ({ window, stride, dilation }: Pool): boolean =>
  [0, 1].every(i => (stride[i] as number) >= span(window[i] as number, dilation[i]))

/** Whether windows that do not overlap leave no pixel out. */
const covers = (
  { window, stride, dilation, padding }: Pool,
  image: readonly number[],
  out: readonly number[],
): boolean =>
  [0, 1].every(
    i =>
      (stride[i] as number) === window[i] &&
      dilation[i] === 1 &&
      (out[i + 1] as number) * (stride[i] as number) - (padding[2 * i] as number) >= (image[i + 1] as number),
  )

const poolCall = (
  kernel: string,
  attrs: Attrs,
  image: readonly number[],
  out: readonly number[],
  operands: readonly [Word, Word],
): Call => {
  const p = pool(attrs)
  const [top, , left] = p.padding as Four
  const [above, below, before, after] = p.counted as Four
  const [rows = 0, ...pixels] = image
  const [inImage, inPlaces] = [sizeOf(pixels), sizeOf(out.slice(1))]
  const seconds = kernel === 'maxPoolPick' ? inImage : inPlaces
  const given = kernel.endsWith('Gradient') ? inImage : inPlaces
  // where lines of windows lie one below the other, all images are one tall one, cut between those lines
  const [lines = 0, across = 0] = out.slice(1)
  const tall = alone(p) && top === 0 && above === 0 && below === 0 && lines * (p.stride[0] as number) === pixels[0]
  const grains = tall ? rows * lines : rows
  const grain = (image: number): number => (tall ? image / lines : image)
  const words = (from: number, to: number): readonly Word[] => [
    shifted(operands[0], from * grain(inImage)),
    shifted(operands[1], from * grain(seconds)),
    shifted({ out: true }, from * grain(given)),
    tall ? 1 : to - from,
    tall ? (to - from) * (p.stride[0] as number) : (pixels[0] as number),
    ...pixels.slice(1),
    ...[tall ? to - from : lines, across],
    ...[...p.window, ...p.stride, ...p.dilation, top, left],
    alone(p) ? 1 : 0,
    ...[above, before, below, after],
  ]
  return {
    kernel,
    words: words(0, grains),
    parts: { grains, cost: 0.3 * rows * (inImage + inPlaces * sizeOf(p.window)), local: tall, words },
  }
}

/** A gradient of images is written into zeros, unless every pixel is written anyway. */
const gradientCalls = (
  kernel: string,
  attrs: Attrs,
  image: readonly number[],
  places: readonly number[],
  operands: readonly [Word, Word],
): readonly Call[] => [
  ...(alone(pool(attrs)) && covers(pool(attrs), image, places)
    ? []
    : [{ kernel: 'fill32', words: [{ out: true } as const, 0, sizeOf(image)] }]),
  poolCall(kernel, attrs, image, places, operands),
]

const plain = { window: [2, 2], stride: [2, 2], dilation: [1, 1], padding: [0, 0, 0, 0], counted: [0, 0, 0, 0] }

const cases: readonly (readonly [readonly number[], Attrs])[] = [
  [[1, 4, 4, 2], plain],
  [[2, 5, 5, 1], plain],
  [[2, 5, 6, 8], plain],
  [[1, 4, 3, 5], { ...plain, window: [3, 2], stride: [1, 1], padding: [1, 1, 0, 1] }],
  [[1, 5, 4, 4], { ...plain, window: [2, 3], stride: [2, 1], padding: [0, 1, 1, 1], counted: [0, 0, 1, 1] }],
  [[1, 6, 5, 3], { ...plain, window: [2, 2], stride: [3, 2], dilation: [2, 3], padding: [1, 1, 2, 1] }],
  [[1, 3, 3, 9], { ...plain, window: [3, 3], stride: [1, 1], padding: [1, 1, 1, 1], counted: [1, 1, 1, 1] }],
  [[2, 6, 6, 17], { ...plain, window: [3, 3], stride: [3, 3], padding: [1, 2, 1, 2], counted: [1, 1, 1, 1] }],
  [[0, 4, 4, 2], plain],
]

const samples = (args: (x: TensorType, y: TensorType) => readonly TensorType[], sized = false): readonly Sample[] =>
  cases.map(([shape, attrs]) => {
    const x = tensorType('f32', shape)
    const y = poolType(attrs, x)
    return {
      args: args(x, E.isRight(y) ? y.right : tensorType('f32')),
      attrs: sized ? { ...attrs, size: shape.slice(1, 3) } : attrs,
    }
  })

// --- maximum ----------------------------------------------------------------------------------------------------------
const maxPoolOp: Op = {
  name: 'maxPool2d',
  type: ({ attrs, args: [x] }) => poolType(attrs, x),
  vjp: ({ attrs, args: [x], g }) => [x ? apply(maxGradientOp, [x, g], attrs) : null],
  reference: ({ attrs, out }, [x]) => {
    const values = new Float64Array(sizeOf(out.shape)).fill(-Infinity)
    visit(attrs, x?.shape ?? [], out.shape, (place, taps) => {
      if (taps.length > 0) values[place] = value(x, firstMax(x, taps))
    })
    return values
  },
  lower: {
    _tag: 'Kernel',
    epilogue: 'ends',
    calls: ({ attrs, args: [x], out }) => [poolCall('maxPool', attrs, x?.shape ?? [], out.shape, [{ arg: 0 }, 0])],
  },
  samples: () => samples(x => [x]),
}

/** What a type rule says of images and a second operand that is not of the wanted shape. */
const pairFault = (x: TensorType, y: TensorType, wanted: readonly number[]): string =>
  `${showType(x)} goes with ${showShape(wanted)}, not with ${showType(y)}`

const maxGradientOp: Op = {
  name: 'maxPoolGradient2d',
  type: ({ attrs, args: [x, g] }) => {
    const y = poolType(attrs, x)
    if (E.isLeft(y) || !x || !g) return y
    return g.dtype === 'f32' && sameShape(g.shape, y.right.shape) ? E.right(x) : E.left(pairFault(x, g, y.right.shape))
  },
  vjp: ({ attrs, args: [x], g }) => [null, x ? apply(maxPickOp, [x, g], attrs) : null],
  reference: ({ attrs, out }, [x, g]) => {
    const values = new Float64Array(sizeOf(out.shape))
    visit(attrs, out.shape, g?.shape ?? [], (place, taps) => {
      if (taps.length > 0) plus(values, firstMax(x, taps), value(g, place))
    })
    return values
  },
  lower: {
    _tag: 'Kernel',
    calls: ({ attrs, args: [x, g] }) =>
      gradientCalls('maxPoolGradient', attrs, x?.shape ?? [], g?.shape ?? [], [{ arg: 0 }, { arg: 1 }]),
  },
  samples: () => samples((x, y) => [x, y]),
}

/** Of the second images, the element where the first have the maximum: the gradient of the gradient. */
const maxPickOp: Op = {
  name: 'maxPoolPick2d',
  type: ({ attrs, args: [x, u] }) => {
    const y = poolType(attrs, x)
    if (E.isLeft(y) || !x || !u) return y
    return u.dtype === 'f32' && sameShape(u.shape, x.shape) ? y : E.left(pairFault(x, u, x.shape))
  },
  vjp: ({ attrs, args: [x], g }) => [null, x ? apply(maxGradientOp, [x, g], attrs) : null],
  reference: ({ attrs, out }, [x, u]) => {
    const values = new Float64Array(sizeOf(out.shape))
    visit(attrs, x?.shape ?? [], out.shape, (place, taps) => {
      if (taps.length > 0) values[place] = value(u, firstMax(x, taps))
    })
    return values
  },
  lower: {
    _tag: 'Kernel',
    calls: ({ attrs, args: [x], out }) => [
      poolCall('maxPoolPick', attrs, x?.shape ?? [], out.shape, [{ arg: 0 }, { arg: 1 }]),
    ],
  },
  samples: () => samples(x => [x, x]),
}

// --- average ----------------------------------------------------------------------------------------------------------
const averagePoolOp: Op = {
  name: 'averagePool2d',
  type: ({ attrs, args: [x] }) => poolType(attrs, x),
  vjp: ({ attrs, args: [x], g }) => [
    x ? apply(averageGradientOp, [g], { ...attrs, size: x.type.shape.slice(1, 3) }) : null,
  ],
  reference: ({ attrs, out }, [x]) => {
    const values = new Float64Array(sizeOf(out.shape))
    visit(attrs, x?.shape ?? [], out.shape, (place, taps, divisor) => {
      values[place] = taps.reduce((sum, t) => sum + value(x, t), 0) / divisor
    })
    return values
  },
  lower: {
    _tag: 'Kernel',
    epilogue: 'ends',
    calls: ({ attrs, args: [x], out }) => [poolCall('averagePool', attrs, x?.shape ?? [], out.shape, [{ arg: 0 }, 0])],
  },
  samples: () => samples(x => [x]),
}

const averageGradientOp: Op = {
  name: 'averagePoolGradient2d',
  type: ({ attrs, args: [g] }) => {
    if (!g) return E.left('takes one operand')
    const [height, width] = pair(sizeIn(attrs).size)
    const x = tensorType('f32', [g.shape[0] ?? 0, height, width, g.shape[3] ?? 0])
    const y = poolType(attrs, x)
    if (E.isLeft(y)) return y
    return sameShape(g.shape, y.right.shape) ? E.right(x) : E.left(pairFault(x, g, y.right.shape))
  },
  vjp: ({ attrs: { size: _, ...attrs }, g }: Vjp) => [apply(averagePoolOp, [g], attrs)],
  reference: ({ attrs, out }, [g]) => {
    const values = new Float64Array(sizeOf(out.shape))
    visit(attrs, out.shape, g?.shape ?? [], (place, taps, divisor) => {
      for (const t of taps) plus(values, t, value(g, place) / divisor)
    })
    return values
  },
  lower: {
    _tag: 'Kernel',
    calls: ({ attrs, args: [g], out }: Lowered) =>
      gradientCalls('averagePoolGradient', attrs, out.shape, g?.shape ?? [], [0, { arg: 0 }]),
  },
  samples: () => samples((_x, y) => [y], true),
}

export interface PoolOptions {
  /** the window's size by default, so that windows lie side by side */
  readonly stride?: Pair
  readonly dilation?: Pair
  /** 'valid' by default */
  readonly padding?: Padding
  /** whether a last window that only begins inside of the (padded) image has a place too, as PyTorch's ceil_mode */
  readonly ceil?: boolean
}

export interface AveragePoolOptions extends PoolOptions {
  /** whether padding counts as zeros, as in PyTorch; not by default, as in TensorFlow */
  readonly countPadding?: boolean
}

/** What `ceil` adds after an axis. */
const ceilExtra = (padded: number, inside: number, spanned: number, stride: number): number => {
  const floor = places(padded, spanned, stride)
  const exact = (floor - 1) * stride + spanned === padded
  const begins = floor * stride < inside
  return exact || !begins ? 0 : floor * stride + spanned - padded
}

/** The attributes of a pool on an image of a height and a width. */
export const poolAttrs = (
  image: readonly [number, number],
  size: Pair,
  { stride = size, dilation = 1, padding = 'valid', ceil = false, countPadding = false }: AveragePoolOptions = {},
) => {
  const window = pairOf(size)
  const [s, d] = [pairOf(stride), pairOf(dilation)]
  const edges = edgesOf(image, { window, stride, dilation, padding })
  const extended = edges.map(([before, after], i) => {
    const n = image[i] as number
    const spanned = span(window[i] as number, d[i])
    return [before, after + (ceil ? ceilExtra(n + before + after, n + before, spanned, s[i] as number) : 0)]
  })
  return {
    window,
    stride: s,
    dilation: d,
    padding: extended.flat(),
    counted: countPadding ? edges.flat() : [0, 0, 0, 0],
  }
}

const pooled =
  <O extends PoolOptions>(op: Op) =>
  (x: Expr, size: Pair, options?: O): Expr => {
    if (x._tag === 'Invalid') return x
    const [, height = 0, width = 0] = x.type.shape
    return x.type.shape.length === 4
      ? apply(op, [x], poolAttrs([height, width], size, options))
      : invalid(op.name, `takes images [rows, height, width, channels], not ${showType(x.type)}`)
  }

/** The maximum under a window at every place; its gradient goes to the first maximum. */
export const maxPool2d = pooled<PoolOptions>(maxPoolOp)

/** The average under a window at every place. */
export const averagePool2d = pooled<AveragePoolOptions>(averagePoolOp)

export const poolOps: readonly Op[] = [maxPoolOp, maxGradientOp, maxPickOp, averagePoolOp, averageGradientOp]
