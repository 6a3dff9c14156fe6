/**
 * Epilogues: the elementwise regions that read what a product computes, and a pool behind them, run on each part of the
 * product's result as soon as it is there, while it lies in the cache. The bits stay the same.
 *
 * A row of the result is its last axis. A region joins where it reads the result at the place of each of its elements, in
 * whole rows, reduces over no more than those, and what else it reads is there before the product; a pool, where its
 * windows lie side by side, ends the epilogue. A region that reads a parameter may well make its new value, in its place:
 * it overtakes no other reader.
 */
import type { Node, Program } from '../graph/Program.js'
import { sizeOf } from '../shape/TensorType.js'
import { type Operand, type Region, reads, type Single, type Unit, writes } from './Unit.js'

type Part = Region | Single

const lowerOf = ({ expr }: Node) => (expr._tag === 'Apply' ? expr.op.lower : null)

/** The node whose values an alias stands for. */
const rootOf = ({ nodes }: Program, node: number): number => {
  let i = node
  while (lowerOf(nodes[i] as Node)?._tag === 'Alias') i = (nodes[i] as Node).args[0] as number
  return i
}

/** Whether a region reads an operand at the place of each of its elements. */
const inPlace = ({ lanes, stays }: Operand): boolean => lanes === 'vector' && !stays

/** Whether a region reads what is inside at the place of each of its elements, in whole rows. */
const joins = (program: Program, region: Region, inside: ReadonlySet<number>, size: number, row: number): boolean => {
  if (region.reductions.length > 0 && region.over === 'outer') return false
  if (!region.inputs.every(o => inPlace(o) || !inside.has(rootOf(program, o.node)))) return false
  return region.outer * region.inner === size && (region.outer === 1 || region.inner % row === 0)
}

/** The parameters that a region may write the new value of over the old one. */
const renewed = ({ nodes }: Program, { inputs }: Region): readonly number[] =>
  inputs.flatMap(o => (inPlace(o) && (nodes[o.node] as Node).expr._tag === 'Param' ? [o.node] : []))

/** The units, those that can follow a product in its epilogue moved to it. */
export const withEpilogues = (program: Program, units: readonly Unit[]): readonly Unit[] => {
  const { nodes } = program
  const at = new Map(units.flatMap((u, k) => writes(u).map(node => [node, k] as const)))
  const read = units.map(u => [...new Set(reads(program, u).map(node => rootOf(program, node)))])
  const readers = new Map<number, number[]>()
  const readersOf = (node: number): readonly number[] => readers.get(node) ?? []
  read.forEach((from, k) => {
    for (const node of from) {
      const known = readers.get(node)
      if (known) known.push(k)
      else readers.set(node, [k])
    }
  })
  const taken = new Set<number>()
  const ends = ({ node }: Single): boolean => {
    const lower = lowerOf(nodes[node] as Node)
    return lower?._tag === 'Kernel' && lower.epilogue === 'ends'
  }
  const lead = (head: Part, k: number): Unit => {
    const lower = head._tag === 'Single' ? lowerOf(nodes[head.node] as Node) : null
    if (head._tag !== 'Single' || lower?._tag !== 'Kernel' || lower.epilogue !== 'leads') return head
    const { shape } = (nodes[head.node] as Node).expr.type
    const [size, row] = [sizeOf(shape), shape[shape.length - 1] as number]
    const inside = new Set([head.node])
    const led: Part[] = [head]
    const before = (node: number): boolean => inside.has(node) || (at.get(node) ?? -1) < k
    /** Whether one between the product and a region is still to read what the region may write over. */
    const overtakes = (region: Region, i: number): boolean =>
      renewed(program, region).some(node => readersOf(node).some(j => k < j && j < i && !taken.has(j)))
    const follows = (unit: Unit, i: number): unit is Part => {
      if (unit._tag === 'Led' || !(read[i] as readonly number[]).every(before)) return false
      if (unit._tag === 'Single') return ends(unit)
      return joins(program, unit, inside, size, row) && !overtakes(unit, i)
    }
    const later = [...readersOf(head.node)] // local mutation: the readers of what is inside, in order
    for (let n = 0; n < later.length; n++) {
      const i = later[n] as number
      const unit = units[i] as Unit
      if (taken.has(i) || !follows(unit, i)) continue
      taken.add(i)
      led.push(unit)
      if (unit._tag === 'Single') break
      for (const node of writes(unit)) inside.add(node)
      later.push(...writes(unit).flatMap(readersOf))
      later.sort((a, b) => a - b)
    }
    return led.length === 1 ? head : { _tag: 'Led', units: led }
  }
  return units.flatMap((unit, k) => {
    if (taken.has(k)) return []
    return unit._tag === 'Led' ? [unit] : [lead(unit, k)]
  })
}
