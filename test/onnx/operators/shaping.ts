/** Operators that move data, or make it of nothing. */
import { type Expr, tensor } from '../../../src/graph/Expr.js'
import { add, mul } from '../../../src/op/arithmetic.js'
import { broadcastShapes, broadcastTo, reshape } from '../../../src/op/broadcast.js'
import { iota, oneHot } from '../../../src/op/gather.js'
import { padBy } from '../../../src/op/padBy.js'
import { cast, eq, ge, le, select } from '../../../src/op/select.js'
import { concat, pad, slice, transpose } from '../../../src/op/window.js'
import { sizeOf } from '../../../src/shape/TensorType.js'
import { type Build, type Builders, constantOf, type Node } from '../node.js'
import { gatherAlong, positive, take } from './axes.js'

const shapeOf = (x: Expr): readonly number[] => x.type.shape

/** The target's shape: 0 keeps a size, unless it is allowed, and -1 is what is left. */
const reshaped: Build = n => {
  const x = n.arg(0)
  const wanted = n.numbers(1) ?? n.ints('shape') ?? []
  const kept = wanted.map((d, i) => (d === 0 && n.int('allowzero', 0) === 0 ? (shapeOf(x)[i] as number) : d))
  const known = sizeOf(kept.filter(d => d !== -1))
  return [
    reshape(
      x,
      kept.map(d => (d === -1 ? sizeOf(shapeOf(x)) / known : d)),
    ),
  ]
}

const flattened: Build = n => {
  const axis = n.int('axis', 1)
  const at = axis < 0 ? axis + shapeOf(n.arg(0)).length : axis
  return [reshape(n.arg(0), [sizeOf(shapeOf(n.arg(0)).slice(0, at)), sizeOf(shapeOf(n.arg(0)).slice(at))])]
}

const squeezed: Build = n => {
  const shape = shapeOf(n.arg(0))
  const axes = (n.ints('axes') ?? n.numbers(1))?.map(a => positive(a, shape.length))
  return [
    reshape(
      n.arg(0),
      shape.filter((d, i) => (axes ? !axes.includes(i) : d !== 1)),
    ),
  ]
}

const unsqueezed: Build = n => {
  const given = n.ints('axes') ?? n.numbers(1) ?? []
  const rank = shapeOf(n.arg(0)).length + given.length
  const axes = given.map(a => positive(a, rank))
  const rest = shapeOf(n.arg(0)).values()
  return [
    reshape(
      n.arg(0),
      Array.from({ length: rank }, (_, i) => (axes.includes(i) ? 1 : (rest.next().value as number))),
    ),
  ]
}

const expanded: Build = n => {
  const shape = broadcastShapes([shapeOf(n.arg(0)), n.numbers(1) ?? []])
  if (!shape) throw new Error('the shapes do not broadcast')
  return [broadcastTo(n.arg(0), shape)]
}

const part = (x: Expr, axis: number, from: number, to: number): Expr =>
  slice(
    x,
    shapeOf(x).map((_, i) => (i === axis ? from : 0)),
    shapeOf(x).map((d, i) => (i === axis ? to : d)),
  )

const split: Build = n => {
  const x = n.arg(0)
  const axis = positive(n.int('axis', 0), shapeOf(x).length)
  const size = shapeOf(x)[axis] as number
  const parts = n.ints('split') ?? n.numbers(1) ?? new Array<number>(n.gives).fill(size / n.gives)
  let at = 0 // local mutation: where the next part begins
  return parts.map(length => {
    at += length
    return part(x, axis, at - length, at)
  })
}

const within = (x: number, low: number, high: number): number => Math.min(Math.max(x, low), high)

/** Backward steps pick element by element. */
const sliced: Build = n => {
  const starts = n.ints('starts') ?? n.numbers(1) ?? []
  const ends = n.ints('ends') ?? n.numbers(2) ?? []
  const axes = n.ints('axes') ?? n.numbers(3) ?? starts.map((_, i) => i)
  const steps = n.numbers(4) ?? starts.map(() => 1)
  return [
    axes.reduce((x, a, k) => {
      const axis = positive(a, shapeOf(x).length)
      const [size, step] = [shapeOf(x)[axis] as number, steps[k] as number]
      const at = (v: number, low: number, high: number) => within(v < 0 ? v + size : v, low, high)
      if (step > 0) {
        const from = at(starts[k] as number, 0, size)
        return slice(
          x,
          shapeOf(x).map((_, i) => (i === axis ? from : 0)),
          shapeOf(x).map((d, i) => (i === axis ? Math.max(from, at(ends[k] as number, 0, size)) : d)),
          shapeOf(x).map((_, i) => (i === axis ? step : 1)),
        )
      }
      const [from, to] = [at(starts[k] as number, -1, size - 1), at(ends[k] as number, -1, size - 1)]
      return take(
        x,
        axis,
        Array.from({ length: Math.ceil((to - from) / step) }, (_, i) => from + i * step),
      )
    }, n.arg(0)),
  ]
}

/** An index from the end is negative. */
const fromStart = (index: Expr, size: number): Expr => select(ge(index, 0), index, add(index, size))

const gathered: Build = n => {
  const x = n.arg(0)
  const axis = positive(n.int('axis', 0), shapeOf(x).length)
  return [gatherAlong(x, axis, fromStart(n.arg(1), shapeOf(x)[axis] as number))]
}

const tiled: Build = n => {
  const repeats = n.numbers(1) ?? []
  return [repeats.reduce((x, times, axis) => concat(new Array<Expr>(times).fill(x), axis), n.arg(0))]
}

/** Integers, of which the forms take none, are exact as reals. */
const padded: Build = n => {
  const x = n.arg(0)
  const pads = n.ints('pads') ?? n.numbers(1) ?? []
  const [low, high] = [pads.slice(0, pads.length / 2), pads.slice(pads.length / 2)]
  const mode = n.text('mode', 'constant')
  if (mode === 'edge' || mode === 'reflect') return [cast(padBy(cast(x, 'f32'), mode, low, high), x.type.dtype)]
  return [pad(x, low, high, undefined, n.opset < 11 ? n.float('value', 0) : (n.numbers(2)?.[0] ?? 0))]
}

/** Two numbers, [off, on], where a class is not and is. */
const oneHots: Build = n => {
  const [depth = 0] = n.numbers(1) ?? []
  const rank = shapeOf(n.arg(0)).length
  const hot = oneHot(fromStart(cast(n.arg(0), 'i32'), depth), depth)
  const [off, on] = [part(n.arg(2), 0, 0, 1), part(n.arg(2), 0, 1, 2)]
  const axis = positive(n.int('axis', -1), rank + 1)
  const order = [
    ...Array.from({ length: axis }, (_, i) => i),
    rank,
    ...Array.from({ length: rank - axis }, (_, i) => axis + i),
  ]
  return [transpose(select(eq(hot, 1), on, off), order)]
}

/** Row and column numbers of a matrix, to be compared. */
const places = (rows: number, columns: number): readonly [Expr, Expr] => [
  reshape(iota(rows), [rows, 1]),
  reshape(iota(columns), [1, columns]),
]

const eye: Build = n => {
  const [rows = 0, columns = 0] = shapeOf(n.arg(0))
  const [i, j] = places(rows, columns)
  return [cast(eq(add(i, n.int('k', 0)), j), n.int('dtype', 6) === 6 ? 'i32' : 'f32')]
}

const triangle: Build = n => {
  const x = n.arg(0)
  const [rows = 0, columns = 0] = shapeOf(x).slice(-2)
  const [i, j] = places(rows, columns)
  const [k = 0] = n.numbers(1) ?? []
  return [select(n.int('upper', 1) === 1 ? ge(j, add(i, k)) : le(j, add(i, k)), x, 0)]
}

const range: Build = n => {
  const [[start = 0], [limit = 0], [delta = 1]] = [n.numbers(0) ?? [], n.numbers(1) ?? [], n.numbers(2) ?? []]
  const steps = cast(iota(Math.max(0, Math.ceil((limit - start) / delta))), n.arg(0).type.dtype)
  return [add(n.arg(0), mul(steps, n.arg(2)))]
}

const constant: Build = n => {
  const value = n.tensor('value')
  if (value) return [constantOf(value)]
  const whole = n.int('value_int', NaN)
  return [Number.isNaN(whole) ? tensor([n.float('value_float', NaN)], []) : tensor([whole], [], 'i32')]
}

const filled: Build = n => {
  const value = n.tensor('value')
  return [broadcastTo(value ? reshape(constantOf(value), []) : tensor([0], []), n.numbers(0) ?? [])]
}

const dims = (n: Node): readonly number[] => {
  const shape = shapeOf(n.arg(0))
  const [start, end] = [n.int('start', 0), n.int('end', shape.length)]
  return shape.slice(start, end)
}

export const shaping: Builders = {
  Reshape: reshaped,
  Flatten: flattened,
  Squeeze: squeezed,
  Unsqueeze: unsqueezed,
  Expand: expanded,
  Transpose: n => [transpose(n.arg(0), n.ints('perm') ?? undefined)],
  Concat: n => [
    concat(
      n.args.map((_, i) => n.arg(i)),
      n.int('axis'),
    ),
  ],
  Split: split,
  Slice: sliced,
  Gather: gathered,
  Tile: tiled,
  Pad: padded,
  OneHot: oneHots,
  EyeLike: eye,
  Trilu: triangle,
  Range: range,
  Constant: constant,
  ConstantOfShape: filled,
  Shape: n => [tensor(dims(n), [dims(n).length], 'i32')],
  Size: n => [tensor([sizeOf(shapeOf(n.arg(0)))], [], 'i32')],
}
