/**
 * Padding by the elements that are there, axis by axis. Beyond an end of a b c d stand
 *
 *     edge        a a | a b c d | d d    (PyTorch: replicate)
 *     reflect     c b | a b c d | c b
 *     symmetric   b a | a b c d | d c
 *     wrap        c d | a b c d | a b    (PyTorch: circular)
 *
 * by NumPy's names; the first mirrors about the outermost element's center, the second about its outer side.
 */
import { type Expr, invalid } from '../graph/Expr.js'
import { showShape, showType } from '../shape/TensorType.js'
import { maxPlaces, pick } from './interpolate.js'

export type PadForm = 'edge' | 'reflect' | 'symmetric' | 'wrap'

/** The element that stands at position i of n, at most `reach` beyond an end. */
const source: { readonly [F in PadForm]: (i: number, n: number) => number } = {
  edge: (i, n) => Math.min(Math.max(i, 0), n - 1),
  reflect: (i, n) => (i < 0 ? -i : i < n ? i : 2 * (n - 1) - i),
  symmetric: (i, n) => (i < 0 ? -1 - i : i < n ? i : 2 * n - 1 - i),
  wrap: (i, n) => (i + n) % n,
}

/** How many elements of n an end can be padded by. */
const reach: { readonly [F in PadForm]: (n: number) => number } = {
  edge: n => (n < 1 ? 0 : Infinity),
  reflect: n => n - 1,
  symmetric: n => n,
  wrap: n => n,
}

/** Why axes of these sizes cannot be padded so, or null. */
export const padByFault = (
  form: PadForm,
  shape: readonly number[],
  low: readonly number[],
  high: readonly number[],
): string | null => {
  const says = `low ${showShape(low)}, high ${showShape(high)} does not fit ${showShape(shape)}`
  const ends = shape.map((_, i) => [low[i] ?? -1, high[i] ?? -1])
  if (low.length !== shape.length || high.length !== shape.length) return `${says}: give a number for each axis`
  if (!ends.flat().every(n => Number.isInteger(n) && n >= 0)) return `${says}: give whole numbers >= 0`
  const padded = shape.map((n, i) => (ends[i] as number[]).reduce((sum, end) => sum + end, n))
  if (padded.some((m, i) => m > maxPlaces && m > (shape[i] as number)))
    return `${says}: '${form}' makes axes of at most ${maxPlaces} elements; pad less`
  const axis = shape.findIndex((n, i) => Math.max(...(ends[i] as number[])) > (n < 0 ? 0 : reach[form](n)))
  if (axis < 0) return null
  const n = shape[axis] as number
  return n < 0
    ? `${says}: the rows cannot be padded`
    : `${says}: '${form}' pads an axis of ${n} by at most ${Math.max(0, reach[form](n))}; pad less${form === 'edge' ? '' : ", or by 'edge'"}`
}

/** An f32 tensor with so many elements before and after each axis, taken from the tensor in this form. */
export const padBy = (x: Expr, form: PadForm, low: readonly number[], high: readonly number[]): Expr => {
  if (x._tag === 'Invalid') return x
  const { shape } = x.type
  if (x.type.dtype !== 'f32') return invalid('padBy', `takes an f32 operand, not ${showType(x.type)}; cast it first`)
  const fault = padByFault(form, shape, low, high)
  if (fault) return invalid('padBy', fault)
  return shape.reduce<Expr>((y, n, axis) => {
    const [before, after] = [low[axis] as number, high[axis] as number]
    if (before === 0 && after === 0) return y
    return pick(
      y,
      axis,
      Array.from({ length: before + n + after }, (_, i) => source[form](i - before, n)),
    )
  }, x)
}
