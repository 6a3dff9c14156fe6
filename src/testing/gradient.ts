/**
 * Gradients against finite differences in the float64 reference evaluator, of first and second order, in the manner of
 * HIPS/autograd's `check_grads`: along random directions, and where one disagrees, element by element to name it.
 *
 * Slopes are central differences of fourth order with step h = 1e-4. They are trusted where a step of 2e-5 gives the
 * same; where it does not there is a kink near, and another direction is drawn.
 *
 * A `stopGradient` is an identity to a finite difference: leave what it shields out of `wrt`.
 */
import * as E from '#fp/Either.js'
import { evaluate } from '../backend/reference.js'
import { type Expr, input } from '../graph/Expr.js'
import * as Program from '../graph/Program.js'
import { add, mul } from '../op/arithmetic.js'
import { sum } from '../op/broadcast.js'
import { cast } from '../op/select.js'
import { resolveShape } from '../shape/TensorType.js'
import { grad } from '../transform/Grad.js'
import { type Checked, type Fault, fault, orFault, passed, place } from './Fault.js'
import { draw, isReal, type Leaf, leavesOf, type Values, weightOf } from './values.js'

export interface GradientOptions {
  /** values of all parameters and inputs, at which the gradient is taken */
  readonly values: Values
  /** rows, where the expression leaves them open; default 3 */
  readonly rows?: number
  /** names of the parameters and inputs to differentiate by; default all real ones */
  readonly wrt?: readonly string[]
  /** 1 or 2; default 2 */
  readonly order?: 1 | 2
  /** error allowed, relative to the size of the gradient; default 1e-6 */
  readonly tolerance?: number
  readonly seed?: number
}

const [wide, narrow] = [1e-4, 2e-5]
const directions = 3
const tries = 12

/** sum(y weight) over all results: a scalar in which each element counts. */
const weighed = (results: readonly Expr[]): readonly [loss: Expr, weights: readonly Leaf[]] => {
  const weights = results.map((y, i) => weightOf(`${i}`, { ...y.type, dtype: 'f32' }))
  const terms = results.map((y, i) => sum(mul(cast(y, 'f32'), weights[i] as Leaf)))
  return [terms.reduce((a, b) => add(a, b)), weights]
}

type Direction = ReadonlyMap<string, ArrayLike<number>>

/** The loss as a function of a step along a direction. */
const along = (loss: Expr, values: Values, direction: Direction, rows: number) => {
  const at = (h: number): number => {
    const moved = Array.from(direction, ([name, d]) => {
      const from = values[name] ?? []
      return [name, Float64Array.from(from, (v, i) => v + h * (d[i] as number))] as const
    })
    const result = evaluate([loss], { ...values, ...Object.fromEntries(moved) }, rows)
    return E.isRight(result) ? (result.right[0]?.values[0] ?? Number.NaN) : Number.NaN
  }
  return (h: number): number => (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)
}

const close = (a: number, b: number, allowed: number): boolean => a === b || Math.abs(a - b) <= allowed

interface Side {
  readonly name: string
  readonly values: Float64Array
  readonly leaf: Leaf
}

/** A gradient and the losses whose slopes it should be. */
interface Subject {
  readonly loss: Expr
  readonly sides: readonly Side[]
  readonly values: Values
  readonly rows: number
  readonly tolerance: number
  readonly order: number
}

const orders = ['', 'first', 'second'] as const

/** The first element whose slope is not its gradient. */
const culprit = ({ loss, sides, values, rows, tolerance, order }: Subject, path: string): Checked => {
  for (const { name, values: g, leaf } of sides)
    for (let i = 0; i < g.length; i++) {
      const unit = new Map([[name, Float64Array.from(g, (_, k) => (k === i ? 1 : 0))]])
      const slope = along(loss, values, unit, rows)
      const [a, b] = [slope(wide), slope(narrow)]
      const allowed = tolerance * Math.max(1, Math.abs(a))
      if (!close(a, b, 100 * allowed) || close(g[i] as number, a, 2 * allowed)) continue
      const at = place(i, resolveShape(leaf.type.shape, rows))
      return fault(
        `${path} ${name}`,
        `${orders[order]} order: the gradient of element ${at} is ${g[i]}, but by finite differences it is ${a}`,
      )
    }
  return passed
}

const checkSubject = (s: Subject, path: string, seed: number): Checked => {
  const { loss, sides, values, rows, tolerance, order } = s
  const broken = sides.find(({ values: g }) => !g.every(Number.isFinite))
  if (broken) {
    const i = broken.values.findIndex(v => !Number.isFinite(v))
    const at = place(i, resolveShape(broken.leaf.type.shape, rows))
    return fault(
      `${path} ${broken.name}`,
      `${orders[order]} order: the gradient of element ${at} is ${broken.values[i]}`,
    )
  }
  let smooth = 0
  for (let k = 0; k < tries && smooth < directions; k++) {
    const direction = new Map(
      sides.map(({ name, values: g }) => [name, draw(g.length, seed + k, `${path} ${name}`, { domain: [-1, 1] })]),
    )
    const terms = sides.flatMap(({ name, values: g }) => Array.from(g, (v, i) => v * (direction.get(name)?.[i] ?? 0)))
    const product = terms.reduce((a, b) => a + b, 0)
    const size = terms.reduce((a, b) => a + Math.abs(b), 0)
    const slope = along(loss, values, direction, rows)
    const [a, b] = [slope(wide), slope(narrow)]
    const allowed = tolerance * Math.max(1, size)
    if (!close(a, b, 100 * allowed)) continue
    smooth++
    if (close(product, a, allowed)) continue
    const named = culprit(s, path)
    return E.isLeft(named)
      ? named
      : fault(path, `${orders[order]} order: along a direction the gradient is ${product}, by finite differences ${a}`)
  }
  return smooth > 0
    ? passed
    : fault(path, 'no smooth point was found: choose a domain, or points to avoid, that keep away from its kinks')
}

const sidesOf = (
  gradients: readonly Expr[],
  leaves: readonly Leaf[],
  values: Values,
  rows: number,
): E.Either<Fault, readonly Side[]> =>
  E.map((all: readonly { readonly values: Float64Array }[]) =>
    leaves.map((leaf, i): Side => ({ name: leaf.name, leaf, values: all[i]?.values ?? new Float64Array(0) })),
  )(orFault('gradient')(evaluate(gradients, values, rows)))

/** Whether the gradients of expressions are what finite differences say; `path` is how a fault calls them. */
export const checkGradients = (
  path: string,
  exprs: readonly Expr[],
  { values, rows = 3, wrt, order = 2, tolerance = 1e-6, seed = 0 }: GradientOptions,
): Checked => {
  const results = exprs.filter(isReal)
  const program = orFault(path)(Program.of(results))
  if (E.isLeft(program)) return program
  const leaves = leavesOf(program.right).filter(l => isReal(l) && (wrt?.includes(l.name) ?? true))
  const missing = wrt?.find(name => !leaves.some(l => l.name === name))
  if (missing !== undefined) return fault(path, `"${missing}" is no real parameter or input of it`)
  if (leaves.length === 0) return passed
  const [loss, weights] = weighed(results)
  const bound: Values = {
    ...values,
    ...Object.fromEntries(
      weights.map(w => {
        const n = resolveShape(w.type.shape, rows).reduce((a, b) => a * b, 1)
        return [w.name, draw(n, seed, w.name, { domain: [0.5, 1.5] })]
      }),
    ),
  }
  let objective = loss
  let named = bound
  for (const now of order === 1 ? [1] : [1, 2]) {
    const derived = orFault(path)(grad(objective, leaves))
    if (E.isLeft(derived)) return derived
    const { gradients } = derived.right
    const sides = sidesOf(gradients, leaves, named, rows)
    if (E.isLeft(sides)) return sides
    const found = checkSubject(
      { loss: objective, sides: sides.right, values: named, rows, tolerance, order: now },
      path,
      seed,
    )
    if (E.isLeft(found)) return found
    // the product of the gradient with a direction, whose gradient is of second order
    const turns = leaves.map(l => input(`/direction ${l.name}`, l.type))
    named = {
      ...named,
      ...Object.fromEntries(
        sides.right.map(({ name, values: g }) => [`/direction ${name}`, draw(g.length, seed, `/direction ${name}`)]),
      ),
    }
    objective = gradients.map((g, i) => sum(cast(mul(g, turns[i] as Expr), 'f32'))).reduce((a, b) => add(a, b))
  }
  return passed
}
