/** Comparisons, selection by a mask, boolean operations and casts. Masks carry no gradient. */
import { constant, type Expr, invalid, type Operand } from '../graph/Expr.js'
import type { Op } from '../graph/Op.js'
import type { DType } from '../shape/DType.js'
import { filledWith } from './broadcast.js'
import { defineElementwise, elementwise } from './define.js'

// --- cast -------------------------------------------------------------------------------------------------------------
const castOp = (from: DType, to: DType, reference: (x: number) => number): Op => ({
  ...defineElementwise(`cast_${from}`, {
    arity: 1,
    dtypes: [from],
    gives: to,
    vjp: ({ g }) => [from === 'f32' || from === 'f64' ? cast(g, from) : null],
    reference,
    domain: [-40, 40],
  }),
  name: `cast_${from}_${to}`,
  lower: { _tag: 'Elementwise', fn: () => `cast_${from}_${to}` },
})

const truth = (x: number): number => (x !== 0 ? 1 : 0)
const same = (x: number): number => x

const casts: Readonly<Record<string, Op>> = {
  f32_i32: castOp('f32', 'i32', Math.trunc),
  i32_f32: castOp('i32', 'f32', same),
  bool_f32: castOp('bool', 'f32', truth),
  bool_i32: castOp('bool', 'i32', truth),
  f32_bool: castOp('f32', 'bool', truth),
  i32_bool: castOp('i32', 'bool', truth),
  f64_f32: castOp('f64', 'f32', same),
  f32_f64: castOp('f32', 'f64', same),
  f64_i32: castOp('f64', 'i32', Math.trunc),
  i32_f64: castOp('i32', 'f64', same),
}

/** The same value under another dtype: f32 to i32 truncates and saturates (NaN gives 0), bool is 0 or 1. */
export const cast = (x: Expr, to: DType): Expr => {
  if (x._tag === 'Invalid' || x.type.dtype === to) return x
  const op = casts[`${x.type.dtype}_${to}`]
  if (op) return elementwise(op, [x])
  const known = casts[`${x.type.dtype}_f32`] && casts[`f32_${to}`]
  return known ? cast(cast(x, 'f32'), to) : invalid('cast', `${x.type.dtype} cannot be cast to ${to}`)
}

// --- comparison -------------------------------------------------------------------------------------------------------
const comparison = (name: string, reference: (a: number, b: number) => boolean): Op =>
  defineElementwise(name, {
    arity: 2,
    dtypes: ['f32', 'i32', 'f64'],
    gives: 'bool',
    vjp: null,
    reference: (a, b) => (reference(a, b) ? 1 : 0),
    domain: [-3, 3],
  })

const eqOp = comparison('eq', (a, b) => a === b)
const neOp = comparison('ne', (a, b) => a !== b)
const ltOp = comparison('lt', (a, b) => a < b)
const leOp = comparison('le', (a, b) => a <= b)
const gtOp = comparison('gt', (a, b) => a > b)
const geOp = comparison('ge', (a, b) => a >= b)

const compare =
  (op: Op) =>
  (a: Operand, b: Operand): Expr =>
    elementwise(op, [a, b], cast)

/** a = b as a mask; any comparison with NaN is false, except ne. */
export const eq = compare(eqOp)
/** a != b as a mask; true if either is NaN. */
export const ne = compare(neOp)
/** a < b as a mask. */
export const lt = compare(ltOp)
/** a <= b as a mask. */
export const le = compare(leOp)
/** a > b as a mask. */
export const gt = compare(gtOp)
/** a >= b as a mask. */
export const ge = compare(geOp)

// --- masks ------------------------------------------------------------------------------------------------------------
const andOp = defineElementwise('and', {
  arity: 2,
  dtypes: ['bool'],
  vjp: null,
  reference: (a, b) => (a && b ? 1 : 0),
})
const orOp = defineElementwise('or', { arity: 2, dtypes: ['bool'], vjp: null, reference: (a, b) => (a || b ? 1 : 0) })
const notOp = defineElementwise('not', { arity: 1, dtypes: ['bool'], vjp: null, reference: a => (a ? 0 : 1) })

/** Both masks. */
export const and = (a: Expr, b: Expr): Expr => elementwise(andOp, [a, b])
/** Either mask, or both. */
export const or = (a: Expr, b: Expr): Expr => elementwise(orOp, [a, b])
/** The other elements than the mask's. */
export const not = (a: Expr): Expr => elementwise(notOp, [a])

/**
 * The mask of a selection's gradient. Where x <= c is replaced by c (or x >= c), the result is at most c just where x is:
 * its values, which others read, too, tell that as well as a mask as large, kept beside them.
 */
const gradientMask = ([mask, a, b]: readonly Expr[], out: Expr): Expr | null => {
  if (mask?._tag !== 'Apply' || (mask.op !== leOp && mask.op !== geOp)) return mask ?? null
  const [x, c] = mask.args
  const bound = c && filledWith(c)
  const bounds = x === b && typeof bound === 'number' && a && filledWith(a) === bound
  return bounds ? compare(mask.op)(out, bound) : mask
}

const selectOp: Op = {
  ...defineElementwise('select', {
    arity: 3,
    dtypes: ['f32', 'i32', 'bool', 'f64'],
    takes: value => ['bool', value, value],
    vjp: ({ args, out, g }) => {
      const mask = gradientMask(args, out)
      return mask ? [null, select(mask, g, 0), select(mask, 0, g)] : []
    },
    reference: (mask, a, b) => (mask ? a : b) as number,
  }),
  lower: { _tag: 'Elementwise', fn: ({ args }) => (args[1]?.dtype === 'f64' ? 'select_f64' : 'select_32') },
}

/** mask ? a : b, element by element; f32 where both are numbers. */
export const select = (mask: Expr, a: Operand, b: Operand): Expr =>
  elementwise(selectOp, [mask, typeof a === 'number' && typeof b === 'number' ? constant(a) : a, b], cast)

export const selectionOps: readonly Op[] = [
  ...Object.values(casts),
  ...[eqOp, neOp, ltOp, leOp, gtOp, geOp, andOp, orOp, notOp, selectOp],
]
