/**
 * Tensor expressions: immutable values that say what is computed, not when.
 *
 *     Expr = Param | Input | Const | Apply { op, attrs, args } | Invalid
 *
 * Constructors are total: a shape that does not fit gives an `Invalid`, which every expression built on it becomes
 * too, and `Program.of` returns the first such error as a `Left`.
 */
import * as E from '#fp/Either.js'
import { shapeError } from '../shape/ShapeError.js'
import { type TensorType, tensorType } from '../shape/TensorType.js'
import type { Attrs, Const, Expr, Input, Invalid, Op, Param } from './Op.js'

export type { Apply, Const, Expr, Input, Invalid, Param } from './Op.js'

/** What elementwise constructors take: a number becomes a constant of the other operand's dtype. */
export type Operand = Expr | number

/** A value that a state keeps under this name; `evaluate` is given it like an input. */
export const param = (name: string, type: TensorType): Param => ({ _tag: 'Param', name, type })

/** A value that is given under this name to every evaluation. */
export const input = (name: string, type: TensorType): Input => ({ _tag: 'Input', name, type })

/** A constant scalar, f32 unless told otherwise. */
export const constant = (value: number, dtype: TensorType['dtype'] = 'f32'): Const => ({
  _tag: 'Const',
  values: [value],
  type: tensorType(dtype),
})

/** A constant tensor from row-major values. */
export const tensor = (values: readonly number[], shape: readonly number[], dtype: 'f32' | 'i32' = 'f32'): Expr => {
  const size = shape.reduce((n, d) => n * d, 1)
  return shape.every(d => d >= 0) && size === values.length
    ? { _tag: 'Const', values, type: tensorType(dtype, shape) }
    : invalid('tensor', `${values.length} values do not fill the shape [${shape.join(', ')}]`)
}

/** An error in the place of an expression; `path` names the operation or layer. */
export const invalid = (path: string, message: string): Invalid => ({
  _tag: 'Invalid',
  error: shapeError(path, message),
  type: tensorType('f32'),
})

/** Applies an operation; its shape rule decides the type. */
export const apply = (op: Op, args: readonly Expr[], attrs: Attrs = {}): Expr => {
  const bad = args.find(a => a._tag === 'Invalid')
  if (bad) return bad
  const type = op.type({ attrs, args: args.map(a => a.type) })
  return E.isLeft(type) ? invalid(op.name, type.left) : { _tag: 'Apply', op, attrs, args, type: type.right }
}

export const isExpr = (x: Operand): x is Expr => typeof x !== 'number'
