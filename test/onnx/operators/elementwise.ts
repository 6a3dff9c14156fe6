/** Operators element by element. */

import { TensorProto_DataType as Type } from 'onnx-buf'
import type { Expr, Operand } from '../../../src/graph/Expr.js'
import * as act from '../../../src/nn/activation.js'
import { abs, add, clamp, div, floor, maximum, minimum, mul, neg, sign, sub } from '../../../src/op/arithmetic.js'
import { reshape } from '../../../src/op/broadcast.js'
import { erf, exp, expm1, log, log1p, logistic, pow, sqrt, tanh } from '../../../src/op/math.js'
import { and, cast, eq, ge, gt, le, lt, ne, not, or, select } from '../../../src/op/select.js'
import { dtypeOf } from '../model.js'
import type { Build, Builders, Node } from '../node.js'

const one =
  (f: (x: Expr) => Expr): Build =>
  n => [f(n.arg(0))]

/** The second operand; before version 7 its axes began at a given one of the first's. */
const second = (n: Node): Expr => {
  const [a, b] = [n.arg(0), n.arg(1)]
  const axis = n.opset < 7 && n.int('broadcast', 0) === 1 ? n.int('axis', -1) : -1
  const behind = a.type.shape.length - axis - b.type.shape.length
  return axis < 0 || behind <= 0 ? b : reshape(b, [...b.type.shape, ...new Array<number>(behind).fill(1)])
}

const two =
  (f: (a: Expr, b: Expr) => Expr): Build =>
  n => [f(n.arg(0), second(n))]

/** Of any number of operands. */
const all =
  (f: (a: Expr, b: Expr) => Expr, then: (x: Expr, count: number) => Expr = x => x): Build =>
  n => [then(n.args.map((_, i) => n.arg(i)).reduce(f), n.args.length)]

const each = <F>(wrap: (f: F) => Build, fs: Readonly<Record<string, F>>): Builders =>
  Object.fromEntries(Object.entries(fs).map(([name, f]) => [name, wrap(f)]))

const real = (x: Expr): Expr => cast(x, 'f32')

/** The integer between x and 0 that is next to x. */
const truncated = (x: Expr): Expr => mul(sign(x), floor(abs(x)))

/** Halves go to the even neighbor. */
export const rounded = (x: Expr): Expr => {
  const up = floor(add(x, 0.5))
  const odd = ne(mul(floor(mul(up, 0.5)), 2), up)
  return sub(up, select(and(eq(sub(up, x), 0.5), odd), 1, 0))
}

const clipped = (x: Expr, low: Operand | null, high: Operand | null): Expr => {
  if (low !== null && high !== null && x.type.dtype === 'f32') return clamp(x, low, high)
  const above = low === null ? x : maximum(x, low)
  return high === null ? above : minimum(above, high)
}

/** Slopes of a convolution's channels stood alone before version 7. */
const prelu: Build = n => {
  const [x, slope] = [n.arg(0), n.arg(1)]
  const channels = n.opset < 7 && slope.type.shape.length === 1 && slope.type.shape[0] === x.type.shape[1]
  const wide = channels ? reshape(slope, [...slope.type.shape, ...x.type.shape.slice(2).map(() => 1)]) : slope
  return [act.prelu(x, wide)]
}

/** The library's own slopes where they are the standard's. */
const hardSigmoid: Build = n => {
  const [alpha, beta] = [n.float('alpha', 0.2), n.float('beta', 0.5)]
  if (beta === 0.5 && alpha === 0.2) return [act.hardSigmoid(n.arg(0), 'keras2')]
  if (beta === 0.5 && alpha === Math.fround(1 / 6)) return [act.hardSigmoid(n.arg(0), 'torch')]
  return [clamp(add(mul(n.arg(0), alpha), beta), 0, 1)]
}

const selu: Build = n => {
  const [alpha, gamma] = [n.float('alpha', NaN), n.float('gamma', NaN)]
  return [Number.isNaN(alpha) ? act.selu(n.arg(0)) : mul(act.elu(n.arg(0), alpha), gamma)]
}

const shrink: Build = n => {
  const [x, bias, lambda] = [n.arg(0), n.float('bias', 0), n.float('lambd', 0.5)]
  return [select(lt(x, -lambda), add(x, bias), select(gt(x, lambda), sub(x, bias), 0))]
}

const infinite: Build = n => {
  const [x, up, down] = [n.arg(0), n.int('detect_positive', 1), n.int('detect_negative', 1)]
  const wanted = up && down ? abs(x) : up ? x : neg(x)
  return [eq(wanted, Infinity)]
}

const to = (x: Expr, type: Type): Expr => {
  const dtype = dtypeOf(type)
  if (dtype === null || type === Type.FLOAT16 || type === Type.BFLOAT16)
    throw new Error(`numbers cannot be rounded to type ${type}`)
  return cast(x, dtype)
}

/** Powers are those of reals; the result is of the base's type. */
const power = (x: Expr, y: Expr): Expr => cast(pow(real(x), real(y)), x.type.dtype)

const remainder: Build = n => {
  const [x, y] = [n.arg(0), n.arg(1)]
  return [sub(x, mul(y, truncated(div(x, y))))]
}

export const elementwise: Builders = {
  ...each(one, {
    ...{ Abs: abs, Neg: neg, Exp: exp, Log: log, Sqrt: sqrt, Tanh: tanh, Sigmoid: logistic, Erf: erf, Sign: sign },
    ...{ Floor: floor, Round: rounded, Not: not, Relu: act.relu, Softplus: act.softplus, Softsign: act.softsign },
    Identity: x => x,
    Ceil: x => neg(floor(neg(x))),
    Reciprocal: x => div(1, x),
    IsNaN: x => ne(x, x),
    HardSwish: x => mul(x, act.hardSigmoid(x)),
    Sinh: x => mul(sub(expm1(x), expm1(neg(x))), 0.5),
    Cosh: x => mul(add(exp(x), exp(neg(x))), 0.5),
    Asinh: x => mul(sign(x), log(add(abs(x), sqrt(add(mul(x, x), 1))))),
    Acosh: x => log(add(x, sqrt(sub(mul(x, x), 1)))),
    Atanh: x => mul(sub(log1p(x), log1p(neg(x))), 0.5),
  }),
  ...each(two, { Add: add, Sub: sub, Mul: mul, Div: div, Pow: power }),
  ...each(two, { Equal: eq, Greater: gt, GreaterOrEqual: ge, Less: lt, LessOrEqual: le, And: and, Or: or }),
  Xor: two((a, b) => and(or(a, b), not(and(a, b)))),
  Mod: remainder,
  Max: all(maximum),
  Min: all(minimum),
  Sum: all(add),
  Mean: all(add, (x, count) => div(x, count)),
  Where: n => [select(n.arg(0), n.arg(1), n.arg(2))],
  IsInf: infinite,
  Clip: n =>
    n.opset < 11
      ? [clipped(n.arg(0), n.float('min', -Infinity), n.float('max', Infinity))]
      : [clipped(n.arg(0), n.args[1] ?? null, n.args[2] ?? null)],
  Cast: n => [to(n.arg(0), n.int('to'))],
  CastLike: n => [cast(n.arg(0), n.arg(1).type.dtype)],
  Elu: n => [act.elu(n.arg(0), n.float('alpha', 1))],
  Celu: n => [act.celu(n.arg(0), n.float('alpha', 1))],
  Selu: selu,
  LeakyRelu: n => [act.leakyRelu(n.arg(0), n.float('alpha', 0.01))],
  PRelu: prelu,
  HardSigmoid: hardSigmoid,
  ThresholdedRelu: n => [select(gt(n.arg(0), n.float('alpha', 1)), n.arg(0), 0)],
  Shrink: shrink,
}
