/** From expressions to units: simplified, value-numbered, fused. */
import * as E from '#fp/Either.js'
import type { Expr } from '../graph/Expr.js'
import * as Program from '../graph/Program.js'
import type { ShapeError } from '../shape/ShapeError.js'
import { fuse } from './Fuse.js'
import { simplify } from './Simplify.js'
import type { Unit } from './Unit.js'
import { type Winograd, withWinograd } from './Winograd.js'

export interface Prepared {
  readonly program: Program.Program
  readonly units: readonly Unit[]
}

/** The program of expressions, and the units it runs in; a `Left` for an expression that does not fit. */
export const prepare = (exprs: readonly Expr[], winograd: Winograd = 'F(2x2)'): E.Either<ShapeError, Prepared> => {
  const simple = E.chain(simplify)(Program.of(exprs))
  const made = winograd === 'F(2x2)' ? simple : E.chain((p: Program.Program) => withWinograd(p, winograd))(simple)
  return E.map((program: Program.Program) => ({ program, units: fuse(program) }))(made)
}
