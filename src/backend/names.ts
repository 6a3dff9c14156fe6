/**
 * What the values of a program are called in generated text. Leaves keep their names; a result its own; the new value of
 * a slot is `next_` and the slot; any other value the scope that it was computed in last, its operation and its number in
 * the program (`dense_1_matmul_12`), as `Program.print` counts.
 */
import type { Program } from '../graph/Program.js'
import { showType } from '../shape/TensorType.js'
import type { Wanted } from './spec.js'

/** A name as an identifier. */
export const identifier = (name: string): string => {
  const text = name.replace(/[^A-Za-z0-9]+/g, '_').replace(/^_+|_+$/g, '')
  return /^[A-Za-z]/.test(text) ? text : `x${text && `_${text}`}`
}

/** Six digits say which constant it is. */
const constantName = (values: readonly number[], type: string): string =>
  values.length === 1
    ? `c_${`${Number(values[0]?.toPrecision(6))}`.replace('-', 'minus_').replace(/[^A-Za-z0-9]+/g, '_')}`
    : `c_${identifier(type)}`

/** What generated text says otherwise: words of the language, variables of a region's loops, elementwise functions. */
const reserved =
  /^(a|c|inner|whole|rest|rows|record|left|chunk|room|stride|stop|lines|(total|part)\d+(_\d)?|reduced\d+|[pdqr]\d+|abstract|as|async|await|bool|break|case|catch|class|const|constructor|continue|declare|default|delete|do|else|enum|export|extends|false|finally|for|from|function|get|if|implements|import|in|infer|instanceof|interface|is|keyof|let|module|namespace|new|null|number|of|package|private|protected|public|readonly|return|set|static|string|super|switch|symbol|this|throw|true|try|type|typeof|undefined|unmanaged|var|void|while|with|yield|load|store|storeLanes|sumLanes|maxLanes|min|max|Infinity|run|[iuf](8|16|32|64)|[iu]size|v128|\w+_(f32|f64|i32|bool|32))$/

/** A name for every node, each once. */
export const namesOf = (program: Program, { results, updates }: Wanted): readonly string[] => {
  const wanted = new Map<number, string>()
  ;[...Object.keys(results), ...Object.keys(updates).map(slot => `next_${slot}`)].forEach((name, i) => {
    const node = program.outputs[i] as number
    if (!wanted.has(node)) wanted.set(node, name)
  })
  const scopes: string[] = []
  const taken = new Set<string>()
  return program.nodes.map(({ expr, args }, i) => {
    const own = expr._tag === 'Param' ? expr.name.split('/').slice(0, -1).join('/') : ''
    scopes.push(own || (scopes[Math.max(...args)] ?? ''))
    const called =
      expr._tag === 'Param' || expr._tag === 'Input'
        ? identifier(expr.name)
        : expr._tag === 'Const'
          ? constantName(expr.values, showType(expr.type))
          : identifier(wanted.get(i) ?? `${scopes[i]}_${expr.op.name}_${i}`)
    const name = taken.has(called) || reserved.test(called) ? `${called}_${i}_` : called
    taken.add(name)
    return name
  })
}
