/** Kernels against the float64 reference evaluator, and against themselves: the same bits for the same row. */
import * as E from '#fp/Either.js'
import { evaluateAll, type Tensor } from '../backend/evaluate.js'
import { evaluate } from '../backend/reference.js'
import type { Expr } from '../graph/Expr.js'
import * as Program from '../graph/Program.js'
import { resolveShape, sizeOf } from '../shape/TensorType.js'
import { type Checked, every, fault, orFault, passed, place } from './Fault.js'
import type { Values } from './values.js'

/** Expressions by the names under which faults call them. */
export type Named = Readonly<Record<string, Expr>>

export interface KernelOptions {
  readonly values: Values
  readonly rows?: number
  /** error allowed, relative to the largest element of the tensor, and at least to 1; default 1e-5 */
  readonly tolerance?: number
}

/** A mask is 1 or 0 to the reference, and all ones or zeros as bits. */
const truth = (dtype: string, v: number): number => (dtype === 'bool' ? Number(v !== 0) : v)

/** Whether kernels compute what the references of the operations say, for values that float32 holds. */
export const checkKernels = (
  path: string,
  named: Named,
  { values, rows = 1, tolerance = 1e-5 }: KernelOptions,
): Checked => {
  const exprs = Object.values(named)
  const masks = Program.of(exprs)
  if (E.isLeft(masks)) return orFault(path)(masks)
  const isMask = new Set(
    masks.right.nodes.flatMap(({ expr }) =>
      (expr._tag === 'Input' || expr._tag === 'Param') && expr.type.dtype === 'bool' ? [expr.name] : [],
    ),
  )
  const truths = Object.fromEntries(
    Object.entries(values).map(([name, v]) => [name, isMask.has(name) ? Array.from(v, x => truth('bool', x)) : v]),
  )
  const expected = orFault(path)(evaluate(exprs, truths, rows))
  if (E.isLeft(expected)) return expected
  const actual = orFault(path)(evaluateAll(exprs, values, rows))
  if (E.isLeft(actual)) return actual
  return every(Object.keys(named).entries(), ([k, name]): Checked => {
    const a: ArrayLike<number> = actual.right[k]?.values ?? []
    const e = expected.right[k]?.values ?? new Float64Array(0)
    const { dtype, shape } = (exprs[k] as Expr).type
    if (a.length !== e.length) return fault(`${path} ${name}`, `the kernels give ${a.length} values, not ${e.length}`)
    const size = e.reduce((m, v) => (Number.isFinite(v) ? Math.max(m, Math.abs(v)) : m), 1)
    const bad = e.findIndex((v, i) => {
      const x = truth(dtype, a[i] as number)
      return !(Object.is(x, v) || x === v || Math.abs(x - v) <= tolerance * size)
    })
    return bad < 0
      ? passed
      : fault(
          `${path} ${name}`,
          `element ${place(bad, resolveShape(shape, rows))} of ${rows} rows is ${a[bad]} by the kernels, but ${e[bad]} by the reference`,
        )
  })
}

/** Rows `from` to `to` of the values that have rows. */
const cut = (values: Values, widths: ReadonlyMap<string, number>, from: number, to: number): Values =>
  Object.fromEntries(
    Object.entries(values).map(([name, v]) => {
      const width = widths.get(name)
      return [name, width === undefined ? v : Array.prototype.slice.call(v, from * width, to * width)]
    }),
  )

/** How the rows of a batch are cut: each alone, and in two parts. */
const parts = (rows: number): readonly (readonly [number, number])[] => {
  const third = Math.floor(rows / 3)
  return [...Array.from({ length: rows }, (_, i) => [i, i + 1] as const), [0, third], [third, rows]]
}

/**
 * Whether each row of a result depends on nothing but its own row of the inputs, to the bit, whatever rows it comes
 * with. What the expression takes with rows, it must take as its first axis.
 */
export const checkRows = (path: string, result: Expr, values: Values, rows: number): Checked => {
  const program = orFault(path)(Program.of([result]))
  if (E.isLeft(program)) return program
  const widths = new Map(
    program.right.nodes.flatMap(({ expr }) =>
      expr._tag === 'Input' && expr.type.shape[0] === -1
        ? [[expr.name, sizeOf(expr.type.shape.slice(1))] as const]
        : [],
    ),
  )
  const run = (from: number, to: number) =>
    orFault(path)(evaluateAll([result], cut(values, widths, from, to), to - from))
  const all = run(0, rows)
  if (E.isLeft(all)) return all
  const [{ values: whole }] = all.right as readonly [Tensor]
  const inner = result.type.shape.slice(1)
  const width = sizeOf(inner)
  return every(parts(rows), ([from, to]): Checked => {
    const part = run(from, to)
    if (E.isLeft(part)) return part
    const [{ values: some }] = part.right as readonly [Tensor]
    const bad = some.findIndex((v, i) => !Object.is(v, whole[from * width + i]))
    if (bad < 0) return passed
    const row = from + Math.floor(bad / width)
    return fault(
      path,
      `row ${row}, element ${place(bad % width, inner)}, is ${some[bad]} among ${to - from} of its rows and ` +
        `${whole[from * width + bad]} among ${rows}: in a model each row must stand by itself`,
    )
  })
}

/** The first line in which two programs differ, which were made in the same way. */
export const checkSame = (path: string, first: readonly Expr[], second: readonly Expr[]): Checked => {
  const [a, b] = [orFault(path)(Program.of(first)), orFault(path)(Program.of(second))]
  if (E.isLeft(a)) return a
  if (E.isLeft(b)) return b
  const [x, y] = [a.right, b.right].map(p => Program.print(p).split('\n')) as [string[], string[]]
  const i = x.findIndex((line, k) => line !== y[k])
  return i < 0 && x.length === y.length
    ? passed
    : fault(
        path,
        `its meaning changes from one call to the next, from "${x[i]}" to "${y[i]}": it must depend on its arguments alone`,
      )
}
