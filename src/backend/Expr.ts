/**
 * Expressions, as users write them: constructors, operations, composites, gradients and their evaluation.
 *
 *     const x = Expr.input('x', Expr.f32(3))
 *     const y = Expr.sum(Expr.mul(x, x))
 *     Expr.evaluate(y, { x: [1, 2, 3] })          // Right({ shape: [], values: [14] })
 */
import { type TensorType, tensorType } from '../shape/TensorType.js'

export { constant, type Expr, input, param, tensor } from '../graph/Expr.js'
export { of as program, print, verify } from '../graph/Program.js'
export { abs, add, clamp, div, floor, maximum, minimum, mul, neg, sign, sub } from '../op/arithmetic.js'
export { depthToSpace, reorg, spaceToDepth } from '../op/blocks.js'
export { broadcastTo, reshape, sum } from '../op/broadcast.js'
export * from '../op/composite.js'
export { conv2d, convTranspose2d } from '../op/conv.js'
export { gather, iota, oneHot, scatterAdd } from '../op/gather.js'
export { identity } from '../op/identity.js'
export { resize2d, upsample2d } from '../op/interpolate.js'
export { erf, exp, expm1, log, log1p, logistic, pow, rsqrt, sqrt, tanh } from '../op/math.js'
export { matmul } from '../op/matmul.js'
export { padBy } from '../op/padBy.js'
export { averagePool2d, maxPool2d } from '../op/pool.js'
export { normal, truncatedNormal, uniform } from '../op/random.js'
export { argmax, extent, max, mean } from '../op/reduce.js'
export { and, cast, eq, ge, gt, le, lt, ne, not, or, select } from '../op/select.js'
export { stopGradient } from '../op/stop.js'
export { concat, pad, slice, squeeze, transpose } from '../op/window.js'
export { grad } from '../transform/Grad.js'
export { evaluate, evaluateAll, type Tensor } from './evaluate.js'
/** The same in float64, slow and obviously right: what the kernels are tested against. */
export { evaluate as reference } from './reference.js'

/** The type of an f32 tensor; a dimension of -1 is the number of rows, known when the expression is evaluated. */
export const f32 = (...shape: readonly number[]): TensorType => tensorType('f32', shape)

/** The type of an i32 tensor. */
export const i32 = (...shape: readonly number[]): TensorType => tensorType('i32', shape)
