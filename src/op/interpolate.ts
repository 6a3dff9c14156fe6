/**
 * Resizing images [rows, height, width, channels], one axis after the other: every place of the result is a weighted sum
 * of a few elements along the axis. Of n elements m are made, and place i lies at
 *
 *     halfPixel  (i + 1/2) n / m - 1/2    the images' outer edges meet (TensorFlow 2, PyTorch)
 *     corners    i (n - 1) / (m - 1)      the outer pixels' centers meet (PyTorch's align_corners)
 *     asymmetric i n / m                  the first pixels meet (TensorFlow 1)
 *
 * Bilinear: between the two neighbours, or the outermost element beyond it. Nearest: the element whose pixel the place
 * lies in, a place between two in the later one; of asymmetric ones floor(i n / m) (PyTorch's nearest; halfPixel is its
 * nearest-exact, and TensorFlow 2's nearest).
 */
import * as E from '#fp/Either.js'
import { reader } from '../graph/attrs.js'
import { apply, type Expr, invalid } from '../graph/Expr.js'
import type { Attrs, Lowered, Nd, Op, Sample, Word } from '../graph/Op.js'
import { type Pair, pairOf } from '../shape/Sliding.js'
import { showType, sizeOf, tensorType } from '../shape/TensorType.js'

/** The most elements of an axis that are taken from others by lists of their positions. */
export const maxPlaces = 1_048_576

interface Mix {
  readonly axis: number
  /** the axis's size in the image that is read, or whose gradient is made */
  readonly size: number
  /** the number of taps of a place; index and weight are [places, taps] */
  readonly taps: number
  readonly index: readonly number[]
  readonly weight: readonly number[]
}

const mix = reader({ axis: 'number', size: 'number', taps: 'number', index: 'numbers', weight: 'numbers' })
const placesOf = ({ index, taps }: Mix): number => index.length / taps

const parts = (shape: readonly number[], axis: number) => ({
  outer: sizeOf(shape.slice(0, axis)),
  inner: sizeOf(shape.slice(axis + 1)),
})

const withAxis = (shape: readonly number[], axis: number, n: number): readonly number[] =>
  shape.map((d, i) => (i === axis ? n : d))

/** Visits (element of the image, element of the result, weight). */
const visit = (attrs: Attrs, image: readonly number[], f: (from: number, to: number, weight: number) => void): void => {
  const { axis, size, taps, index, weight } = mix(attrs)
  const { outer, inner } = parts(image, axis)
  const places = placesOf(mix(attrs))
  for (let o = 0; o < outer; o++)
    for (let k = 0; k < places * taps; k++)
      for (let i = 0; i < inner; i++)
        f(
          (o * size + (index[k] as number)) * inner + i,
          (o * places + Math.floor(k / taps)) * inner + i,
          weight[k] as number,
        )
}

const plus = (values: Float64Array, at: number, x: number): void => {
  values[at] = (values[at] as number) + x
}

const words = (c: Lowered, image: readonly number[]): readonly Word[] => {
  const m = mix(c.attrs)
  const { outer, inner } = parts(image, m.axis)
  return [
    ...([{ arg: 0 }, { out: true }] satisfies Word[]),
    ...[outer, inner, c.args[0]?.shape[m.axis] as number, c.out.shape[m.axis] as number],
    ...[placesOf(m), m.taps],
    ...m.index.flatMap((index, k): Word[] => [index, { f32: m.weight[k] as number }]),
  ]
}

const cases: readonly (readonly [readonly number[], Mix])[] = [
  [[2, 3, 4], { axis: 1, size: 3, taps: 2, index: [0, 1, 1, 2, 2, 0, 0, 0], weight: [0.5, 0.25, 1, 0, -0.5, 2, 1, 1] }],
  [[3, 5], { axis: 0, size: 3, taps: 1, index: [2, 2, 0], weight: [1, 1, 1] }],
  [[2, 4, 17], { axis: 1, size: 4, taps: 1, index: [3, 1], weight: [1, 0.5] }],
]
const samples = (gradient: boolean): readonly Sample[] =>
  cases.map(([shape, m]) => ({
    args: [tensorType('f32', gradient ? withAxis(shape, m.axis, placesOf(m)) : shape)],
    attrs: { ...m },
  }))

const interpolateOp: Op = {
  name: 'interpolate',
  type: ({ attrs, args: [x] }) => {
    const { axis, size, index } = mix(attrs)
    return x?.dtype === 'f32' && x.shape[axis] === size && index.every(i => i >= 0 && i < size)
      ? E.right(tensorType('f32', withAxis(x.shape, axis, placesOf(mix(attrs)))))
      : E.left(`${x ? showType(x) : 'nothing'} has not ${size} elements along axis ${axis}`)
  },
  vjp: ({ attrs, g }) => [apply(gradientOp, [g], attrs)],
  reference: ({ attrs, args: [type], out }, [x]) => {
    const values = new Float64Array(sizeOf(out.shape))
    visit(attrs, type?.shape ?? [], (from, to, w) => plus(values, to, w * ((x as Nd).values[from] as number)))
    return values
  },
  lower: {
    _tag: 'Kernel',
    calls: c => [{ kernel: 'interpolate', words: words(c, c.args[0]?.shape ?? []) }],
  },
  samples: () => samples(false),
}

const gradientOp: Op = {
  name: 'interpolateGradient',
  type: ({ attrs, args: [g] }) => {
    const { axis, size } = mix(attrs)
    const places = placesOf(mix(attrs))
    return g?.dtype === 'f32' && g.shape[axis] === places
      ? E.right(tensorType('f32', withAxis(g.shape, axis, size)))
      : E.left(`${g ? showType(g) : 'nothing'} has not ${places} elements along axis ${axis}`)
  },
  vjp: ({ attrs, g }) => [apply(interpolateOp, [g], attrs)],
  reference: ({ attrs, out }, [g]) => {
    const values = new Float64Array(sizeOf(out.shape))
    visit(attrs, out.shape, (to, from, w) => plus(values, to, w * ((g as Nd).values[from] as number)))
    return values
  },
  lower: {
    _tag: 'Kernel',
    calls: c => [
      { kernel: 'fill32', words: [{ out: true }, 0, sizeOf(c.out.shape)] },
      { kernel: 'interpolateGradient', words: words(c, c.out.shape) },
    ],
  },
  samples: () => samples(true),
}

/** The elements index[0], index[1], ... along an axis of an f32 tensor; a gradient is the sum over where one is taken. */
export const pick = (x: Expr, axis: number, index: readonly number[]): Expr =>
  apply(interpolateOp, [x], { axis, size: x.type.shape[axis] ?? 0, taps: 1, index, weight: index.map(() => 1) })

export type Centers = 'halfPixel' | 'corners' | 'asymmetric'

export interface ResizeOptions {
  /** 'bilinear' by default */
  readonly method?: 'nearest' | 'bilinear'
  /** where places lie; by default 'halfPixel' for bilinear, 'asymmetric' for nearest, which for whole factors are the same */
  readonly centers?: Centers
}

const position = (i: number, n: number, m: number, centers: Centers): number => {
  if (centers === 'corners') return m === 1 ? 0 : (i * (n - 1)) / (m - 1)
  return centers === 'asymmetric' ? (i * n) / m : ((i + 0.5) * n) / m - 0.5
}

/** The element nearest to a place: of whole numbers, so that no rounding decides between two. */
const nearest = (i: number, n: number, m: number, centers: Centers): number => {
  if (centers === 'asymmetric') return Math.floor((i * n) / m)
  if (centers === 'halfPixel') return Math.floor(((2 * i + 1) * n) / (2 * m))
  return m === 1 ? 0 : Math.floor((2 * i * (n - 1) + m - 1) / (2 * (m - 1)))
}

/** The taps that make m elements of n. */
const mixOf = (
  axis: number,
  n: number,
  m: number,
  { method = 'bilinear', centers = method === 'nearest' ? 'asymmetric' : 'halfPixel' }: ResizeOptions,
): Mix => {
  const all = Array.from({ length: m }, (_, i) => i)
  if (method === 'nearest')
    return { axis, size: n, taps: 1, index: all.map(i => nearest(i, n, m, centers)), weight: all.map(() => 1) }
  const at = all.map(i => Math.min(Math.max(position(i, n, m, centers), 0), n - 1))
  return {
    axis,
    size: n,
    taps: 2,
    index: at.flatMap(p => [Math.floor(p), Math.min(Math.floor(p) + 1, n - 1)]),
    weight: at.flatMap(p => [1 - (p - Math.floor(p)), p - Math.floor(p)]),
  }
}

/** Images [rows, height, width, channels] resized to [rows, ...size, channels]. */
export const resize2d = (x: Expr, size: readonly [number, number], options: ResizeOptions = {}): Expr => {
  if (x._tag === 'Invalid') return x
  const { shape } = x.type
  if (shape.length !== 4 || size.some(m => !Number.isInteger(m) || m < 1))
    return invalid(
      'resize2d',
      `takes images [rows, height, width, channels] and sizes >= 1, not ${showType(x.type)} and [${size.join(', ')}]`,
    )
  if (size.some(m => m > maxPlaces))
    return invalid('resize2d', `makes axes of at most ${maxPlaces} elements, not [${size.join(', ')}]; enlarge less`)
  return size.reduce<Expr>((y, m, i) => {
    const n = shape[i + 1] as number
    return n === m ? y : apply(interpolateOp, [y], { ...mixOf(i + 1, n, m, options) })
  }, x)
}

/** Images enlarged by whole factors. */
export const upsample2d = (x: Expr, factor: Pair, options: ResizeOptions = {}): Expr => {
  const [fy, fx] = pairOf(factor)
  const [, height = 0, width = 0] = x.type.shape
  return resize2d(x, [height * fy, width * fx], options)
}

export const interpolateOps: readonly Op[] = [interpolateOp, gradientOp]
