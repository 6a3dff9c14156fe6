/**
 * How operations are declared. An elementwise operation is one row: its arity, the dtypes it exists for, its gradient,
 * its float64 reference and where it may be sampled; the kernel is the function `<name>_<dtype>` of
 * `assembly/elementwise`.
 */
import * as E from '#fp/Either.js'
import { apply, constant, type Expr, invalid, isExpr, type Operand } from '../graph/Expr.js'
import type { Op, Sample, Vjp } from '../graph/Op.js'
import type { DType } from '../shape/DType.js'
import { sameShape, showType, type TensorType, tensorType } from '../shape/TensorType.js'
import { broadcastShapes, broadcastTo } from './broadcast.js'

type Grads<N extends number> = N extends 1
  ? readonly [Expr | null]
  : N extends 2
    ? readonly [Expr | null, Expr | null]
    : readonly (Expr | null)[]

interface Row<N extends number> {
  readonly arity: N
  readonly dtypes: readonly DType[]
  /** the result's dtype where it is not the operands' */
  readonly gives?: DType
  /** the operands' dtypes where they differ from the value's, e.g. the mask of a select */
  readonly takes?: (value: DType) => readonly DType[]
  readonly vjp: ((c: Vjp) => Grads<N>) | null
  readonly reference: (...x: number[]) => number
  readonly domain?: readonly [number, number]
  readonly avoid?: readonly number[]
}

/** The test sizes hit every SIMD tail. */
const sizes = [0, 1, 3, 4, 5, 15, 16, 17, 1000]

export const defineElementwise = <const N extends number>(name: string, row: Row<N>): Op => {
  const wanted = (value: DType): readonly DType[] => row.takes?.(value) ?? new Array<DType>(row.arity).fill(value)
  const valueType = (args: readonly TensorType[]): DType | undefined =>
    row.dtypes.find(d => wanted(d).every((w, i) => args[i]?.dtype === w))
  return {
    name,
    type: ({ args }) => {
      const value = valueType(args)
      const [first] = args
      if (!first || args.length !== row.arity) return E.left(`takes ${row.arity} operands, not ${args.length}`)
      if (value === undefined) return E.left(`has no form for ${args.map(showType).join(' and ')}`)
      if (args.some(a => !sameShape(a.shape, first.shape)))
        return E.left(`the shapes ${args.map(showType).join(' and ')} differ; broadcast them first`)
      const gives = row.gives ?? value
      return gives === 'f64' && first.shape.length > 0
        ? E.left('f64 holds scalars only')
        : E.right(tensorType(gives, first.shape))
    },
    vjp: row.vjp,
    reference: (_, args) => {
      const [first] = args
      const values = new Float64Array(first ? first.values.length : 0)
      return values.map((_, i) => row.reference(...args.map(a => a.values[i] as number)))
    },
    lower: { _tag: 'Elementwise', fn: ({ args }) => `${name}_${valueType(args)}` },
    samples: () =>
      row.dtypes.flatMap(dtype =>
        (dtype === 'f64' || row.gives === 'f64' ? [[]] : sizes.map(n => [n])).map(
          (shape): Sample => ({
            args: wanted(dtype).map(d => tensorType(d, shape)),
            ...(row.domain && { domain: row.domain }),
            ...(row.avoid && { avoid: row.avoid }),
          }),
        ),
      ),
  }
}

/**
 * Applies an elementwise operation the way people write it: numbers become constants, shapes broadcast as NumPy's do,
 * and an f64 step scalar that meets an f32 tensor is rounded to f32.
 */
export const elementwise = (op: Op, operands: readonly Operand[], cast?: (x: Expr, to: DType) => Expr): Expr => {
  const exprs = operands.filter(isExpr)
  const bad = exprs.find(x => x._tag === 'Invalid')
  if (bad) return bad
  const values = exprs.filter(x => x.type.dtype !== 'bool')
  const dtype = (values.find(x => x.type.dtype !== 'f64') ?? values[0] ?? exprs[0])?.type.dtype ?? 'f32'
  const fraction = operands.find(x => !isExpr(x) && dtype === 'i32' && !Number.isInteger(x))
  if (fraction !== undefined) return invalid(op.name, `${fraction} is not an i32; cast the other operand to f32`)
  const args = operands.map(x => {
    if (!isExpr(x)) return constant(x, dtype)
    return cast && x.type.dtype === 'f64' && dtype === 'f32' ? cast(x, dtype) : x
  })
  const shape = broadcastShapes(args.map(a => a.type.shape))
  if (!shape) return invalid(op.name, `the shapes ${args.map(a => showType(a.type)).join(' and ')} do not broadcast`)
  return apply(
    op,
    args.map(a => broadcastTo(a, shape)),
  )
}
