/**
 * Epilogues: the elementwise regions that read what a product computes, and a pool behind them, run on each part of the
 * product's result as soon as it is there, while it lies in the cache. The bits stay the same.
 *
 * A row of the result is its last axis. A region joins where it reads the result at the place of each of its elements, in
 * whole rows, and what else it reads is there before the product; a pool, where its windows lie side by side, ends the
 * epilogue.
 */
import type { Node, Program } from '../graph/Program.js'
import { sizeOf } from '../shape/TensorType.js'
import { type Region, reads, type Single, type Unit, writes } from './Unit.js'

type Part = Region | Single

const lowerOf = ({ expr }: Node) => (expr._tag === 'Apply' ? expr.op.lower : null)

/** The node whose values an alias stands for. */
const rootOf = ({ nodes }: Program, node: number): number => {
  let i = node
  while (lowerOf(nodes[i] as Node)?._tag === 'Alias') i = (nodes[i] as Node).args[0] as number
  return i
}

/** Whether a region reads what is inside at the place of each of its elements, in whole rows. */
const joins = (program: Program, region: Region, inside: ReadonlySet<number>, size: number, row: number): boolean => {
  const inPlace = region.inputs.every(
    ({ node, lanes, stays }) => !inside.has(rootOf(program, node)) || (lanes === 'vector' && !stays),
  )
  if (region.sums.length > 0) return false
  return inPlace && region.outer * region.inner === size && (region.outer === 1 || region.inner % row === 0)
}

/** The units, those that can follow a product in its epilogue moved to it. */
export const withEpilogues = (program: Program, units: readonly Unit[]): readonly Unit[] => {
  const { nodes } = program
  const at = new Map(units.flatMap((u, k) => writes(u).map(node => [node, k] as const)))
  const read = units.map(u => reads(program, u).map(node => rootOf(program, node)))
  const taken = new Set<number>()
  const lead = (head: Part, k: number): Unit => {
    const lower = head._tag === 'Single' ? lowerOf(nodes[head.node] as Node) : null
    if (head._tag !== 'Single' || lower?._tag !== 'Kernel' || lower.epilogue !== 'leads') return head
    const { shape } = (nodes[head.node] as Node).expr.type
    const [size, row] = [sizeOf(shape), shape[shape.length - 1] as number]
    const inside = new Set([head.node])
    const led: Part[] = [head]
    const before = (node: number): boolean => inside.has(node) || (at.get(node) ?? -1) < k
    for (let i = k + 1; i < units.length; i++) {
      const unit = units[i] as Unit
      const from = read[i] as readonly number[]
      if (unit._tag === 'Led' || taken.has(i) || !from.some(r => inside.has(r)) || !from.every(before)) continue
      const kernel = unit._tag === 'Single' ? lowerOf(nodes[unit.node] as Node) : null
      const ends = kernel?._tag === 'Kernel' && kernel.epilogue === 'ends'
      if (!ends && !(unit._tag === 'Region' && joins(program, unit, inside, size, row))) continue
      taken.add(i)
      led.push(unit)
      if (ends) break
      for (const node of writes(unit)) inside.add(node)
    }
    return led.length === 1 ? head : { _tag: 'Led', units: led }
  }
  return units.flatMap((unit, k) => {
    if (taken.has(k)) return []
    return unit._tag === 'Led' ? [unit] : [lead(unit, k)]
  })
}
