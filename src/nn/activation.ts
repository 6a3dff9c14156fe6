/**
 * Activations, as functions of expressions of any shape. All but `softmax` go element by element. NaN stays NaN in each
 * of them, an infinity gives the limit, and so do the gradients. At a kink the gradient is that of the side named by
 * `<=` or `>=` in the formula: at 0 that of the left.
 */
import type { Expr } from '../graph/Expr.js'
import { abs, add, div, mul, sub } from '../op/arithmetic.js'
import { gelu as geluWithin, softmax, softplus } from '../op/composite.js'
import { expm1, logistic, elu as plainElu, tanh } from '../op/math.js'
import { ge, le, select } from '../op/select.js'

export { logistic, softmax, softplus, tanh }

/** max(x, 0), with gradient 0 at 0. */
export const relu = (x: Expr): Expr => select(le(x, 0), 0, x)

/** min(max(x, 0), 6), with gradient 0 at 0 and at 6 (Krizhevsky 2010). */
export const relu6 = (x: Expr): Expr => {
  const positive = relu(x)
  return select(ge(positive, 6), 6, positive)
}

/** x <= 0 ? alpha x : x (Maas et al. 2013); alpha may exceed 1. */
export const leakyRelu = (x: Expr, alpha = 0.01): Expr => select(le(x, 0), mul(x, alpha), x)

/**
 * x <= 0 ? alpha x : x for a learned alpha, whose shape broadcasts to that of x (He et al. 2015). The product only sees
 * x <= 0: else the gradient of alpha at x = infinity would be 0 * infinity.
 */
export const prelu = (x: Expr, alpha: Expr): Expr => {
  const negative = le(x, 0)
  return select(negative, mul(select(negative, x, 0), alpha), x)
}

/** x <= 0 ? left (e^(x / width) - 1) : right x. The exponential only sees x <= 0, as in `prelu`. */
const exponentialLeft = (x: Expr, left: number, right: number, width = 1): Expr => {
  const negative = le(x, 0)
  const inner = select(negative, x, 0)
  return select(negative, mul(expm1(width === 1 ? inner : div(inner, width)), left), mul(x, right))
}

/** x <= 0 ? alpha (e^x - 1) : x (Clevert et al. 2016) */
export const elu = (x: Expr, alpha = 1): Expr => (alpha === 1 ? plainElu(x) : exponentialLeft(x, alpha, 1))

/** x <= 0 ? alpha (e^(x / alpha) - 1) : x, whose gradient has no jump for any alpha > 0 (Barron 2017). */
export const celu = (x: Expr, alpha = 1): Expr => exponentialLeft(x, alpha, 1, alpha)

/** lambda and alpha for which mean 0 and variance 1 are a stable fixed point (Klambauer et al. 2017). */
const seluRight = 1.0507009873554805
/** lambda alpha: what selu tends to on the left, but for the sign */
export const seluLeft = 1.7580993408473768

/** lambda (x <= 0 ? alpha (e^x - 1) : x) with Klambauer's constants. */
export const selu = (x: Expr): Expr => exponentialLeft(x, seluLeft, seluRight)

export type HardSigmoidForm = 'torch' | 'keras' | 'keras2' | 'tf1'

/**
 * A logistic function in three pieces, with gradient 0 from the bend on: 'torch' (and Keras 3) min(max(x / 6 + 1/2, 0),
 * 1), 'keras2' (and 'tf1') min(max(0.2 x + 1/2, 0), 1).
 */
export const hardSigmoid = (x: Expr, form: HardSigmoidForm = 'torch'): Expr => {
  const bend = form === 'torch' || form === 'keras' ? 3 : 2.5
  const line = add(div(x, 2 * bend), 0.5)
  return select(le(x, -bend), 0, select(ge(x, bend), 1, line))
}

/**
 * x / (1 + |x|) (Glorot & Bengio 2010), beyond 1 as 1 - 1 / (1 + |x|): so the gradient (1 + |x|)^-2 does not cancel,
 * and an infinity gives 1.
 */
export const softsign = (x: Expr): Expr => {
  const size = abs(x)
  const near = le(size, 1)
  const r = div(1, add(size, 1))
  return select(near, mul(select(near, x, 0), r), select(le(x, 0), sub(r, 1), sub(1, r)))
}

/** From here on x times a smooth gate is 0, or x, in f32: the gate differs from 0 and 1 by less than e^-128. */
const saturated = 128

/** f, replaced by the limit max(x, 0) where it has got there: far out f, or its gradient, is 0 * infinity. */
const smoothRelu = (x: Expr, f: (x: Expr) => Expr): Expr => {
  const far = ge(abs(x), saturated)
  return select(far, relu(x), f(select(far, 0, x)))
}

/** x / (1 + e^-x) (Ramachandran et al. 2017), also called SiLU (Hendrycks & Gimpel 2016; Elfwing et al. 2017). */
export const swish = (x: Expr): Expr => smoothRelu(x, y => mul(y, logistic(y)))
export { swish as silu }

/** x tanh(log(1 + e^x)) (Misra 2019) */
export const mish = (x: Expr): Expr => smoothRelu(x, y => mul(y, tanh(softplus(y))))

/** x Phi(x) (Hendrycks & Gimpel 2016), exactly by erf, or by their approximation with tanh. */
export const gelu = (x: Expr, approximate: 'none' | 'tanh' = 'none'): Expr =>
  smoothRelu(x, y => geluWithin(y, approximate))
