/** Reductions other than the sum: mean, maximum, argmax; and the number of elements they reduce. */
import * as E from '#fp/Either.js'
import { apply, constant, type Expr, invalid } from '../graph/Expr.js'
import type { Nd, Op } from '../graph/Op.js'
import { resolveDim, showType, sizeOf, tensorType } from '../shape/TensorType.js'
import { div, mul } from './arithmetic.js'
import {
  broadcastTo,
  keptAxes,
  normalAxes,
  reduceCall,
  reduceCalls,
  reduceReference,
  reduceSamples,
  reduceScratch,
  reduceType,
  reduction,
  reshape,
  sum,
  withoutAxes,
} from './broadcast.js'
import { cast, eq } from './select.js'

// --- extent -----------------------------------------------------------------------------------------------------------
const dimOf = (attrs: { readonly [k: string]: unknown }): number => attrs['size'] as number

const extentOp: Op = {
  name: 'extent',
  type: () => E.right(tensorType('f32')),
  vjp: null,
  reference: ({ attrs, rows }) => Float64Array.of(resolveDim(dimOf(attrs), rows)),
  lower: {
    _tag: 'Kernel',
    calls: ({ attrs, rows }) => [
      { kernel: 'fill32', words: [{ out: true }, { f32: resolveDim(dimOf(attrs), rows) }, 1] },
    ],
  },
  samples: () => [{ args: [], attrs: { size: 7 } }],
}

/** A size as an f32 scalar: a constant, or the number of rows (times a factor) when the program runs. */
export const extent = (size: number): Expr => (size < 0 ? apply(extentOp, [], { size }) : constant(size))

/** The mean over axes. */
export const mean = (x: Expr, axes?: readonly number[], keep = false): Expr => {
  const normal = normalAxes(axes ?? x.type.shape.map((_, i) => i), x.type.shape.length)
  const size = sizeOf(x.type.shape.filter((_, i) => normal?.includes(i)))
  return div(sum(x, axes, keep), extent(size))
}

// --- max --------------------------------------------------------------------------------------------------------------
/** The maximum over axes; over leading or trailing ones it may be taken at the edge of a fused region. */
export const maxOp: Op = {
  name: 'max',
  type: c => (c.args.some(a => a.shape.includes(0)) ? E.left('the maximum of nothing') : reduceType(c)),
  vjp: ({ attrs, args: [x], out, g }) => {
    if (!x) return []
    const axes = attrs['axes'] as readonly number[]
    const wide = (y: Expr): Expr => broadcastTo(reshape(y, keptAxes(x.type.shape, axes)), x.type.shape)
    const hit = cast(eq(x, wide(out)), 'f32')
    return [mul(hit, wide(div(g, sum(hit, axes))))]
  },
  reference: (c, [x]) => reduceReference(c, x as Nd, -Infinity, Math.max),
  lower: { _tag: 'Kernel', calls: reduceCalls('reduceMax'), scratch: reduceScratch },
  samples: reduceSamples,
}

/** The maximum over axes; NaN if any is NaN. Ties share the gradient equally. */
export const max = reduction(maxOp)

// --- argmax -----------------------------------------------------------------------------------------------------------
const argmaxOp: Op = {
  name: 'argmax',
  type: ({ attrs, args: [x] }) => {
    const axis = attrs['axis'] as number
    if (x?.dtype !== 'f32') return E.left('takes one f32 operand')
    return normalAxes([axis], x.shape.length) && x.shape[axis] !== 0
      ? E.right(tensorType('i32', withoutAxes(x.shape, [axis])))
      : E.left(`axis ${axis} is not an axis of ${showType(x)} with at least one element`)
  },
  vjp: null,
  reference: ({ attrs, args: [type], out }, [x]) => {
    const axis = attrs['axis'] as number
    const shape = type?.shape ?? []
    const [n, inner] = [shape[axis] as number, sizeOf(shape.slice(axis + 1))]
    return new Float64Array(sizeOf(out.shape)).map((_, i) => {
      const base = Math.floor(i / inner) * n * inner + (i % inner)
      let best = 0
      for (let k = 1; k < n; k++) {
        const [v, b] = [x?.values[base + k * inner] as number, x?.values[base + best * inner] as number]
        if (v > b || (Number.isNaN(v) && !Number.isNaN(b))) best = k
      }
      return best
    })
  },
  lower: {
    _tag: 'Kernel',
    calls: ({ attrs, args: [x] }) => {
      const axis = attrs['axis'] as number
      const shape = x?.shape ?? []
      const [outer, n, inner] = [sizeOf(shape.slice(0, axis)), shape[axis] as number, sizeOf(shape.slice(axis + 1))]
      return [reduceCall('argmax', { arg: 0 }, { out: true }, { outer, n, inner })]
    },
  },
  samples: () => [
    { args: [tensorType('f32', [4, 5])], attrs: { axis: 1 } },
    { args: [tensorType('f32', [4, 17])], attrs: { axis: 0 } },
    { args: [tensorType('f32', [2, 3, 4])], attrs: { axis: 1 } },
  ],
}

/** The index of the first maximum along an axis (the last by default); a NaN counts as the largest. i32. */
export const argmax = (x: Expr, axis = -1): Expr => {
  const normal = normalAxes([axis], x.type.shape.length)
  return normal ? apply(argmaxOp, [x], { axis: normal[0] as number }) : invalid('argmax', `axis ${axis} does not exist`)
}

export const reductionOps: readonly Op[] = [extentOp, maxOp, argmaxOp]
