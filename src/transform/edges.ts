/**
 * What stands at the edges of a region: broadcasts that it reads in place, and reductions that its loop takes on its way.
 * Both must agree on where a row of the loop begins: the split of the region's axes.
 */
import type { Node, Program } from '../graph/Program.js'
import { sumOp } from '../op/broadcast.js'
import { maxOp } from '../op/reduce.js'
import { sizeOf } from '../shape/TensorType.js'
import type { Reduced, Region } from './Unit.js'

/** A reduction of a region's step over the axes before or behind a split of them. */
export interface Edge {
  readonly kind: Reduced['kind']
  readonly from: number
  readonly node: number
  readonly over: Region['over']
  readonly split: number
}

/** Whether rows of so many elements are worth a loop of their own. */
const wide = (inner: number): boolean => inner < 0 || inner >= 16 || (inner > 1 && inner % 4 === 0)

/**
 * The reductions of a node that one loop can take. A sum over leading axes has another order where it leaves one number,
 * so it must leave several, whatever the rows.
 */
export const edgesOf = (program: Program, users: readonly number[], from: number): readonly Edge[] =>
  users.flatMap((node): Edge[] => {
    const { expr } = program.nodes[node] as Node
    if (expr._tag !== 'Apply') return []
    const kind = expr.op === sumOp ? 'sum' : expr.op === maxOp ? 'max' : null
    if (!kind) return []
    const axes = expr.attrs['axes'] as readonly number[]
    const shape = (program.nodes[from] as Node).expr.type.shape
    const behind = shape.length - axes.length
    if (axes.every((a, i) => a === behind + i)) return [{ kind, from, node, over: 'inner', split: behind }]
    const inner = sizeOf(shape.slice(axes.length))
    return axes.every((a, i) => a === i) && inner > 1 && wide(inner)
      ? [{ kind, from, node, over: 'outer', split: axes.length }]
      : []
  })

/** The reductions that the loop of a region takes, all the same way: those over its rows if there are any. */
export const edgesAt = (edges: readonly Edge[], shape: readonly number[], split: number | null): readonly Edge[] => {
  const before = (k: number): number => sizeOf(shape.slice(0, k))
  const fits = (e: Edge): boolean =>
    split === null ? before(e.split) === 1 || wide(sizeOf(shape.slice(e.split))) : before(e.split) === before(split)
  const fitting = edges.filter(fits)
  const first = fitting.find(e => e.over === 'outer') ?? fitting[0]
  return first ? fitting.filter(e => e.over === first.over && before(e.split) === before(first.split)) : []
}

/** How a broadcast source lies in the region's space: the number of leading axes it is repeated over, or has. */
export type Fit = { readonly kind: 'splat' } | { readonly kind: 'inner' | 'outer'; readonly split: number }

export const fitOf = (from: readonly number[], shape: readonly number[]): Fit | null => {
  const has = shape.flatMap((d, i) => (d === 1 ? [] : [(from[from.length - shape.length + i] ?? 1) === d]))
  if (!has.includes(true)) return { kind: 'splat' }
  const edge = has.findIndex((h, i) => i > 0 && h !== has[i - 1])
  if (edge < 0 || has.findIndex((h, i) => i > edge && h !== has[edge]) >= 0) return null
  const split = shape.findIndex((_, i) => shape.slice(0, i + 1).filter(d => d !== 1).length > edge)
  return { kind: has[0] ? 'outer' : 'inner', split }
}
