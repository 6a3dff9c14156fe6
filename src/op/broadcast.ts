/**
 * Reshaping, broadcasting and summing: each other's gradients.
 *
 * Broadcasting is always explicit in a program, so no other gradient rule ever un-broadcasts. A sum's tree is fixed by
 * the operation: see `assembly/reduce.ts`.
 */
import * as E from '#fp/Either.js'
import { apply, type Expr, invalid } from '../graph/Expr.js'
import {
  type Attrs,
  type Call,
  type Lowered,
  type Nd,
  type Op,
  type Sample,
  shifted,
  type Typing,
  type Word,
} from '../graph/Op.js'
import { sameShape, showShape, showType, sizeOf, stridesOf, tensorType } from '../shape/TensorType.js'
import { copyCall } from './copy.js'

const dimsOf = (attrs: Attrs, name: string): readonly number[] => attrs[name] as readonly number[]

// --- reshape ----------------------------------------------------------------------------------------------------------
const reshapeOp: Op = {
  name: 'reshape',
  type: ({ attrs, args: [x] }) => {
    const shape = dimsOf(attrs, 'shape')
    if (!x) return E.left('takes one operand')
    return sizeOf(x.shape) === sizeOf(shape)
      ? E.right(tensorType(x.dtype, shape))
      : E.left(`${showType(x)} has ${sizeOf(x.shape)} elements, ${showShape(shape)} has ${sizeOf(shape)}`)
  },
  vjp: ({ args: [x], g }) => [x ? reshape(g, x.type.shape) : null],
  reference: (_, [x]) => (x as Nd).values,
  lower: { _tag: 'Alias' },
  samples: () => [
    { args: [tensorType('f32', [2, 6])], attrs: { shape: [3, 4] } },
    { args: [tensorType('f32', [1])], attrs: { shape: [] } },
  ],
}

/** The same elements, row-major, under another shape of the same size. */
export const reshape = (x: Expr, shape: readonly number[]): Expr =>
  sameShape(x.type.shape, shape) ? x : apply(reshapeOp, [x], { shape })

// --- broadcast --------------------------------------------------------------------------------------------------------
/** The common shape of NumPy's broadcasting rule, or null. */
export const broadcastShapes = (shapes: readonly (readonly number[])[]): readonly number[] | null => {
  const rank = Math.max(0, ...shapes.map(s => s.length))
  const dims: number[] = []
  for (let i = 0; i < rank; i++) {
    const here = shapes.map(s => s[s.length - rank + i] ?? 1).filter(d => d !== 1)
    const dim = here[0] ?? 1
    if (here.some(d => d !== dim)) return null
    dims.push(dim)
  }
  return dims
}

/** Axes of `to` along which `from` is repeated. */
const repeatedAxes = (from: readonly number[], to: readonly number[]): readonly number[] =>
  to.flatMap((d, i) => ((from[from.length - to.length + i] ?? 1) === d ? [] : [i]))

const sourceStrides = (from: readonly number[], to: readonly number[]): readonly number[] => {
  const strides = stridesOf(from)
  return to.map((_, i) => {
    const j = from.length - to.length + i
    return (from[j] ?? 1) === 1 ? 0 : (strides[j] as number)
  })
}

const broadcastOp: Op = {
  name: 'broadcastTo',
  type: ({ attrs, args: [x] }) => {
    const shape = dimsOf(attrs, 'shape')
    if (!x) return E.left('takes one operand')
    const common = broadcastShapes([x.shape, shape])
    return common && sameShape(common, shape)
      ? E.right(tensorType(x.dtype, shape))
      : E.left(`${showType(x)} does not broadcast to ${showShape(shape)}`)
  },
  vjp: ({ args: [x], g }) => {
    if (!x) return []
    const axes = repeatedAxes(x.type.shape, g.type.shape)
    return [reshape(sum(g, axes), x.type.shape)]
  },
  reference: ({ args: [x], out }, [a]) => {
    const from = sourceStrides(x?.shape ?? [], out.shape)
    const to = stridesOf(out.shape)
    return new Float64Array(sizeOf(out.shape)).map((_, i) => {
      const at = out.shape.reduce((n, d, k) => n + (Math.floor(i / (to[k] as number)) % d) * (from[k] as number), 0)
      return (a as Nd).values[at] as number
    })
  },
  lower: {
    _tag: 'Broadcast',
    calls: ({ args: [x], out }) => [
      copyCall({
        from: { arg: 0 },
        to: { out: true },
        dtype: out.dtype,
        shape: out.shape,
        fromStrides: sourceStrides(x?.shape ?? [], out.shape),
        toStrides: stridesOf(out.shape),
      }),
    ],
  },
  samples: () => [
    { args: [tensorType('f32', [])], attrs: { shape: [3, 5] } },
    { args: [tensorType('f32', [5])], attrs: { shape: [3, 5] } },
    { args: [tensorType('f32', [3, 1])], attrs: { shape: [3, 5] } },
    { args: [tensorType('f32', [2, 1, 3])], attrs: { shape: [2, 4, 3] } },
  ],
}

/** Repeats `x` along axes of size 1 and new leading axes. */
export const broadcastTo = (x: Expr, shape: readonly number[]): Expr =>
  sameShape(x.type.shape, shape) ? x : apply(broadcastOp, [x], { shape })

/** The number a constant, or a broadcast constant, is filled with. */
export const filledWith = (e: Expr): number | null => {
  if (e._tag === 'Const') return e.values.every(v => Object.is(v, e.values[0])) ? (e.values[0] ?? null) : null
  return e._tag === 'Apply' && e.op.name === 'broadcastTo' ? filledWith(e.args[0] as Expr) : null
}

// --- sum --------------------------------------------------------------------------------------------------------------
/** `axes` in ascending order, negative ones counted from the end; null when one is out of range or twice. */
export const normalAxes = (axes: readonly number[], rank: number): readonly number[] | null => {
  const positive = axes.map(a => (a < 0 ? a + rank : a)).sort((a, b) => a - b)
  const right = positive.every((a, i) => Number.isInteger(a) && a >= 0 && a < rank && a !== positive[i - 1])
  return right ? positive : null
}

export const withoutAxes = (shape: readonly number[], axes: readonly number[]): readonly number[] =>
  shape.filter((_, i) => !axes.includes(i))

/** The shape with the reduced axes kept as 1. */
export const keptAxes = (shape: readonly number[], axes: readonly number[]): readonly number[] =>
  shape.map((d, i) => (axes.includes(i) ? 1 : d))

export const reduceType = ({ attrs, args: [x] }: Typing) => {
  const axes = dimsOf(attrs, 'axes')
  if (x?.dtype !== 'f32') return E.left(`takes an f32 operand, not ${x ? showType(x) : 'nothing'}; cast it first`)
  return normalAxes(axes, x.shape.length)
    ? E.right(tensorType(x.dtype, withoutAxes(x.shape, axes)))
    : E.left(`the axes [${axes.join(', ')}] are not axes of ${showType(x)}`)
}

/** Folds the reference values over the reduced axes. */
export const reduceReference = (c: Lowered, x: Nd, start: number, step: (acc: number, v: number) => number) => {
  const axes = dimsOf(c.attrs, 'axes')
  const out = new Float64Array(sizeOf(c.out.shape)).fill(start)
  const kept = keptAxes(x.shape, axes)
  const [from, to] = [stridesOf(x.shape), stridesOf(kept)]
  x.values.forEach((v, i) => {
    const at = x.shape.reduce(
      (n, d, k) => n + (axes.includes(k) ? 0 : (Math.floor(i / (from[k] as number)) % d) * (to[k] as number)),
      0,
    )
    out[at] = step(out[at] as number, v)
  })
  return out
}

/**
 * The calls that reduce runs of adjacent axes, from the last to the first, each as [outer, n, inner] -> [outer, inner];
 * what lies between passes through the two halves of the scratch memory in turn.
 */
/** A reduction of [outer, n, inner] to [outer, inner]. */
interface Run {
  readonly outer: number
  readonly n: number
  readonly inner: number
}

/** Columns in a grain: a cache line. */
const columns = 16

/** Cut along the outer axis, or else the inner one. */
export const reduceCall = (kernel: string, from: Word, to: Word, { outer, n, inner }: Run): Call => ({
  kernel,
  words: [from, to, outer, n, inner, inner],
  parts: {
    grains: outer > 1 ? outer : Math.ceil(inner / columns),
    cost: 0.12 * outer * n * inner,
    words: (first, end) => {
      if (outer > 1) return [shifted(from, first * n * inner), shifted(to, first * inner), end - first, n, inner, inner]
      const [start, stop] = [first * columns, Math.min(end * columns, inner)]
      return [shifted(from, start), shifted(to, start), 1, n, stop - start, inner]
    },
  },
})

export const reduceCalls =
  (kernel: string) =>
  (c: Lowered): readonly Call[] => {
    const axes = dimsOf(c.attrs, 'axes')
    let shape = [...(c.args[0]?.shape ?? [])]
    const runs: Run[] = []
    for (let last = axes.length - 1; last >= 0; ) {
      let first = last
      while (first > 0 && axes[first - 1] === (axes[first] as number) - 1) first--
      const [from, to] = [axes[first] as number, (axes[last] as number) + 1]
      runs.push({
        outer: sizeOf(shape.slice(0, from)),
        n: sizeOf(shape.slice(from, to)),
        inner: sizeOf(shape.slice(to)),
      })
      shape = shape.filter((_, i) => i < from || i >= to)
      last = first - 1
    }
    const half = (i: number): Word => ({ scratch: i % 2 === 0 ? 0 : reduceScratch(c) / 2 })
    return runs.map((run, i) => {
      const [from, to] = [i === 0 ? { arg: 0 } : half(i - 1), i === runs.length - 1 ? { out: true as const } : half(i)]
      const { parts, ...whole } = reduceCall(kernel, from, to, run)
      // what lies in scratch is one thread's own
      return runs.length === 1 && parts ? { ...whole, parts } : whole
    })
  }

const roundUp = (bytes: number): number => Math.ceil(bytes / 64) * 64

/** Twice the room of what the first of several runs can leave behind; one run needs none. */
export const reduceScratch = (c: Lowered): number => {
  const axes = dimsOf(c.attrs, 'axes')
  const adjacent = axes.every((a, i) => i === 0 || a === (axes[i - 1] as number) + 1)
  return adjacent ? 0 : 2 * roundUp(4 * sizeOf(c.args[0]?.shape ?? []))
}

export const reduceSamples = (): readonly Sample[] => [
  { args: [tensorType('f32', [4, 5])], attrs: { axes: [0] } },
  { args: [tensorType('f32', [4, 5])], attrs: { axes: [1] } },
  { args: [tensorType('f32', [3, 17, 5])], attrs: { axes: [1] } },
  { args: [tensorType('f32', [3, 4, 5])], attrs: { axes: [0, 2] } },
  { args: [tensorType('f32', [2, 3, 2, 3, 2])], attrs: { axes: [0, 2, 4] } },
  { args: [tensorType('f32', [1, 2, 1, 3, 1, 5, 1])], attrs: { axes: [0, 2, 4, 6] } },
  ...[1, 3, 4, 5, 15, 16, 17, 1000].map(n => ({ args: [tensorType('f32', [n])], attrs: { axes: [0] } })),
]

/** The sum over axes; over leading or trailing ones it may be taken at the edge of a fused region. */
export const sumOp: Op = {
  name: 'sum',
  type: reduceType,
  vjp: ({ attrs, args: [x], g }) => [
    x ? broadcastTo(reshape(g, keptAxes(x.type.shape, dimsOf(attrs, 'axes'))), x.type.shape) : null,
  ],
  reference: (c, [x]) => reduceReference(c, x as Nd, 0, (a, b) => a + b),
  lower: { _tag: 'Kernel', calls: reduceCalls('reduceSum'), scratch: reduceScratch },
  samples: () => [...reduceSamples(), { args: [tensorType('f32', [0, 3])], attrs: { axes: [0] } }],
}

/** Applies a reduction over the axes given (all of them by default), keeping them as size 1 if `keep` is set. */
export const reduction =
  (op: Op) =>
  (x: Expr, axes?: readonly number[], keep = false): Expr => {
    if (x._tag === 'Invalid') return x
    const rank = x.type.shape.length
    const normal = normalAxes(axes ?? x.type.shape.map((_, i) => i), rank)
    if (!normal) return invalid(op.name, `the axes [${axes?.join(', ')}] are not axes of ${showType(x.type)}`)
    if (normal.length === 0) return x
    const y = apply(op, [x], { axes: normal })
    return keep ? reshape(y, keptAxes(x.type.shape, normal)) : y
  }

/** Sum over axes. */
export const sum = reduction(sumOp)

export const shapingOps: readonly Op[] = [reshapeOp, broadcastOp, sumOp]
