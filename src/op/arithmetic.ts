/** Arithmetic, element by element, with NumPy's broadcasting. */
import type { Expr, Operand } from '../graph/Expr.js'
import type { Op } from '../graph/Op.js'
import { defineElementwise, elementwise } from './define.js'
import { and, cast, eq, ge, gt, le, lt, select } from './select.js'

const numbers = ['f32', 'i32', 'f64'] as const
const reals = ['f32', 'f64'] as const

const unary =
  (op: Op) =>
  (x: Operand): Expr =>
    elementwise(op, [x], cast)
const binary =
  (op: Op) =>
  (a: Operand, b: Operand): Expr =>
    elementwise(op, [a, b], cast)

/** The gradient of the operand that won; half of it each at a tie. */
const won = (wins: Expr, a: Expr, b: Expr, g: Expr): Expr => select(wins, g, select(eq(a, b), mul(g, 0.5), 0))

const negOp = defineElementwise('neg', {
  arity: 1,
  dtypes: numbers,
  vjp: ({ g }) => [neg(g)],
  reference: x => -x,
})
const addOp = defineElementwise('add', {
  arity: 2,
  dtypes: numbers,
  vjp: ({ g }) => [g, g],
  reference: (a, b) => a + b,
})
const subOp = defineElementwise('sub', {
  arity: 2,
  dtypes: numbers,
  vjp: ({ g }) => [g, neg(g)],
  reference: (a, b) => a - b,
})
const mulOp = defineElementwise('mul', {
  arity: 2,
  dtypes: numbers,
  vjp: ({ args: [a, b], g }) => (a && b ? [mul(g, b), mul(g, a)] : [null, null]),
  reference: (a, b) => a * b,
})
const divOp = defineElementwise('div', {
  arity: 2,
  dtypes: reals,
  vjp: ({ args: [, b], out, g }) => (b ? [div(g, b), neg(div(mul(g, out), b))] : [null, null]),
  reference: (a, b) => a / b,
  domain: [0.5, 4],
})
const maximumOp = defineElementwise('maximum', {
  arity: 2,
  dtypes: numbers,
  vjp: ({ args: [a, b], g }) => (a && b ? [won(gt(a, b), a, b, g), won(gt(b, a), a, b, g)] : [null, null]),
  reference: Math.max,
})
const minimumOp = defineElementwise('minimum', {
  arity: 2,
  dtypes: numbers,
  vjp: ({ args: [a, b], g }) => (a && b ? [won(lt(a, b), a, b, g), won(lt(b, a), a, b, g)] : [null, null]),
  reference: Math.min,
})
const clampOp = defineElementwise('clamp', {
  arity: 3,
  dtypes: reals,
  vjp: ({ args: [x, low, high], g }) =>
    x && low && high
      ? [
          select(and(ge(x, low), le(x, high)), g, 0),
          select(and(lt(x, low), le(low, high)), g, 0),
          select(gt(maximum(x, low), high), g, 0),
        ]
      : [],
  reference: (x, low, high) => Math.min(Math.max(x, low as number), high as number),
})
const absOp = defineElementwise('abs', {
  arity: 1,
  dtypes: numbers,
  vjp: ({ args: [x], g }) => [x ? mul(g, sign(x)) : null],
  reference: Math.abs,
  avoid: [0],
})
const signOp = defineElementwise('sign', {
  arity: 1,
  dtypes: reals,
  vjp: null,
  reference: Math.sign,
})
const floorOp = defineElementwise('floor', {
  arity: 1,
  dtypes: reals,
  vjp: null,
  reference: Math.floor,
})

/** -x */
export const neg = unary(negOp)
/** a + b */
export const add = binary(addOp)
/** a - b */
export const sub = binary(subOp)
/** a b */
export const mul = binary(mulOp)
/** a / b as IEEE says: x/0 is an infinity, 0/0 NaN. */
export const div = binary(divOp)
/** The larger; NaN if either is NaN. A tie shares the gradient equally. */
export const maximum = binary(maximumOp)
/** The smaller; NaN if either is NaN. A tie shares the gradient equally. */
export const minimum = binary(minimumOp)
/** min(max(x, low), high); the gradient of x is 1 within and at the bounds, 0 outside. */
export const clamp = (x: Operand, low: Operand, high: Operand): Expr => elementwise(clampOp, [x, low, high], cast)
/** |x|, with gradient 0 at 0. */
export const abs = unary(absOp)
/** -1, 0 or 1; no gradient. */
export const sign = unary(signOp)
/** The largest integer not above x; no gradient. */
export const floor = unary(floorOp)

export const arithmeticOps: readonly Op[] = [
  ...[negOp, addOp, subOp, mulOp, divOp, maximumOp, minimumOp, clampOp, absOp, signOp, floorOp],
]
