/**
 * Norms per output unit. The last axis of a parameter counts its output units, so the weights into one unit are those
 * that share an index of that axis: a column of a dense kernel, a filter of a convolution.
 */
import type { Expr } from '../graph/Expr.js'
import { mul } from '../op/arithmetic.js'
import { sum } from '../op/broadcast.js'
import { sqrt } from '../op/math.js'

/** The norm of the weights into each unit, broadcastable to the parameter; of the whole for a vector or a scalar. */
export const unitNorms = (x: Expr): Expr => {
  const rank = x.type.shape.length
  return sqrt(rank < 2 ? sum(mul(x, x)) : sum(mul(x, x), x.type.shape.map((_, i) => i).slice(0, -1), true))
}
