/** The laws of operations: of one of the table, and of a function made of them. */
import { apply, constant, type Expr, input } from '../graph/Expr.js'
import type { Op, Sample } from '../graph/Op.js'
import type { Shape } from '../shape/Dims.js'
import { showType, sizeOf, type TensorType, tensorType } from '../shape/TensorType.js'
import { type Checked, every, fault, inOrder, passed } from './Fault.js'
import { checkGradients } from './gradient.js'
import { checkKernels, checkSame } from './kernels.js'
import { type Domain, fill, isReal, type Leaf, type Values } from './values.js'

export interface FunctionOptions extends Domain {
  readonly order?: 1 | 2
  readonly tolerance?: number
  readonly seed?: number
}

const leaf = (i: number, type: TensorType): Leaf => input(`x${i}`, type) as Leaf

const valuesOf = (xs: readonly Leaf[], seed: number, where: Domain): Values =>
  Object.fromEntries(xs.map(x => [x.name, fill(x, 1, seed, where)]))

/**
 * Whether a function of expressions is pure, computed by the kernels as by the reference, and has the gradients of
 * finite differences, of first and second order, for f32 arguments `x0`, `x1`, ... of these shapes.
 *
 *     orThrow(checkFunction('gelu', x => Expr.gelu(x), [[3, 5]]))
 */
export const checkFunction = <const S extends readonly Shape[]>(
  name: string,
  f: (...x: { -readonly [k in keyof S]: Expr }) => Expr,
  shapes: S,
  { order = 2, tolerance = 1e-5, seed = 0, ...where }: FunctionOptions = {},
): Checked => {
  const xs = shapes.map((shape, i) => leaf(i, tensorType('f32', shape)))
  const values = valuesOf(xs, seed, where)
  const again = () => f(...(xs as { -readonly [k in keyof S]: Expr }))
  const y = again()
  return inOrder(
    () => (y._tag === 'Invalid' ? fault(name, `${y.error.path}: ${y.error.message}`) : passed),
    () => checkSame(name, [y], [again()]),
    () => checkKernels(name, { result: y }, { values, tolerance }),
    () => checkGradients(name, [y], { values, order, seed }),
  )
}

const differentiable = (t: TensorType): boolean =>
  isReal(constant(0, t.dtype)) && sizeOf(t.shape) > 0 && sizeOf(t.shape) < 100

/**
 * Whether an operation keeps its laws over all of its samples: the shape rule accepts them, the kernel gives what the
 * reference gives, and the gradient is that of finite differences, twice.
 */
export const checkOp = (op: Op, { order = 2, tolerance = 2e-6, seed = 0 }: FunctionOptions = {}): Checked => {
  const samples = op.samples()
  if (samples.length === 0) return fault(op.name, 'it has no samples to be checked with')
  const one = ({ args, attrs = {}, ...where }: Sample): Checked => {
    const xs = args.map((type, i) => leaf(i, type))
    const y = apply(op, xs, attrs)
    const path = `${op.name} of ${args.map(showType).join(' and ') || 'nothing'}`
    if (y._tag === 'Invalid') return fault(path, y.error.message)
    const values = valuesOf(xs, seed, where)
    const smooth = op.vjp !== null && isReal(y) && args.some(differentiable)
    const small = args.every(t => sizeOf(t.shape) > 0 && sizeOf(t.shape) < 100)
    return inOrder(
      () => checkKernels(path, { result: y }, { values, tolerance }),
      () => (smooth && small ? checkGradients(path, [y], { values, order, seed }) : passed),
    )
  }
  return every(samples, one)
}
