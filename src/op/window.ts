/** Moving data: transpose, slice, pad, concat. The axis of the rows can only be moved or taken whole. */
import * as E from '#fp/Either.js'
import { apply, type Expr, invalid } from '../graph/Expr.js'
import type { Attrs, Nd, Op } from '../graph/Op.js'
import { sameShape, showType, sizeOf, stridesOf, type TensorType, tensorType } from '../shape/TensorType.js'
import { reshape } from './broadcast.js'
import { copyCall } from './copy.js'

const list = (attrs: Attrs, name: string): readonly number[] => attrs[name] as readonly number[]
const shapeOf = (t: TensorType | undefined): readonly number[] => t?.shape ?? []
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((n, x, i) => n + x * (b[i] as number), 0)

/** Visits every element of `shape`, giving its row-major index and its position under `strides`. */
const walk = (shape: readonly number[], strides: readonly number[], visit: (i: number, at: number) => void): void => {
  const own = stridesOf(shape)
  for (let i = 0; i < sizeOf(shape); i++)
    visit(
      i,
      shape.reduce((n, d, k) => n + (Math.floor(i / (own[k] as number)) % d) * (strides[k] as number), 0),
    )
}

// --- transpose --------------------------------------------------------------------------------------------------------
const transposeOp: Op = {
  name: 'transpose',
  type: ({ attrs, args: [x] }) => {
    const order = list(attrs, 'order')
    const right =
      x &&
      sameShape(
        [...order].sort((a, b) => a - b),
        shapeOf(x).map((_, i) => i),
      )
    return x && right
      ? E.right(
          tensorType(
            x.dtype,
            order.map(i => x.shape[i] as number),
          ),
        )
      : E.left(`[${order.join(', ')}] is not an order of the axes of ${x ? showType(x) : 'nothing'}`)
  },
  vjp: ({ attrs, g }) => {
    const order = list(attrs, 'order')
    return [
      transpose(
        g,
        order.map((_, i) => order.indexOf(i)),
      ),
    ]
  },
  reference: ({ attrs, out }, [x]) => {
    const values = new Float64Array(sizeOf(out.shape))
    const from = stridesOf((x as Nd).shape)
    walk(
      out.shape,
      list(attrs, 'order').map(i => from[i] as number),
      (i, at) => {
        values[i] = (x as Nd).values[at] as number
      },
    )
    return values
  },
  lower: {
    _tag: 'Kernel',
    calls: ({ attrs, args: [x], out }) => {
      const from = stridesOf(shapeOf(x))
      return [
        copyCall({
          from: { arg: 0 },
          to: { out: true },
          dtype: out.dtype,
          shape: out.shape,
          fromStrides: list(attrs, 'order').map(i => from[i] as number),
          toStrides: stridesOf(out.shape),
        }),
      ]
    },
  },
  samples: () => [
    { args: [tensorType('f32', [3, 5])], attrs: { order: [1, 0] } },
    { args: [tensorType('f32', [2, 3, 4, 5])], attrs: { order: [2, 0, 3, 1] } },
  ],
}

/** Reorders the axes: axis i of the result is axis order[i] of x. Reversed by default. */
export const transpose = (x: Expr, order?: readonly number[]): Expr =>
  apply(transposeOp, [x], { order: order ?? x.type.shape.map((_, i) => x.type.shape.length - 1 - i) })

// --- slice and pad ----------------------------------------------------------------------------------------------------
const sliceOp: Op = {
  name: 'slice',
  type: ({ attrs, args: [x] }) => {
    const [starts, limits, steps] = [list(attrs, 'starts'), list(attrs, 'limits'), list(attrs, 'steps')]
    if (!x) return E.left('takes one operand')
    const dims = x.shape.map((d, i) => {
      const [start, limit, step] = [starts[i] ?? -1, limits[i] ?? -1, steps[i] ?? 0]
      if (d < 0) return start === 0 && limit === d && step === 1 ? d : null
      const whole = [start, limit, step].every(Number.isInteger)
      return whole && start >= 0 && start <= limit && limit <= d && step >= 1 ? Math.ceil((limit - start) / step) : null
    })
    return dims.every(d => d !== null) && starts.length === dims.length
      ? E.right(tensorType(x.dtype, dims as number[]))
      : E.left(`[${starts.join(', ')}] to [${limits.join(', ')}] by [${steps.join(', ')}] does not fit ${showType(x)}`)
  },
  vjp: ({ attrs, args: [x], out, g }) => {
    if (!x) return []
    const [low, steps] = [list(attrs, 'starts'), list(attrs, 'steps')]
    const interior = steps.map(s => s - 1)
    const high = x.type.shape.map((d, i) => {
      const n = out.type.shape[i] as number
      return d < 0 ? 0 : d - (low[i] as number) - (n === 0 ? 0 : (n - 1) * (steps[i] as number) + 1)
    })
    return [pad(g, low, high, interior)]
  },
  reference: ({ attrs, out }, [x]) => {
    const values = new Float64Array(sizeOf(out.shape))
    const from = stridesOf((x as Nd).shape)
    const base = dot(list(attrs, 'starts'), from)
    walk(
      out.shape,
      list(attrs, 'steps').map((s, i) => s * (from[i] as number)),
      (i, at) => {
        values[i] = (x as Nd).values[base + at] as number
      },
    )
    return values
  },
  lower: {
    _tag: 'Kernel',
    calls: ({ attrs, args: [x], out }) => {
      const from = stridesOf(shapeOf(x))
      return [
        copyCall({
          from: { arg: 0, offset: 4 * dot(list(attrs, 'starts'), from) },
          to: { out: true },
          dtype: out.dtype,
          shape: out.shape,
          fromStrides: list(attrs, 'steps').map((s, i) => s * (from[i] as number)),
          toStrides: stridesOf(out.shape),
        }),
      ]
    },
  },
  samples: () => [
    { args: [tensorType('f32', [7])], attrs: { starts: [1], limits: [6], steps: [2] } },
    { args: [tensorType('f32', [4, 5])], attrs: { starts: [1, 0], limits: [3, 5], steps: [1, 3] } },
  ],
}

/** What stands in the padding; 0 where nothing is said. */
const paddingOf = (attrs: Attrs): number => (typeof attrs['value'] === 'number' ? attrs['value'] : 0)

const padOp: Op = {
  name: 'pad',
  type: ({ attrs, args: [x] }) => {
    const [low, high, interior] = [list(attrs, 'low'), list(attrs, 'high'), list(attrs, 'interior')]
    if (!x) return E.left('takes one operand')
    const all = [...low, ...high, ...interior]
    const dims = x.shape.map((d, i) => {
      const [l, h, gap] = [low[i] ?? 0, high[i] ?? 0, interior[i] ?? 0]
      if (d < 0) return l === 0 && h === 0 && gap === 0 ? d : null
      return l + h + d + Math.max(0, d - 1) * gap
    })
    if (x.dtype === 'bool' && paddingOf(attrs) !== 0) return E.left('pads masks by false only')
    return all.length === 3 * dims.length && all.every(n => Number.isInteger(n) && n >= 0) && !dims.includes(null)
      ? E.right(tensorType(x.dtype, dims as number[]))
      : E.left(`low [${low.join(', ')}], high [${high.join(', ')}] does not fit ${showType(x)}`)
  },
  vjp: ({ attrs, args: [x], g }) => {
    if (!x) return []
    const [low, interior] = [list(attrs, 'low'), list(attrs, 'interior')]
    const steps = interior.map(n => n + 1)
    const limits = x.type.shape.map((d, i) =>
      d < 0 ? d : (low[i] as number) + (d === 0 ? 0 : (d - 1) * (steps[i] as number) + 1),
    )
    return [slice(g, low, limits, steps)]
  },
  reference: ({ attrs, out }, [x]) => {
    const values = new Float64Array(sizeOf(out.shape)).fill(paddingOf(attrs))
    const to = stridesOf(out.shape)
    const base = dot(list(attrs, 'low'), to)
    walk(
      (x as Nd).shape,
      list(attrs, 'interior').map((n, i) => (n + 1) * (to[i] as number)),
      (i, at) => {
        values[base + at] = (x as Nd).values[i] as number
      },
    )
    return values
  },
  lower: {
    _tag: 'Kernel',
    calls: ({ attrs, args: [x], out }) => {
      const to = stridesOf(out.shape)
      return [
        {
          kernel: 'fill32',
          words: [
            { out: true },
            out.dtype === 'f32' ? { f32: paddingOf(attrs) } : paddingOf(attrs) >>> 0,
            sizeOf(out.shape),
          ],
        },
        copyCall({
          from: { arg: 0 },
          to: { out: true, offset: 4 * dot(list(attrs, 'low'), to) },
          dtype: out.dtype,
          shape: shapeOf(x),
          fromStrides: stridesOf(shapeOf(x)),
          toStrides: list(attrs, 'interior').map((n, i) => (n + 1) * (to[i] as number)),
        }),
      ]
    },
  },
  samples: () => [
    { args: [tensorType('f32', [3])], attrs: { low: [2], high: [1], interior: [1] } },
    { args: [tensorType('f32', [2, 3])], attrs: { low: [0, 1], high: [1, 0], interior: [0, 2] } },
    { args: [tensorType('f32', [2, 3])], attrs: { low: [0, 1], high: [1, 0], interior: [1, 0], value: -1.5 } },
    { args: [tensorType('i32', [3])], attrs: { low: [2], high: [1], interior: [0], value: -7 } },
  ],
}

/** Elements starts[i], starts[i] + steps[i], ... below limits[i] of each axis. */
export const slice = (
  x: Expr,
  starts: readonly number[],
  limits: readonly number[],
  steps: readonly number[] = starts.map(() => 1),
): Expr => apply(sliceOp, [x], { starts, limits, steps })

/** A value, 0 by default, before, after and between the elements of each axis. */
export const pad = (
  x: Expr,
  low: readonly number[],
  high: readonly number[],
  interior: readonly number[] = low.map(() => 0),
  value = 0,
): Expr =>
  [...low, ...high, ...interior].every(n => n === 0)
    ? x
    : apply(padOp, [x], { low, high, interior, ...(value !== 0 && { value }) })

// --- concat -----------------------------------------------------------------------------------------------------------
const concatOp: Op = {
  name: 'concat',
  type: ({ attrs, args }) => {
    const axis = attrs['axis'] as number
    const [first] = args
    const rest = (t: TensorType) => t.shape.filter((_, i) => i !== axis)
    if (!first || first.shape[axis] === undefined) return E.left(`axis ${axis} does not exist`)
    if (
      args.some(
        a =>
          a.dtype !== first.dtype ||
          a.shape.length !== first.shape.length ||
          !sameShape(rest(a), rest(first)) ||
          (a.shape[axis] as number) < 0,
      )
    )
      return E.left(`${args.map(showType).join(' and ')} do not join along axis ${axis}`)
    const total = args.reduce((n, a) => n + (a.shape[axis] as number), 0)
    return E.right(
      tensorType(
        first.dtype,
        first.shape.map((d, i) => (i === axis ? total : d)),
      ),
    )
  },
  vjp: ({ attrs, args, g }) => {
    const axis = attrs['axis'] as number
    let at = 0
    return args.map(a => {
      const start = at
      at += a.type.shape[axis] as number
      const end = at
      return slice(
        g,
        g.type.shape.map((_, i) => (i === axis ? start : 0)),
        g.type.shape.map((d, i) => (i === axis ? end : d)),
      )
    })
  },
  reference: ({ attrs, out }, args) => {
    const values = new Float64Array(sizeOf(out.shape))
    const to = stridesOf(out.shape)
    const axis = attrs['axis'] as number
    let base = 0
    for (const a of args) {
      walk(a.shape, to, (i, at) => {
        values[base + at] = a.values[i] as number
      })
      base += (a.shape[axis] as number) * (to[axis] as number)
    }
    return values
  },
  lower: {
    _tag: 'Kernel',
    calls: ({ attrs, args, out }) => {
      const to = stridesOf(out.shape)
      const axis = attrs['axis'] as number
      let base = 0
      return args.map((a, i) => {
        const offset = 4 * base
        base += (a.shape[axis] as number) * (to[axis] as number)
        return copyCall({
          from: { arg: i },
          to: { out: true, offset },
          dtype: out.dtype,
          shape: a.shape,
          fromStrides: stridesOf(a.shape),
          toStrides: to,
        })
      })
    },
  },
  samples: () => [
    { args: [tensorType('f32', [2, 3]), tensorType('f32', [2, 1]), tensorType('f32', [2, 4])], attrs: { axis: 1 } },
    { args: [tensorType('f32', [3]), tensorType('f32', [2])], attrs: { axis: 0 } },
  ],
}

/** Joins tensors along an axis (the last by default). */
export const concat = (xs: readonly Expr[], axis = -1): Expr => {
  const [first] = xs
  if (!first) return invalid('concat', 'there is nothing to join')
  return xs.length === 1 ? first : apply(concatOp, xs, { axis: axis < 0 ? axis + first.type.shape.length : axis })
}

/** x without its axes of size 1. */
export const squeeze = (x: Expr): Expr =>
  reshape(
    x,
    x.type.shape.filter(d => d !== 1),
  )

export const windowOps: readonly Op[] = [transposeOp, sliceOp, padOp, concatOp]
