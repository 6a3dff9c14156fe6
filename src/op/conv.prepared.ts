/**
 * A convolution in two, for filters that stay the same from run to run: `filters2d` lays them out as the kernels want
 * them, packed in panels or transformed, and `prepared2d` convolves with those. Together they have the bits of `conv2d`,
 * unless they are told to take Winograd's F(4x4, 3x3) where it saves.
 */
import * as E from '#fp/Either.js'
import { reader } from '../graph/attrs.js'
import { apply, type Expr } from '../graph/Expr.js'
import type { Attrs, Lowered, Nd, Op } from '../graph/Op.js'
import { sizeOf, type TensorType, tensorType } from '../shape/TensorType.js'
import type { Geometry, Halves } from './conv.geometry.js'
import { convolution, geometric, geometry, outputType, tileOf } from './conv.js'
import { outputHalves } from './conv.lower.js'
import type { Tile } from './winograd.lower.js'

const imageIn = reader({ image: 'numbers' })
const filtersIn = reader({ filters: 'numbers' })

const halves = (g: Geometry, attrs: Attrs): Halves => outputHalves(g, tileOf(attrs))

const ofFilters = (attrs: Attrs, w: readonly number[]): E.Either<string, Geometry> => {
  const x = [1, ...imageIn(attrs).image]
  return E.map(({ shape }: TensorType) => geometry(attrs, x, w, shape))(outputType(attrs, x, w))
}

const geometryOfFilters = ({ attrs, args: [w] }: Lowered): Geometry => {
  const g = ofFilters(attrs, w?.shape ?? [])
  if (E.isLeft(g)) throw new TypeError(g.left)
  return g.right
}

const geometryOfPrepared = ({ attrs, args: [x], out }: Lowered): Geometry =>
  geometry(attrs, x?.shape ?? [], filtersIn(attrs).filters, out.shape)

/** Visits the filters pair of channels by pair of channels: taps of filter o and channel c of its group. */
const pairs = (g: Geometry, f: (c: number, o: number, tapAt: (tap: number) => number) => void): void => {
  const taken = g.channels / g.groups
  for (let o = 0; o < g.filters; o++) for (let c = 0; c < taken; c++) f(c, o, tap => (tap * taken + c) * g.filters + o)
}

const filtersOp: Op = {
  name: 'filters2d',
  type: ({ attrs, args: [w] }) =>
    w?.dtype === 'f32'
      ? E.map((g: Geometry) => tensorType('f32', [halves(g, attrs).kept.size]))(ofFilters(attrs, w.shape))
      : E.left('takes f32 filters'),
  vjp: null,
  reference: (c, [w]) => {
    const g = geometryOfFilters(c)
    const { size, at, forward } = halves(g, c.attrs).kept
    const out = new Float64Array(size)
    pairs(g, (channel, filter, tapAt) => {
      forward.forEach((row, p) => {
        out[at(p, channel, filter)] = row.reduce((sum, f, tap) => sum + f * ((w as Nd).values[tapAt(tap)] as number), 0)
      })
    })
    return out
  },
  lower: {
    _tag: 'Kernel',
    calls: c => halves(geometryOfFilters(c), c.attrs).filters.calls,
    scratch: c => halves(geometryOfFilters(c), c.attrs).filters.scratch,
  },
  samples: () => [],
}

const preparedOp: Op = {
  name: 'prepared2d',
  type: ({ attrs, args: [x, kept] }) =>
    x?.dtype === 'f32' && kept?.dtype === 'f32'
      ? outputType(attrs, x.shape, filtersIn(attrs).filters)
      : E.left('takes f32 images and prepared filters'),
  vjp: null,
  reference: (c, [x, kept]) => {
    const g = geometryOfPrepared(c)
    const { at, backward } = halves(g, c.attrs).kept
    const w = new Float64Array(sizeOf(filtersIn(c.attrs).filters))
    pairs(g, (channel, filter, tapAt) => {
      backward.forEach((row, tap) => {
        w[tapAt(tap)] = row.reduce((sum, f, p) => sum + f * ((kept as Nd).values[at(p, channel, filter)] as number), 0)
      })
    })
    return convolution(g, (x as Nd).values, w)
  },
  lower: {
    _tag: 'Kernel',
    epilogue: 'leads',
    calls: c => halves(geometryOfPrepared(c), c.attrs).output.calls,
    scratch: c => halves(geometryOfPrepared(c), c.attrs).output.scratch,
  },
  samples: () => [],
}

/** `conv2d` of images x and filters w with these attributes; the most places down and across of Winograd's patches. */
export const prepared2d = (x: Expr, w: Expr, attrs: Attrs, tile: Tile): Expr => {
  const all = { ...geometric(attrs), tile }
  const kept = apply(filtersOp, [w], { ...all, image: x.type.shape.slice(1) })
  return apply(preparedOp, [x, kept], { ...all, filters: w.type.shape })
}
