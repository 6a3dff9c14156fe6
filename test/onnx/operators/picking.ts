/** Picking and replacing single elements: positions of the flat tensor are computed, then one axis is picked from. */
import { constant, type Expr } from '../../../src/graph/Expr.js'
import { add, mul } from '../../../src/op/arithmetic.js'
import { broadcastTo, reshape } from '../../../src/op/broadcast.js'
import { gather, iota, scatterAdd } from '../../../src/op/gather.js'
import { ge, gt, select } from '../../../src/op/select.js'
import { slice } from '../../../src/op/window.js'
import { sizeOf, stridesOf } from '../../../src/shape/TensorType.js'
import type { Build, Builders, Node } from '../node.js'
import { positive } from './axes.js'

const fromStart = (index: Expr, size: number): Expr => select(ge(index, 0), index, add(index, size))

/** Where each index of `at` points to in the flat x, when it stands for the position along the axis. */
const flatAlong = (x: Expr, at: Expr, axis: number): Expr => {
  const { shape } = at.type
  const strides = stridesOf(x.type.shape)
  return shape.reduce<Expr>(
    (sum, d, i) => {
      const own =
        i === axis
          ? fromStart(at, x.type.shape[axis] as number)
          : reshape(
              iota(d),
              shape.map((n, k) => (k === i ? n : 1)),
            )
      return add(sum, mul(broadcastTo(own, shape), strides[i] as number))
    },
    broadcastTo(constant(0, 'i32'), shape),
  )
}

/** The rows that vectors of indices in the last axis name, counted in a table of x's first axes. */
const rowsOf = (x: Expr, at: Expr): { readonly row: Expr; readonly depth: number } => {
  const depth = at.type.shape[at.type.shape.length - 1] as number
  const outer = at.type.shape.slice(0, -1)
  const strides = stridesOf(x.type.shape.slice(0, depth))
  const column = (k: number): Expr => {
    const low = at.type.shape.map((_, i) => (i === outer.length ? k : 0))
    const high = at.type.shape.map((d, i) => (i === outer.length ? k + 1 : d))
    return fromStart(reshape(slice(at, low, high), outer), x.type.shape[k] as number)
  }
  const row = strides.map((s, k) => mul(column(k), s)).reduce((a, b) => add(a, b))
  return { row, depth }
}

const table = (x: Expr, depth: number): readonly number[] => [
  sizeOf(x.type.shape.slice(0, depth)),
  ...x.type.shape.slice(depth),
]

/** x with the updates added, or put in the place of what is there. */
const scattered = (n: Node, x: Expr, index: Expr, updates: Expr, shape: readonly number[]): Expr => {
  const flat = reshape(x, shape)
  const sums = scatterAdd(index, updates, shape)
  const reduction = n.text('reduction', 'none')
  if (reduction === 'add') return reshape(add(flat, sums), x.type.shape)
  if (reduction !== 'none') throw new Error(`elements cannot be scattered by ${reduction}`)
  const hit = gt(scatterAdd(index, broadcastTo(constant(1), updates.type.shape), shape), 0)
  return reshape(select(hit, sums, flat), x.type.shape)
}

const scatterElements: Build = n => {
  const [x, at, updates] = [n.arg(0), n.arg(1), n.arg(2)]
  const flat = flatAlong(x, at, positive(n.int('axis', 0), x.type.shape.length))
  const count = sizeOf(at.type.shape)
  return [scattered(n, x, reshape(flat, [count]), reshape(updates, [count]), [sizeOf(x.type.shape)])]
}

export const picking: Builders = {
  GatherElements: n => {
    const [x, at] = [n.arg(0), n.arg(1)]
    return [
      gather(reshape(x, [sizeOf(x.type.shape)]), flatAlong(x, at, positive(n.int('axis', 0), x.type.shape.length))),
    ]
  },
  GatherND: n => {
    if (n.int('batch_dims', 0) !== 0) throw new Error('elements cannot be gathered row by row')
    const { row, depth } = rowsOf(n.arg(0), n.arg(1))
    return [gather(reshape(n.arg(0), table(n.arg(0), depth)), row)]
  },
  ScatterElements: scatterElements,
  Scatter: scatterElements,
  ScatterND: n => {
    const { row, depth } = rowsOf(n.arg(0), n.arg(1))
    return [scattered(n, n.arg(0), row, n.arg(2), table(n.arg(0), depth))]
  },
}
