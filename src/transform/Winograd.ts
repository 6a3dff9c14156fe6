/**
 * Which of Winograd's algorithms convolutions with 3 x 3 filters and their gradients of the images run by (Lavin & Gray
 * 2016): F(4x4) takes 36 multiplications for sixteen places where F(2x2) takes 64, with up to five times its error.
 */
import * as E from '#fp/Either.js'
import type * as t from '#io/index.js'
import { apply, type Expr } from '../graph/Expr.js'
import * as Program from '../graph/Program.js'
import { explain, oneOf } from '../graph/settings.js'
import { type ShapeError, shapeError } from '../shape/ShapeError.js'

const known = oneOf('F(2x2)', 'F(4x4)')
export type Winograd = t.TypeOf<typeof known>

/** The algorithm itself, or a `Left` for what is none. */
export const checkWinograd = (algorithm: Winograd): E.Either<ShapeError, Winograd> =>
  E.mapLeft((errors: t.Errors) => shapeError('compile', `winograd ${explain(errors)}`))(known.decode(algorithm))

const concerned: ReadonlySet<string> = new Set(['conv2d', 'convTranspose2d'])

/** The same outputs, by the algorithm. */
export const withWinograd = (program: Program.Program, algorithm: Winograd): E.Either<ShapeError, Program.Program> => {
  const sound = checkWinograd(algorithm)
  if (E.isLeft(sound)) return sound
  const done: Expr[] = []
  for (const { expr, args } of program.nodes) {
    if (expr._tag !== 'Apply') {
      done.push(expr)
      continue
    }
    const tile = concerned.has(expr.op.name) && algorithm === 'F(4x4)' ? { tile: 4 } : {}
    done.push(
      apply(
        expr.op,
        args.map(a => done[a] as Expr),
        { ...expr.attrs, ...tile },
      ),
    )
  }
  return Program.of(program.outputs.map(o => done[o] as Expr))
}
