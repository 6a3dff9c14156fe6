/** Functions composed of operations: plain functions, differentiated through what they are made of. */
import type { Expr } from '../graph/Expr.js'
import { abs, add, div, maximum, mul, neg, sub } from './arithmetic.js'
import { reshape, sum } from './broadcast.js'
import { erf, exp, log, log1p, tanh } from './math.js'
import { max } from './reduce.js'
import { eq, lt, select } from './select.js'
import { stopGradient } from './stop.js'

const withoutAxis = ({ type: { shape } }: Expr, axis: number): readonly number[] =>
  shape.filter((_, i) => i !== (axis < 0 ? axis + shape.length : axis))

/** x - max(x) along the axis, which changes neither softmax nor its gradient but keeps exp in range. */
const shifted = (x: Expr, axis: number): Expr => sub(x, stopGradient(max(x, [axis], true)))

/**
 * log(sum(exp(x))) along an axis (the last by default), which disappears; its gradient is softmax(x). A masked element,
 * -infinity, adds nothing and has gradient 0; when all are masked the value is -infinity and every gradient 0. With a
 * +infinity among them the value is +infinity and the gradient NaN.
 */
export const logSumExp = (x: Expr, axis = -1): Expr => {
  const top = stopGradient(max(x, [axis], true))
  const shift = select(lt(abs(top), Infinity), top, 0)
  const total = sum(exp(sub(x, shift)), [axis], true)
  const masked = eq(total, 0)
  const value = select(masked, -Infinity, add(log(select(masked, 1, total)), shift))
  return reshape(value, withoutAxis(x, axis))
}

/** x - logSumExp(x) along an axis (the last by default); -infinity where x is, unless x is it everywhere: then NaN. */
export const logSoftmax = (x: Expr, axis = -1): Expr => {
  const y = shifted(x, axis)
  return sub(y, log(sum(exp(y), [axis], true)))
}

/** exp(x) / sum(exp(x)) along an axis (the last by default); 0 where x is -infinity, unless x is it everywhere: then NaN. */
export const softmax = (x: Expr, axis = -1): Expr => {
  const e = exp(shifted(x, axis))
  return div(e, sum(e, [axis], true))
}

/** log(1 + e^x), for any x: max(x, 0) + log1p(e^-|x|) (its gradient is the logistic function). */
export const softplus = (x: Expr): Expr => add(maximum(x, 0), log1p(exp(neg(abs(x)))))

const rootTwoOverPi = 0.7978845608028654

/** x Phi(x) (Hendrycks & Gimpel 2016), exactly by erf, or by their approximation with tanh. */
export const gelu = (x: Expr, approximate: 'none' | 'tanh' = 'none'): Expr =>
  approximate === 'none'
    ? mul(mul(x, 0.5), add(erf(mul(x, Math.sqrt(0.5))), 1))
    : mul(mul(x, 0.5), add(tanh(mul(add(x, mul(mul(x, mul(x, x)), 0.044715)), rootTwoOverPi)), 1))
