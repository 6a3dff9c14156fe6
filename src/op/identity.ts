/** The identity that stands apart from equal expressions. */
import * as E from '#fp/Either.js'
import { apply, type Expr } from '../graph/Expr.js'
import type { Nd, Op } from '../graph/Op.js'
import { tensorType } from '../shape/TensorType.js'

const identityOp: Op = {
  name: 'identity',
  type: ({ args: [x] }) => (x ? E.right(x) : E.left('takes one operand')),
  vjp: ({ g }) => [g],
  reference: (_, [x]) => (x as Nd).values,
  lower: { _tag: 'Alias' },
  samples: () => [{ args: [tensorType('f32', [3])], attrs: { name: 'x' } }],
}

/**
 * x itself, but another expression than x, and than what is called otherwise: so a gradient with respect to it counts
 * only what goes through here, where x is used elsewhere too. It costs nothing when the program runs.
 */
export const identity = (x: Expr, name: string): Expr => apply(identityOp, [x], { name })

export const identityOps: readonly Op[] = [identityOp]
