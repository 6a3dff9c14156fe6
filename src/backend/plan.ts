/**
 * The plan of a program: every buffer at a fixed offset, every step a kernel with an argument record.
 *
 * Offsets are planned once, for the largest number of rows; the words of the records are written anew for any smaller
 * number (see encode.ts), so one plan serves every batch size. Buffers whose lifetimes do not overlap share memory; a region may write
 * over an operand it is the last to read; a new value of the state is written over the old one as soon as nothing reads
 * the old one any more, and is copied there at the end otherwise.
 */
import type { Lowered } from '../graph/Op.js'
import type { Node, Program } from '../graph/Program.js'
import { byteSize, resolveType } from '../shape/TensorType.js'
import { partsOf, reads, type Unit, writes } from '../transform/Unit.js'
import { reductionScratch } from './region.js'

/** Where a buffer lies: a section of memory and an offset in it, in bytes. */
export interface Place {
  readonly section: 'state' | 'inputs' | 'consts' | 'arena' | 'scratch'
  readonly offset: number
}

export interface Layout {
  /** where the leaves lie, by name */
  readonly state: ReadonlyMap<string, number>
  readonly inputs: ReadonlyMap<string, number>
  /** where a constant lies; the same place for equal constants */
  readonly constant: (node: Node) => number
}

export interface Wanted {
  /** nodes to be found after the run */
  readonly results: readonly number[]
  /** the node of a state slot's new value, by the slot's name */
  readonly updates: ReadonlyMap<string, number>
}

export interface Plan {
  readonly program: Program
  readonly units: readonly Unit[]
  readonly places: ReadonlyMap<number, Place>
  /** copies that end the program: from a node's place to another */
  readonly copies: readonly { readonly node: number; readonly from: Place; readonly to: Place }[]
  readonly results: readonly Place[]
  /** products that nothing reads but what they lead, and whose place nothing else takes meanwhile */
  readonly passing: ReadonlySet<number>
  readonly arenaBytes: number
  readonly scratchBytes: number
}

const align = (bytes: number): number => Math.ceil(bytes / 64) * 64

/** First fit over the free gaps of a growing arena. */
const allocator = () => {
  let top = 0
  let gaps: { from: number; to: number }[] = []
  return {
    take: (bytes: number): number => {
      const need = align(Math.max(bytes, 4))
      const gap = gaps.find(g => g.to - g.from >= need)
      if (gap) {
        const at = gap.from
        gap.from += need
        gaps = gaps.filter(g => g.to > g.from)
        return at
      }
      const last = gaps.find(g => g.to === top)
      const at = last ? last.from : top
      gaps = gaps.filter(g => g !== last)
      top = at + need
      return at
    },
    give: (at: number, bytes: number): void => {
      const free = { from: at, to: at + align(Math.max(bytes, 4)) }
      const before = gaps.find(g => g.to === free.from)
      const after = gaps.find(g => g.from === free.to)
      const merged = { from: before?.from ?? free.from, to: after?.to ?? free.to }
      gaps = [...gaps.filter(g => g !== before && g !== after), merged].sort((a, b) => a.from - b.from)
    },
    top: () => top,
  }
}

const isAlias = ({ expr }: Node): boolean => expr._tag === 'Apply' && expr.op.lower._tag === 'Alias'

/** The node whose buffer a node shares: itself, or what an alias stands for. */
export const rootsOf = (program: Program): readonly number[] => {
  const roots: number[] = []
  for (const [i, n] of program.nodes.entries()) roots.push(isAlias(n) ? (roots[n.args[0] as number] as number) : i)
  return roots
}

/** An operation's node with its dimensions resolved; null for a leaf. */
export const lowered = (program: Program, node: number, rows: number): Lowered | null => {
  const { expr } = program.nodes[node] as Node
  if (expr._tag !== 'Apply') return null
  return {
    attrs: expr.attrs,
    args: expr.args.map(a => resolveType(a.type, rows)),
    out: resolveType(expr.type, rows),
    rows,
  }
}

/** Bytes for the records of an epilogue, behind the scratch memory of its product. */
export const epilogueBytes = 256

/** Bytes of scratch memory. */
export const scratchOf = (program: Program, unit: Unit, rows: number): number => {
  if (unit._tag === 'Led')
    return unit.units.reduce((n, u, i) => Math.max(n, scratchOf(program, u, rows) + (i === 0 ? epilogueBytes : 0)), 0)
  if (unit._tag === 'Region') return reductionScratch(unit, rows)
  const { expr } = program.nodes[unit.node] as Node
  const c = lowered(program, unit.node, rows)
  return c && expr._tag === 'Apply' && expr.op.lower._tag === 'Kernel' ? align(expr.op.lower.scratch?.(c) ?? 0) : 0
}

export const plan = (program: Program, units: readonly Unit[], layout: Layout, wanted: Wanted, rows: number): Plan => {
  const roots = rootsOf(program)
  const rootOf = (node: number): number => roots[node] as number
  const typeOf = (node: number) => (program.nodes[node] as Node).expr.type
  const bytes = (node: number): number => byteSize(typeOf(node), rows)
  const isLeaf = (node: number): boolean => (program.nodes[rootOf(node)] as Node).expr._tag !== 'Apply'
  const end = units.length

  const places = new Map<number, Place>()
  program.nodes.forEach((n, i) => {
    const { expr } = n
    if (expr._tag === 'Param') places.set(i, { section: 'state', offset: layout.state.get(expr.name) ?? -1 })
    if (expr._tag === 'Input') places.set(i, { section: 'inputs', offset: layout.inputs.get(expr.name) ?? -1 })
    if (expr._tag === 'Const') places.set(i, { section: 'consts', offset: layout.constant(n) })
  })
  const paramNode = new Map(
    program.nodes.flatMap(({ expr }, i) => (expr._tag === 'Param' ? [[expr.name, i] as const] : [])),
  )

  const lastRead = new Map<number, number>()
  units.forEach((u, k) => {
    for (const r of reads(program, u)) lastRead.set(rootOf(r), k)
  })
  for (const r of wanted.results) lastRead.set(rootOf(r), end)
  const slotsOf = new Map<number, string[]>()
  for (const [slot, node] of wanted.updates) {
    const root = rootOf(node)
    slotsOf.set(root, [...(slotsOf.get(root) ?? []), slot])
    if (isLeaf(node) && root !== paramNode.get(slot)) lastRead.set(root, end)
  }

  /** A unit may write over an operand if it reads it at the place where it writes, and no other part of a whole does. */
  const overwritable = (whole: Unit, unit: Unit, node: number, size: number): boolean => {
    if (unit._tag !== 'Region') return false
    if (partsOf(whole).some(u => u !== unit && reads(program, u).some(r => rootOf(r) === node))) return false
    const uses = unit.inputs.filter(i => rootOf(i.node) === node)
    return uses.every(i => i.lanes === 'vector' && !i.stays) && bytes(node) === size
  }
  /** The slot that a node's value can be written to at once. */
  const slotFor = (whole: Unit, unit: Unit, k: number, node: number): string | undefined => {
    const [slot, other] = slotsOf.get(node) ?? []
    if (slot === undefined || other !== undefined) return undefined
    const old = paramNode.get(slot)
    const last = old === undefined ? -1 : (lastRead.get(old) ?? -1)
    return last < k || (last === k && overwritable(whole, unit, old as number, bytes(node))) ? slot : undefined
  }

  const arena = allocator()
  const homes = new Map<number, number>()
  const inSlot = new Set<string>()
  const passing = new Set<number>()
  let scratchBytes = 0
  units.forEach((whole, k) => {
    scratchBytes = Math.max(scratchBytes, scratchOf(program, whole, rows))
    const ends = (r: number): boolean => homes.has(r) && (lastRead.get(r) ?? k) === k
    for (const unit of partsOf(whole))
      for (const node of writes(unit)) {
        const dying = reads(program, unit).map(rootOf).filter(ends)
        const slot = slotFor(whole, unit, k, node)
        if (slot !== undefined) {
          inSlot.add(slot)
          places.set(node, { section: 'state', offset: layout.state.get(slot) ?? -1 })
          continue
        }
        if (slotsOf.has(node)) lastRead.set(node, end)
        const heir = dying.find(r => overwritable(whole, unit, r, bytes(node)))
        const at = heir !== undefined ? (homes.get(heir) as number) : arena.take(bytes(node))
        if (heir !== undefined) homes.delete(heir)
        homes.set(node, at)
        places.set(node, { section: 'arena', offset: at })
      }
    const [head] = whole._tag === 'Led' ? writes(whole.units[0] as Unit) : []
    if (head !== undefined && ends(head)) passing.add(head)
    for (const r of new Set([...reads(program, whole).map(rootOf), ...writes(whole)])) {
      if (!ends(r)) continue
      arena.give(homes.get(r) as number, bytes(r))
      homes.delete(r)
    }
  })

  const placeOf = (node: number): Place => places.get(rootOf(node)) as Place
  const aside = (node: number): { node: number; from: Place; to: Place } => ({
    node,
    from: placeOf(node),
    to: { section: 'arena', offset: arena.take(bytes(node)) },
  })
  const late = [...wanted.updates].filter(([slot, node]) => !inSlot.has(slot) && rootOf(node) !== paramNode.get(slot))
  const first = late.map(([, node]) => (isLeaf(node) ? aside(node) : null))
  const shown = wanted.results.map(node => (isLeaf(node) ? aside(node) : null))
  const last = late.map(([slot, node], i) => ({
    node,
    from: first[i]?.to ?? placeOf(node),
    to: { section: 'state', offset: layout.state.get(slot) ?? -1 } as const,
  }))
  for (const node of program.nodes.keys()) if (places.has(rootOf(node))) places.set(node, placeOf(node))
  return {
    program,
    units,
    places,
    copies: [...first.filter(c => c !== null), ...shown.filter(c => c !== null), ...last],
    results: wanted.results.map((node, i) => shown[i]?.to ?? placeOf(node)),
    passing,
    arenaBytes: arena.top(),
    scratchBytes,
  }
}
