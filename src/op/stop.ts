/** The identity whose gradient is stopped. */
import * as E from '#fp/Either.js'
import { apply, type Expr } from '../graph/Expr.js'
import type { Nd, Op } from '../graph/Op.js'
import { tensorType } from '../shape/TensorType.js'

const stopOp: Op = {
  name: 'stopGradient',
  type: ({ args: [x] }) => (x ? E.right(x) : E.left('takes one operand')),
  vjp: null,
  reference: (_, [x]) => (x as Nd).values,
  lower: { _tag: 'Alias' },
  samples: () => [{ args: [tensorType('f32', [3])] }],
}

/** x, seen as a constant by every gradient. */
export const stopGradient = (x: Expr): Expr => apply(stopOp, [x])

export const stopOps: readonly Op[] = [stopOp]
