/** Reductions, products of matrices and what follows from them along an axis. */
import type { Expr } from '../../../src/graph/Expr.js'
import { abs, add, mul, neg, sub } from '../../../src/op/arithmetic.js'
import { broadcastTo, reshape, sum } from '../../../src/op/broadcast.js'
import { logSoftmax, logSumExp, softmax } from '../../../src/op/composite.js'
import { iota, oneHot } from '../../../src/op/gather.js'
import { log, sqrt } from '../../../src/op/math.js'
import { matmul } from '../../../src/op/matmul.js'
import { argmax, max, mean } from '../../../src/op/reduce.js'
import { cast, ge, gt } from '../../../src/op/select.js'
import { transpose } from '../../../src/op/window.js'
import { sizeOf } from '../../../src/shape/TensorType.js'
import type { Build, Builders, Node } from '../node.js'
import { positive, take } from './axes.js'

type Reduce = (x: Expr, axes: readonly number[], keep: boolean) => Expr

/** The axes to reduce: an attribute, or a second argument; all of them where there are none. */
const axesOf = (n: Node): readonly number[] => {
  const given = n.ints('axes') ?? n.numbers(1) ?? []
  if (given.length === 0 && n.int('noop_with_empty_axes', 0) === 1) return []
  return given.length === 0 ? n.arg(0).type.shape.map((_, i) => i) : given
}

const reduce =
  (f: Reduce): Build =>
  n => [f(n.arg(0), axesOf(n), n.int('keepdims', 1) === 1)]

/** The library's takes one axis: the others go to the end, as one. */
const logSumExpOver: Reduce = (x, axes, keep) => {
  const { shape } = x.type
  const gone = axes.map(a => positive(a, shape.length))
  const left = shape.map((_, i) => i).filter(i => !gone.includes(i))
  const moved = transpose(x, [...left, ...gone])
  const sizes = left.map(i => shape[i] as number)
  const y = logSumExp(reshape(moved, [...sizes, sizeOf(moved.type.shape.slice(left.length))]))
  return keep
    ? reshape(
        y,
        shape.map((d, i) => (gone.includes(i) ? 1 : d)),
      )
    : y
}

const reversed = (x: Expr, axis: number): Expr => {
  const n = x.type.shape[axis] as number
  return take(
    x,
    axis,
    Array.from({ length: n }, (_, i) => n - 1 - i),
  )
}

/** The first of the largest, or the last one: the first from the end. */
const arg =
  (f: (x: Expr) => Expr): Build =>
  n => {
    const x = f(n.arg(0))
    const axis = positive(n.int('axis', 0), x.type.shape.length)
    const last = n.int('select_last_index', 0) === 1
    const size = x.type.shape[axis] as number
    const at = last ? sub(size - 1, argmax(reversed(x, axis), axis)) : argmax(x, axis)
    return [
      n.int('keepdims', 1) === 1
        ? reshape(
            at,
            x.type.shape.map((d, i) => (i === axis ? 1 : d)),
          )
        : at,
    ]
  }

/** Before version 13 all axes from the given one on were one. */
const along =
  (f: (x: Expr, axis: number) => Expr): Build =>
  n => {
    const x = n.arg(0)
    const { shape } = x.type
    if (n.opset >= 13) return [f(x, n.int('axis', -1))]
    const axis = positive(n.int('axis', 1), shape.length)
    return [reshape(f(reshape(x, [sizeOf(shape.slice(0, axis)), sizeOf(shape.slice(axis))]), 1), shape)]
  }

const moved = (x: Expr, axis: number, f: (x: Expr) => Expr): Expr => {
  const order = [...x.type.shape.map((_, i) => i).filter(i => i !== axis), axis]
  return transpose(
    f(transpose(x, order)),
    order.map((_, i) => order.indexOf(i)),
  )
}

const hardmax = (x: Expr, axis: number): Expr =>
  moved(x, positive(axis, x.type.shape.length), y => oneHot(argmax(y), y.type.shape[y.type.shape.length - 1] as number))

/** A product with a matrix of ones where what is summed stands before, or behind. */
const cumulative: Build = n => {
  const x = n.arg(0)
  const rank = x.type.shape.length
  const axis = positive(n.numbers(1)?.[0] ?? 0, rank)
  const size = x.type.shape[axis] as number
  const [above, left] = [reshape(iota(size), [size, 1]), reshape(iota(size), [1, size])]
  const [from, to] = n.int('reverse', 0) === 1 ? [left, above] : [above, left]
  const summed = cast(n.int('exclusive', 0) === 1 ? gt(to, from) : ge(to, from), 'f32')
  const row = (y: Expr): Expr => {
    const { shape } = y.type
    return reshape(matmul(reshape(y, [sizeOf(shape.slice(0, -1)), size]), broadcastTo(summed, [size, size])), shape)
  }
  return [moved(x, axis, row)]
}

const gemm: Build = n => {
  const product = matmul(n.arg(0), n.arg(1), { a: n.int('transA', 0) === 1, b: n.int('transB', 0) === 1 })
  const c = n.args[2]
  const scaled = mul(product, n.float('alpha', 1))
  return [c ? add(scaled, mul(c, n.float('beta', 1))) : scaled]
}

export const reductions: Builders = {
  ReduceSum: reduce(sum),
  ReduceMean: reduce(mean),
  ReduceMax: reduce(max),
  ReduceMin: reduce((x, axes, keep) => neg(max(neg(x), axes, keep))),
  ReduceL1: reduce((x, axes, keep) => sum(abs(x), axes, keep)),
  ReduceL2: reduce((x, axes, keep) => sqrt(sum(mul(x, x), axes, keep))),
  ReduceLogSum: reduce((x, axes, keep) => log(sum(x, axes, keep))),
  ReduceLogSumExp: reduce(logSumExpOver),
  ReduceSumSquare: reduce((x, axes, keep) => sum(mul(x, x), axes, keep)),
  ArgMax: arg(x => x),
  ArgMin: arg(neg),
  Softmax: along(softmax),
  LogSoftmax: along(logSoftmax),
  Hardmax: along(hardmax),
  CumSum: cumulative,
  MatMul: n => [matmul(n.arg(0), n.arg(1))],
  Gemm: gemm,
}
