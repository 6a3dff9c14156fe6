/**
 * Rewrites that change no bit of a result for any value but NaN's payload: x * 1, x / 1, x - 0, double negation,
 * identities, reshapes of reshapes, identity transposes. Applied once to every node, from the leaves up.
 */
import type * as E from '#fp/Either.js'
import { apply, type Expr } from '../graph/Expr.js'
import * as Program from '../graph/Program.js'
import { filledWith } from '../op/broadcast.js'
import type { ShapeError } from '../shape/ShapeError.js'
import { sameShape } from '../shape/TensorType.js'

const isOp = (e: Expr | undefined, name: string): e is Extract<Expr, { _tag: 'Apply' }> =>
  e?._tag === 'Apply' && e.op.name === name

const rules: Readonly<Record<string, (args: readonly Expr[], whole: Expr) => Expr | null>> = {
  mul: ([a, b]) => (filledWith(b as Expr) === 1 ? a : filledWith(a as Expr) === 1 ? b : null) ?? null,
  div: ([a, b]) => (filledWith(b as Expr) === 1 ? (a as Expr) : null),
  sub: ([a, b]) => (Object.is(filledWith(b as Expr), 0) ? (a as Expr) : null),
  neg: ([a]) => (isOp(a, 'neg') ? (a.args[0] as Expr) : null),
  stopGradient: ([a]) => a ?? null,
  identity: ([a]) => a ?? null,
  reshape: ([a], whole) => {
    const inner = isOp(a, 'reshape') ? (a.args[0] as Expr) : (a as Expr)
    if (sameShape(inner.type.shape, whole.type.shape)) return inner
    return inner !== a && whole._tag === 'Apply' ? apply(whole.op, [inner], whole.attrs) : null
  },
  broadcastTo: ([a], whole) => {
    if (!isOp(a, 'broadcastTo') || whole._tag !== 'Apply') return null
    return apply(whole.op, a.args, whole.attrs)
  },
  transpose: ([a], whole) =>
    whole._tag === 'Apply' && (whole.attrs['order'] as readonly number[]).every((d, i) => d === i) ? (a ?? null) : null,
}

/** The same outputs, simplified, as a new program. */
export const simplify = (program: Program.Program): E.Either<ShapeError, Program.Program> => {
  const done: Expr[] = []
  for (const { expr, args } of program.nodes) {
    if (expr._tag !== 'Apply') {
      done.push(expr)
      continue
    }
    const now = args.map(a => done[a] as Expr)
    const same = now.every((a, i) => a === expr.args[i])
    const whole = same ? expr : apply(expr.op, now, expr.attrs)
    done.push(rules[expr.op.name]?.(now, whole) ?? whole)
  }
  return Program.of(program.outputs.map(o => done[o] as Expr))
}
