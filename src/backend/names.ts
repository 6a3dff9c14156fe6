/**
 * What the values of a program are called in generated text. Leaves keep their names; a result its own; the new value of
 * a slot is `next_` and the slot; any other value the layer that it belongs to, its operation and its number in the
 * program (`dense1_matmul_12`). Its layer is that of variables among what it is computed from, otherwise that of the
 * latest of it; but an elementwise operation for updates only meets a gradient that comes through the layer above, so it
 * belongs to the earliest layer. What is f64 belongs to the whole: schedules, norms, counts.
 */
import type { Param } from '../graph/Expr.js'
import type { Node, Program } from '../graph/Program.js'
import { showType, type TensorType } from '../shape/TensorType.js'
import { rootsOf } from './plan.js'
import type { Wanted } from './spec.js'

/** A name as an identifier; without a `$`, which generated text puts before what it adds. */
export const identifier = (name: string): string => {
  const text = name.replace(/[^A-Za-z0-9]+/g, '_').replace(/^_+|_+$/g, '')
  return /^[A-Za-z]/.test(text) ? text : `x${text && `_${text}`}`
}

/** Six digits say which constant it is, and its type where that is not f32. */
const constantName = (values: readonly number[], { dtype, shape }: TensorType): string =>
  values.length === 1
    ? `c_${`${Number(values[0]?.toPrecision(6))}`.replace('-', 'minus_').replace(/[^A-Za-z0-9]+/g, '_')}${dtype === 'f32' ? '' : `_${dtype}`}`
    : `c_${identifier(showType({ dtype, shape }))}`

/** What generated text says otherwise: words of the language, variables of a region's loops, elementwise functions. */
const reserved =
  /^(a|c|inner|whole|rest|rows|record|left|chunk|room|stride|stop|lines|(total|part)\d+(_\d)?|reduced\d+|[pdqr]\d+|abstract|as|async|await|bool|break|case|catch|class|const|constructor|continue|debugger|declare|default|delete|do|else|enum|export|extends|false|finally|for|from|function|get|if|implements|import|in|infer|instanceof|interface|is|keyof|let|module|namespace|new|null|number|of|override|package|private|protected|public|readonly|return|set|static|string|super|switch|symbol|this|throw|true|try|type|typeof|undefined|unmanaged|var|void|while|with|yield|load|store|storeLanes|sumLanes|maxLanes|min|max|Infinity|run|[iuf](8|16|32|64)|[iu]size|v128|[if]\d+x\d+|select_32|\w+_(f32|f64|i32|bool))$/

/** Whose a slot is: `dense1` for its weights or its key, also where they are computed once. */
const scopeOf = ({ name, type }: Param): string =>
  type.dtype === 'i32' ? name.replace(/^key\//, '') : name.replace(/^\/once\/\d+\//, '').replace(/\/?[^/]*$/, '')

/** What a node is called if nothing else is; an operation as it is wished. */
const nameOf = ({ expr }: Node, wish: string): string =>
  expr._tag === 'Const' ? constantName(expr.values, expr.type) : identifier(expr._tag === 'Apply' ? wish : expr.name)

/** A name for every node, each once; but what an operation only views goes by the name of what it is. */
export const namesOf = (program: Program, { results, updates }: Wanted): readonly string[] => {
  const { nodes, outputs } = program
  const roots = rootsOf(program)
  const wanted = new Map<number, string>()
  const wishes = [...Object.keys(results), ...Object.keys(updates).map(slot => `next_${slot}`)]
  wishes.forEach((name, i) => {
    const node = roots[outputs[i] as number] as number
    if (!wanted.has(node)) wanted.set(node, name)
  })
  const lastOfResults = Math.max(...outputs.slice(0, Object.keys(results).length))
  const scopes: string[] = []
  const first = new Map<string, number>()
  const scopeFrom = ({ expr, args }: Node): string => {
    if (expr.type.dtype === 'f64') return ''
    const from = args.map(a => roots[a] as number).filter(a => scopes[a])
    const variables = from.filter(a => nodes[a]?.expr._tag === 'Param')
    const backwards = scopes.length > lastOfResults && expr._tag === 'Apply' && expr.op.lower._tag === 'Elementwise'
    if (variables.length > 0 || !backwards) return scopes[Math.max(...(variables.length > 0 ? variables : from))] ?? ''
    return scopes[Math.min(...from.map(a => first.get(scopes[a] as string) as number))] ?? ''
  }
  const taken = new Set<string>()
  const names: string[] = []
  for (const [i, node] of nodes.entries()) {
    const { expr } = node
    const scope = expr._tag === 'Param' ? scopeOf(expr) : scopeFrom(node)
    scopes.push(scope)
    if (!first.has(scope)) first.set(scope, i)
    if (roots[i] !== i) {
      names.push(names[roots[i] as number] as string)
      continue
    }
    const called = nameOf(node, wanted.get(i) ?? `${scope}_${expr._tag === 'Apply' ? expr.op.name : ''}_${i}`)
    const clashes = taken.has(called) || (expr._tag !== 'Const' && reserved.test(called))
    names.push(clashes ? `${called}_${i}_` : called)
    taken.add(names[i] as string)
  }
  return names
}
