/**
 * What is the same in every run is computed once: the largest subexpressions of parameters and constants alone become
 * parameters of their own. The bits of the results stay the same.
 */
import { apply, type Expr, param } from '../graph/Expr.js'
import type { Node, Program } from '../graph/Program.js'
import { fixedNodes } from './fixed.js'

export interface Hoisted {
  /** the outputs over what was computed once */
  readonly outputs: readonly Expr[]
  /** what is computed once, by the name of the parameter that stands for it */
  readonly once: Readonly<Record<string, Expr>>
}

/**
 * Names for the parameters that stand for hoisted nodes: a number, and the first variable that a node depends on, for the
 * reader. No path of a variable begins with a slash.
 */
const namesOf = (nodes: Program['nodes'], hoisted: readonly number[]): ReadonlyMap<number, string> => {
  const first: string[] = []
  for (const { expr, args } of nodes)
    first.push(expr._tag === 'Param' ? expr.name : (args.map(a => first[a]).find(Boolean) ?? ''))
  return new Map(hoisted.map((i, k) => [i, `/once/${k}/${first[i]}`]))
}

const isView = ({ expr }: Node): boolean =>
  expr._tag === 'Apply' && (expr.op.lower._tag === 'Alias' || expr.op.lower._tag === 'Broadcast')

/** Views are left where they are read: they cost nothing there, and would take memory as values. */
export const hoist = ({ nodes, outputs }: Program): Hoisted => {
  const fixed = fixedNodes({ nodes, outputs })
  const cut = new Set<number>()
  const reach = (from: number): void => {
    let i = from
    while (fixed[i] && isView(nodes[i] as Node)) i = (nodes[i] as Node).args[0] as number
    if (fixed[i] && nodes[i]?.expr._tag === 'Apply') cut.add(i)
  }
  outputs.forEach(reach)
  nodes.forEach((n, i) => {
    if (!fixed[i]) n.args.forEach(reach)
  })
  const order = [...cut].sort((a, b) => a - b)
  const names = namesOf(nodes, order)
  const done: Expr[] = []
  nodes.forEach(({ expr, args }, i) => {
    const name = names.get(i)
    if (name !== undefined) done.push(param(name, expr.type))
    else if (expr._tag !== 'Apply') done.push(expr)
    else
      done.push(
        apply(
          expr.op,
          args.map(a => done[a] as Expr),
          expr.attrs,
        ),
      )
  })
  return {
    outputs: outputs.map(o => done[o] as Expr),
    once: Object.fromEntries(order.map(i => [names.get(i) as string, (nodes[i] as Node).expr])),
  }
}
