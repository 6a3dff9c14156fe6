/** Axes: ONNX counts them from either end, and has its images' channels second. */
import { type Expr, tensor } from '../../../src/graph/Expr.js'
import { reshape } from '../../../src/op/broadcast.js'
import { gather } from '../../../src/op/gather.js'
import { transpose } from '../../../src/op/window.js'

export const positive = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis)

const withFirst = (rank: number, axis: number): readonly number[] => [
  axis,
  ...Array.from({ length: rank }, (_, i) => i).filter(i => i !== axis),
]

/** Tensors picked along an axis, whose place the index's axes take; the library picks along the first. */
export const gatherAlong = (x: Expr, axis: number, index: Expr): Expr => {
  const [rank, taken] = [x.type.shape.length, index.type.shape.length]
  const picked = gather(transpose(x, withFirst(rank, axis)), index)
  const rest = Array.from({ length: rank - 1 }, (_, i) => taken + i)
  const own = Array.from({ length: taken }, (_, i) => i)
  return transpose(picked, [...rest.slice(0, axis), ...own, ...rest.slice(axis)])
}

/** The elements at these positions of an axis. */
export const take = (x: Expr, axis: number, index: readonly number[]): Expr =>
  gatherAlong(x, axis, tensor(index, [index.length], 'i32'))

/** [rows, channels, ...] to [rows, ..., channels]. */
export const channelsLast = (x: Expr): Expr => {
  const rank = x.type.shape.length
  return transpose(x, [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1])
}

/** [rows, ..., channels] to [rows, channels, ...]. */
export const channelsSecond = (x: Expr): Expr => {
  const rank = x.type.shape.length
  return transpose(x, [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, i) => i + 1)])
}

/** What is 1 along the first axis of a field of one axis, which is an image one pixel wide. */
const columns = (x: Expr): Expr => (x.type.shape.length === 3 ? reshape(x, [...x.type.shape, 1]) : x)

/** f, which takes images with the channels last, for images or sequences with the channels second. */
export const onImages = (x: Expr, f: (image: Expr) => Expr): Expr => {
  const { length } = x.type.shape
  if (length !== 3 && length !== 4) throw new Error(`images of ${length - 2} axes are not there`)
  const y = channelsSecond(f(channelsLast(columns(x))))
  return length === 3 ? reshape(y, y.type.shape.slice(0, 3)) : y
}
