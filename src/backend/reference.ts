/**
 * The reference evaluator: float64, one node after another, each by the `reference` of its operation. Slow and
 * obviously right; the kernels are tested against it.
 */
import * as E from '#fp/Either.js'
import type { Expr } from '../graph/Expr.js'
import type { Nd } from '../graph/Op.js'
import * as Program from '../graph/Program.js'
import { type ShapeError, shapeError } from '../shape/ShapeError.js'
import { resolveShape, resolveType, showType, sizeOf } from '../shape/TensorType.js'

export type Bindings = Readonly<Record<string, ArrayLike<number>>>

/** The values of the expressions, given every parameter and input by name, for a number of rows. */
export const evaluate = (
  exprs: readonly Expr[],
  bindings: Bindings = {},
  rows = 1,
): E.Either<ShapeError, readonly Nd[]> => {
  const program = Program.of(exprs)
  if (E.isLeft(program)) return program
  const done: Nd[] = []
  for (const { expr, args } of program.right.nodes) {
    const type = resolveType(expr.type, rows)
    const size = sizeOf(type.shape)
    switch (expr._tag) {
      case 'Const':
        done.push({ shape: type.shape, values: Float64Array.from(expr.values) })
        break
      case 'Apply': {
        const c = { attrs: expr.attrs, args: expr.args.map(a => resolveType(a.type, rows)), out: type, rows }
        done.push({
          shape: type.shape,
          values: expr.op.reference(
            c,
            args.map(a => done[a] as Nd),
          ),
        })
        break
      }
      default: {
        const bound = bindings[expr.name]
        if (!bound) return E.left(shapeError(expr.name, `${showType(expr.type)} "${expr.name}" is not bound`))
        if (bound.length !== size)
          return E.left(shapeError(expr.name, `${bound.length} values do not fill ${showType(type)}`))
        done.push({ shape: resolveShape(expr.type.shape, rows), values: Float64Array.from(bound) })
      }
    }
  }
  return E.right(program.right.outputs.map(o => done[o] as Nd))
}
