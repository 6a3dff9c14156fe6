/** Transcendental functions, element by element; the kernels' measured errors stand in `assembly/elementwise`. */
import type { Expr, Operand } from '../graph/Expr.js'
import type { Op } from '../graph/Op.js'
import { add, div, mul, neg, sub } from './arithmetic.js'
import { defineElementwise, elementwise } from './define.js'
import { cast, eq, le, select } from './select.js'

const unary =
  (op: Op) =>
  (x: Operand): Expr =>
    elementwise(op, [x], cast)

const expOp = defineElementwise('exp', {
  arity: 1,
  dtypes: ['f32', 'f64'],
  vjp: ({ out, g }) => [mul(g, out)],
  reference: Math.exp,
  domain: [-4, 4],
})
const expm1Op = defineElementwise('expm1', {
  arity: 1,
  dtypes: ['f32'],
  vjp: ({ out, g }) => [mul(g, add(out, 1))],
  reference: Math.expm1,
  domain: [-4, 4],
})
/** An operation of its own because its gradient needs nothing but its value. */
const eluOp = defineElementwise('elu', {
  arity: 1,
  dtypes: ['f32'],
  vjp: ({ out, g }) => [select(le(out, 0), mul(g, add(out, 1)), g)],
  reference: x => (x <= 0 ? Math.expm1(x) : x),
  domain: [-4, 4],
  avoid: [0],
})
const logOp = defineElementwise('log', {
  arity: 1,
  dtypes: ['f32', 'f64'],
  vjp: ({ args: [x], g }) => [x ? div(g, x) : null],
  reference: Math.log,
  domain: [0.1, 8],
})
const log1pOp = defineElementwise('log1p', {
  arity: 1,
  dtypes: ['f32'],
  vjp: ({ args: [x], g }) => [x ? div(g, add(x, 1)) : null],
  reference: Math.log1p,
  domain: [-0.8, 8],
})
const sqrtOp = defineElementwise('sqrt', {
  arity: 1,
  dtypes: ['f32', 'f64'],
  vjp: ({ out, g }) => [div(mul(g, 0.5), out)],
  reference: Math.sqrt,
  domain: [0.1, 8],
})
const rsqrtOp = defineElementwise('rsqrt', {
  arity: 1,
  dtypes: ['f32'],
  vjp: ({ args: [x], out, g }) => [x ? neg(div(mul(mul(g, 0.5), out), x)) : null],
  reference: x => 1 / Math.sqrt(x),
  domain: [0.1, 8],
})
const tanhOp = defineElementwise('tanh', {
  arity: 1,
  dtypes: ['f32'],
  vjp: ({ out, g }) => [mul(g, sub(1, mul(out, out)))],
  reference: Math.tanh,
  domain: [-4, 4],
})
const logisticOp = defineElementwise('logistic', {
  arity: 1,
  dtypes: ['f32'],
  vjp: ({ out, g }) => [mul(g, mul(out, sub(1, out)))],
  reference: x => 1 / (1 + Math.exp(-x)),
  domain: [-6, 6],
})
/** erf(x) e^(x^2) as 2 / sqrt(pi) (x + 2 x^3 / 3 + 4 x^5 / 15 + ...), whose terms have one sign; for |x| <= 6. */
const erfSeries = (x: number): number => {
  let term = x
  let total = x
  for (let n = 1; n < 150; n++) {
    term *= (2 * x * x) / (2 * n + 1)
    total += term
  }
  return 1.1283791670955126 * total
}
const erfOp = defineElementwise('erf', {
  arity: 1,
  dtypes: ['f32'],
  vjp: ({ args: [x], g }) => [x ? mul(g, mul(exp(neg(mul(x, x))), 1.1283791670955126)) : null],
  reference: x => (Math.abs(x) > 6 ? Math.sign(x) : Math.exp(-x * x) * erfSeries(x)),
  domain: [-3, 3],
})
const powOp = defineElementwise('pow', {
  arity: 2,
  dtypes: ['f32', 'f64'],
  vjp: ({ args: [x, y], out, g }) =>
    x && y
      ? [mul(g, select(eq(y, 0), 0, mul(y, pow(x, sub(y, 1))))), mul(g, select(eq(x, 0), 0, mul(out, log(x))))]
      : [null, null],
  reference: (x, y) => x ** y,
  domain: [0.3, 3],
})

const cosOp = defineElementwise('cos', {
  arity: 1,
  dtypes: ['f64'],
  vjp: ({ args: [x], g }) => [x ? neg(mul(g, cos(sub(x, 1.5707963267948966)))) : null],
  reference: Math.cos,
  domain: [-4, 4],
})

/** e^x */
export const exp = unary(expOp)
/** e^x - 1, accurate near 0 */
export const expm1 = unary(expm1Op)
/** x where it is positive, else e^x - 1; NaN of NaN. */
export const elu = unary(eluOp)
/** The natural logarithm; NaN below 0. */
export const log = unary(logOp)
/** log(1 + x), accurate near 0 */
export const log1p = unary(log1pOp)
/** The square root; NaN below 0. */
export const sqrt = unary(sqrtOp)
/** 1 / sqrt(x) */
export const rsqrt = unary(rsqrtOp)
/** The hyperbolic tangent. */
export const tanh = unary(tanhOp)
/** 1 / (1 + e^-x) */
export const logistic = unary(logisticOp)
/** The error function. */
export const erf = unary(erfOp)
/** x^y as C's pow; the gradient of x is 0 where y is 0, that of y where x is 0. */
export const pow = (x: Operand, y: Operand): Expr => elementwise(powOp, [x, y], cast)

/** cos x of a step scalar (f64), accurate for |x| < 1e5. */
export const cos = unary(cosOp)

export const mathOps: readonly Op[] = [
  ...[expOp, expm1Op, eluOp, logOp, log1pOp, sqrtOp, rsqrtOp, tanhOp, logisticOp, erfOp, powOp, cosOp],
]
