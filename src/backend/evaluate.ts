/** Eager evaluation: one expression, its inputs by name, through the same compiler and kernels as a training step. */
import * as E from '#fp/Either.js'
import type { Expr } from '../graph/Expr.js'
import * as Program from '../graph/Program.js'
import { show } from '../graph/settings.js'
import type { DType } from '../shape/DType.js'
import { type ShapeError, shapeError } from '../shape/ShapeError.js'
import { resolveShape, resolveType, showType, sizeOf } from '../shape/TensorType.js'
import { type Machine, machine } from './machine.js'
import { type Bits, isWord, viewsOf, writeNumbers } from './numbers.js'

/** A tensor on the host, row-major. */
export interface Tensor {
  readonly shape: readonly number[]
  readonly values: Bits
}

/** The first value that is no element of the type, or -1; a bool is any number. */
const oddValue = (dtype: DType, given: ArrayLike<number>): number =>
  Array.prototype.findIndex.call(given, dtype === 'i32' ? v => !isWord(v) : v => typeof v !== 'number')

const misfit = (program: Program.Program, inputs: Readonly<Record<string, ArrayLike<number>>>, rows: number) => {
  if (!Number.isInteger(rows) || rows < 0)
    return shapeError('evaluate', `the number of rows must be a whole number, but it is ${rows}`)
  for (const { expr } of program.nodes) {
    if (expr._tag !== 'Param' && expr._tag !== 'Input') continue
    const type = resolveType(expr.type, rows)
    const given = Object.hasOwn(inputs, expr.name) ? inputs[expr.name] : undefined
    if (!given) return shapeError('evaluate', `"${expr.name}" needs ${showType(type)}, but is not given`)
    if (given.length !== sizeOf(type.shape))
      return shapeError('evaluate', `"${expr.name}" needs ${showType(type)}, but ${given.length} values are given`)
    const odd = oddValue(type.dtype, given)
    if (odd >= 0)
      return shapeError('evaluate', `"${expr.name}" needs ${showType(type)}, but value ${odd} is ${show(given[odd])}`)
  }
  return null
}

/**
 * The values of expressions. Parameters and inputs are given by name, row-major; `rows` is the number of rows where the
 * expressions leave it open.
 */
export const evaluateAll = (
  exprs: readonly Expr[],
  inputs: Readonly<Record<string, ArrayLike<number>>> = {},
  rows = 1,
): E.Either<ShapeError, readonly Tensor[]> => {
  const program = Program.of(exprs)
  if (E.isLeft(program)) return program
  const wrong = misfit(program.right, inputs, rows)
  if (wrong) return E.left(wrong)
  const params = program.right.nodes.flatMap(({ expr }) => (expr._tag === 'Param' ? [expr] : []))
  const results = Object.fromEntries(exprs.map((e, i) => [`${i}`, e]))
  const made = machine({ rows, state: params, programs: { evaluate: { results, updates: {} } } })
  return E.map((m: Machine) => {
    const block = new Uint8Array(m.stateBytes)
    const views = viewsOf(block.buffer)
    for (const p of params) {
      const at = m.slots.get(p.name)?.offset ?? 0
      writeNumbers(views, { at, type: p.type }, inputs[p.name] as ArrayLike<number>)
    }
    m.writeState(block)
    const values = m.run('evaluate', rows, inputs)
    return exprs.map((e, i) => ({ shape: resolveShape(e.type.shape, rows), values: values[`${i}`] as Bits }))
  })(made)
}

/** The value of one expression. */
export const evaluate = (
  expr: Expr,
  inputs: Readonly<Record<string, ArrayLike<number>>> = {},
  rows = 1,
): E.Either<ShapeError, Tensor> =>
  E.map((all: readonly Tensor[]) => all[0] as Tensor)(evaluateAll([expr], inputs, rows))
