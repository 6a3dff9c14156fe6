/**
 * Penalties on the size of parameters, added to the loss of a batch: l1 sum |w| + l2 sum w^2 of each parameter that has
 * one and is trained. Their gradients, l1 sign(w) + 2 l2 w, go through clipping and the optimizer like the rest; decay
 * that does not is an affair of the optimizer (Loshchilov & Hutter 2019).
 */
import * as t from '#io/index.js'
import type { Expr } from '../graph/Expr.js'
import { notNegative } from '../graph/settings.js'
import { abs, add, mul } from '../op/arithmetic.js'
import { sum } from '../op/broadcast.js'

/** A penalty as data. */
export interface Penalty {
  /** the factor of sum |w|, >= 0 */
  readonly l1: number
  /** the factor of sum w^2, >= 0 */
  readonly l2: number
}

/** factor sum |w|, with gradient 0 at 0 (Keras, TF1; the lasso). */
export const l1 = (factor: number): Penalty => ({ l1: factor, l2: 0 })

/** factor sum w^2 in Keras' form, the default; factor sum w^2 / 2 in TF1's (`l2_regularizer`, `nn.l2_loss`). */
export const l2 = (factor: number, { form = 'keras' }: { readonly form?: 'keras' | 'tf1' } = {}): Penalty => ({
  l1: 0,
  l2: form === 'keras' ? factor : factor / 2,
})

/** Both (the elastic net). */
export const l1l2 = (factors: Penalty): Penalty => ({ l1: factors.l1, l2: factors.l2 })

/** A penalty as settings. */
export const codec: t.Type<Penalty, unknown> = t.type({ l1: notNegative, l2: notNegative })

/** The penalty of a parameter, a scalar; null where both factors are 0. */
export const compute = (penalty: Penalty, w: Expr): Expr | null => {
  const terms = [
    ...(penalty.l1 === 0 ? [] : [mul(sum(abs(w)), penalty.l1)]),
    ...(penalty.l2 === 0 ? [] : [mul(sum(mul(w, w)), penalty.l2)]),
  ]
  return total(terms)
}

/** The sum of penalties, in their order; null where there is none. */
export const total = (terms: readonly Expr[]): Expr | null => {
  const [first, ...rest] = terms
  return first ? rest.reduce<Expr>((a, b) => add(a, b), first) : null
}
