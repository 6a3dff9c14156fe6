/**
 * A program: expressions in an order in which they can be computed, each once.
 *
 * `Program.of` walks the expressions iteratively, in post-order, with value numbering: equal subexpressions become one
 * node, so let-sharing and common subexpressions cost nothing, and a net of any depth fits.
 */
import * as E from '#fp/Either.js'
import { type ShapeError, shapeError } from '../shape/ShapeError.js'
import { sameType, showType, typeFault } from '../shape/TensorType.js'
import type { Expr } from './Expr.js'
import type { Op } from './Op.js'

/** `expr.args` are nodes of this program; `args` their positions, all smaller than this node's. */
export interface Node {
  readonly expr: Exclude<Expr, { readonly _tag: 'Invalid' }>
  readonly args: readonly number[]
}

export interface Program {
  readonly nodes: readonly Node[]
  readonly outputs: readonly number[]
}

const showNumber = (v: number): string => (Object.is(v, -0) ? '-0' : `${v}`)

type Numbered = { readonly key: string; readonly clash: string | null }

/** Gives equal expressions equal keys. Local mutation: the tables grow during one walk. */
const numbering = () => {
  const ops = new Map<Op, number>()
  const leaves = new Map<string, Expr>()
  return (expr: Node['expr'], args: readonly number[]): Numbered => {
    switch (expr._tag) {
      case 'Const':
        return { key: `c ${showType(expr.type)} ${expr.values.map(showNumber).join(' ')}`, clash: null }
      case 'Apply': {
        const id = ops.get(expr.op) ?? ops.size
        ops.set(expr.op, id)
        return { key: `a ${id} ${JSON.stringify(expr.attrs)} ${args.join(' ')}`, clash: null }
      }
      default: {
        const key = `${expr._tag} ${expr.name}`
        const known = leaves.get(key)
        leaves.set(key, expr)
        const clash =
          known && !sameType(known.type, expr.type)
            ? `"${expr.name}" is used as ${showType(known.type)} and as ${showType(expr.type)}`
            : null
        return { key, clash }
      }
    }
  }
}

/** The nodes that `exprs` need, in order, each once; or the first error among them. */
export const of = (exprs: readonly Expr[]): E.Either<ShapeError, Program> => {
  const nodes: Node[] = []
  const byKey = new Map<string, number>()
  const done = new Map<Expr, number>()
  const keyOf = numbering()
  const stack: { readonly expr: Expr; readonly ready: boolean }[] = []
  for (const root of exprs) {
    stack.push({ expr: root, ready: false })
    for (let top = stack.pop(); top; top = stack.pop()) {
      const { expr, ready } = top
      if (done.has(expr)) continue
      if (expr._tag === 'Invalid') return E.left(expr.error)
      const fault = typeFault(expr.type)
      if (fault) return E.left(shapeError(expr._tag === 'Apply' ? expr.op.name : 'Program', fault))
      if (expr._tag === 'Apply' && !ready) {
        stack.push({ expr, ready: true })
        for (let i = expr.args.length - 1; i >= 0; i--) stack.push({ expr: expr.args[i] as Expr, ready: false })
        continue
      }
      const args = expr._tag === 'Apply' ? expr.args.map(a => done.get(a) as number) : []
      const { key, clash } = keyOf(expr, args)
      if (clash) return E.left(shapeError('Program', clash))
      const known = byKey.get(key)
      if (known === undefined) {
        byKey.set(key, nodes.length)
        done.set(expr, nodes.length)
        const shared = expr._tag === 'Apply' ? { ...expr, args: args.map(i => (nodes[i] as Node).expr) } : expr
        nodes.push({ expr: shared, args })
      } else done.set(expr, known)
    }
  }
  return E.right({ nodes, outputs: exprs.map(e => done.get(e) as number) })
}

/** The outputs as expressions again, with all that is equal shared. */
export const outputs = (program: Program): readonly Node['expr'][] =>
  program.outputs.map(i => (program.nodes[i] as Node).expr)

export const showAttrs = (attrs: object): string => {
  const text = Object.entries(attrs).map(([k, v]) => `${k}=${Array.isArray(v) ? `[${v.join(',')}]` : v}`)
  return text.length ? ` {${text.join(' ')}}` : ''
}

/** One line a node: `%3 = matmul(%0, %1) : f32[rows, 10]`. */
export const print = (program: Program): string =>
  [
    ...program.nodes.map(({ expr, args }, i) => {
      const right =
        expr._tag === 'Apply'
          ? `${expr.op.name}(${args.map(a => `%${a}`).join(', ')})${showAttrs(expr.attrs)}`
          : expr._tag === 'Const'
            ? `const ${expr.values.slice(0, 8).map(showNumber).join(' ')}${expr.values.length > 8 ? ' ...' : ''}`
            : `${expr._tag.toLowerCase()} ${expr.name}`
      return `%${i} = ${right} : ${showType(expr.type)}`
    }),
    `return ${program.outputs.map(i => `%${i}`).join(', ')}`,
  ].join('\n')

/** Checks what every transform must keep: order, types by the shape rules, no node twice, outputs in range. */
export const verify = (program: Program): E.Either<ShapeError, Program> => {
  const fail = (i: number, message: string) => E.left(shapeError(`%${i}`, message))
  const keyOf = numbering()
  const seen = new Set<string>()
  for (const [i, { expr, args }] of program.nodes.entries()) {
    if (args.some(a => a < 0 || a >= i)) return fail(i, 'an argument stands after its use')
    const { key, clash } = keyOf(expr, args)
    if (clash) return fail(i, clash)
    if (seen.has(key)) return fail(i, 'the same expression stands twice')
    seen.add(key)
    const fault = typeFault(expr.type)
    if (fault) return fail(i, fault)
    if (expr._tag !== 'Apply') continue
    const types = args.map(a => (program.nodes[a] as Node).expr.type)
    const type = expr.op.type({ attrs: expr.attrs, args: types })
    if (E.isLeft(type)) return fail(i, `${expr.op.name}: ${type.left}`)
    if (!sameType(type.right, expr.type))
      return fail(i, `${expr.op.name} gives ${showType(type.right)}, not ${showType(expr.type)}`)
  }
  const lost = program.outputs.findIndex(o => o < 0 || o >= program.nodes.length)
  return lost < 0 ? E.right(program) : fail(lost, 'an output is not a node')
}
