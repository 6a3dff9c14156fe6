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
    const name = taken.has(called) ? `${called}_${i}` : called
    taken.add(name)
    return name
  })
}
