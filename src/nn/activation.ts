/**
 * Activations, as functions of expressions of any shape. All but `softmax` go element by element. NaN stays NaN in each
 * of them, and the gradient at a kink is that of the left side.
 */
import type { Expr } from '../graph/Expr.js'
import { mul } from '../op/arithmetic.js'
import { gelu, softmax, softplus } from '../op/composite.js'
import { expm1, logistic, tanh } from '../op/math.js'
import { le, select } from '../op/select.js'

export { gelu, logistic, softmax, softplus, tanh }

/** max(x, 0), with gradient 0 at 0. */
export const relu = (x: Expr): Expr => select(le(x, 0), 0, x)

/** x <= 0 ? alpha x : x (Maas et al. 2013); alpha may exceed 1. */
export const leakyRelu = (x: Expr, alpha = 0.01): Expr => select(le(x, 0), mul(x, alpha), x)

/**
 * x <= 0 ? left (e^x - 1) : right x. The exponential only sees x <= 0: further right it overflows, and the gradient
 * 0 * infinity of the branch not taken would be NaN.
 */
const exponentialLeft = (x: Expr, left: number, right: number): Expr => {
  const negative = le(x, 0)
  return select(negative, mul(expm1(select(negative, x, 0)), left), mul(x, right))
}

/** x <= 0 ? alpha (e^x - 1) : x (Clevert et al. 2016) */
export const elu = (x: Expr, alpha = 1): Expr => exponentialLeft(x, alpha, 1)

/** lambda and alpha for which mean 0 and variance 1 are a stable fixed point (Klambauer et al. 2017). */
const seluRight = 1.0507009873554805
const seluLeft = 1.7580993408473768

/** lambda (x <= 0 ? alpha (e^x - 1) : x) with Klambauer's constants. */
export const selu = (x: Expr): Expr => exponentialLeft(x, seluLeft, seluRight)

/** x / (1 + e^-x), also called SiLU (Ramachandran et al. 2017). */
export const swish = (x: Expr): Expr => mul(x, logistic(x))
