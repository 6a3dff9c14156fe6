/**
 * Orthogonal matrices, uniform over all of them (Haar), from normal draws and matrix products only (Stewart 1980): what
 * the QR factorization of a normal matrix gives, but without its sequential steps.
 *
 * For independent normal vectors v_j, zero above their j-th element, let H_j be the reflection that takes v_j to its
 * j-th axis, and s_j the sign of v_jj. Then Q = H_1 ... H_n diag(-s). With w_j = v_j + s_j |v_j| e_j, scaled to length
 * sqrt 2, the columns of W, the product is I - W T W^t (Schreiber & Van Loan 1989) where T is the inverse of I + N and N
 * the part of W^t W above its diagonal. N is nilpotent, so
 *
 *     T = (I + M) (I + M^2) (I + M^4) ...,  M = -N,  until the power reaches n.
 *
 * Last, a step of Newton and Schulz, Q (3 I - Q^t Q) / 2, squares what rounding has left of Q^t Q - I.
 */
import type { Expr } from '../graph/Expr.js'
import { abs, add, div, mul, neg, sub } from '../op/arithmetic.js'
import { reshape, sum } from '../op/broadcast.js'
import { iota } from '../op/gather.js'
import { sqrt } from '../op/math.js'
import { matmul } from '../op/matmul.js'
import { cast, eq, ge, lt, select } from '../op/select.js'
import { slice } from '../op/window.js'

/** a^t b */
const inner = (a: Expr, b: Expr): Expr => matmul(a, b, { a: true })

/** Row and column numbers, to be compared. */
const rows = (m: number): Expr => reshape(iota(m), [m, 1])
const columns = (n: number): Expr => reshape(iota(n), [1, n])

/** 1 on the diagonal, 0 elsewhere, [m, n]. */
export const eye = (m: number, n: number): Expr => cast(eq(rows(m), columns(n)), 'f32')

/** The inverse of I - M for a strictly triangular M [n, n]. */
const inverse = (m: Expr, n: number): Expr => {
  let power = m
  let total = add(eye(n, n), m)
  for (let k = 2; k < n; k *= 2) {
    power = matmul(power, power)
    total = add(total, matmul(total, power))
  }
  return total
}

/** From independent normal elements [m, n], m >= n, a matrix with Q^t Q = I to 1e-5, uniform over all such matrices. */
export const orthonormal = (normal: Expr): Expr => {
  const [m = 0, n = 0] = normal.type.shape
  const diagonal = eq(rows(m), columns(n))
  const v = select(ge(rows(m), columns(n)), normal, 0)
  const length = sqrt(sum(mul(v, v), [0], true))
  const first = sum(select(diagonal, v, 0), [0], true)
  const sign = select(lt(first, 0), -1, 1)
  const reflected = add(v, select(diagonal, mul(sign, length), 0))
  const w = div(reflected, sqrt(mul(length, add(length, abs(first)))))
  const above = select(lt(rows(n), columns(n)), inner(w, w), 0)
  const top = slice(w, [0, 0], [n, n])
  const q = sub(eye(m, n), matmul(w, matmul(inverse(neg(above), n), top, { b: true })))
  const signed = mul(q, neg(sign))
  return sub(mul(signed, 1.5), matmul(mul(signed, 0.5), inner(signed, signed)))
}
