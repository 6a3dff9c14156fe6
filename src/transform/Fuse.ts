/**
 * Fusion: elementwise operations over one index space, with the broadcasts and the sums at their edge, become one region,
 * which a generated kernel runs in one loop with everything in registers.
 *
 * Levels count the operations that end a loop (products, reductions, copies) between a node and the leaves; an
 * elementwise node is moved down to the lowest level of its users. Within a level a path leads only through elementwise
 * operations and broadcasts, and a broadcast only enlarges: so connected nodes of one level and shape never wait for
 * each other through anything else, and a region can always be run as a whole.
 */
import type { Apply } from '../graph/Expr.js'
import type { Node, Program } from '../graph/Program.js'
import { sumOp } from '../op/broadcast.js'
import { sameShape, sizeOf } from '../shape/TensorType.js'

/** A region's operand: `splat` is one value per row of the loop, `vector` one per column; it `stays` or advances by row. */
export interface Operand {
  readonly node: number
  readonly lanes: 'vector' | 'splat'
  readonly stays: boolean
}

/** One step of a region; an argument below `inputs.length` is an operand, others are earlier steps. */
export interface Step {
  readonly fn: string
  readonly args: readonly number[]
  /** the node of the program that this step computes */
  readonly node: number
}

/** The value of a step, as a node of the program; or what is made of it at the region's edge. */
export interface Leaving {
  readonly step: number
  readonly node: number
}

export interface Region {
  readonly _tag: 'Region'
  readonly inputs: readonly Operand[]
  readonly steps: readonly Step[]
  /** the steps whose values leave the region, and the nodes they are */
  readonly outputs: readonly Leaving[]
  /** the steps whose sums leave it, and the nodes of those */
  readonly sums: readonly Leaving[]
  /** what the sums go over: all rows of a column, or all columns of a row */
  readonly over: 'outer' | 'inner'
  /** sizes of the loop, possibly multiples of the rows */
  readonly outer: number
  readonly inner: number
  /** equal for regions that the same kernel can run */
  readonly key: string
}

/** A node run by a kernel of its own. */
export interface Single {
  readonly _tag: 'Single'
  readonly node: number
}

/** A product, and what runs on each part of its result as soon as that is there (see Epilogue.ts). */
export interface Led {
  readonly _tag: 'Led'
  readonly units: readonly (Region | Single)[]
}

export type Unit = Region | Single | Led

const isF64 = ({ expr }: Node): boolean =>
  expr.type.dtype === 'f64' || (expr._tag === 'Apply' && expr.args.some(a => a.type.dtype === 'f64'))
const lowering = ({ expr }: Node): Apply['op']['lower']['_tag'] | null =>
  expr._tag === 'Apply' ? expr.op.lower._tag : null
const isElementwise = (n: Node): boolean => lowering(n) === 'Elementwise' && !isF64(n)
const isBroadcast = (n: Node): boolean => lowering(n) === 'Broadcast'

/** The consumers of every node. */
const users = (program: Program): readonly (readonly number[])[] => {
  const lists = program.nodes.map((): number[] => [])
  program.nodes.forEach((n, i) => {
    for (const a of n.args) lists[a]?.push(i)
  })
  return lists
}

const levelsOf = (program: Program, usersOf: readonly (readonly number[])[]): readonly number[] => {
  const { nodes } = program
  const level = new Array<number>(nodes.length).fill(0)
  const light = nodes.map(n => isElementwise(n) || isBroadcast(n))
  nodes.forEach((n, i) => {
    for (const a of n.args) level[i] = Math.max(level[i] as number, (level[a] as number) + (light[i] ? 0 : 1))
  })
  for (let i = nodes.length - 1; i >= 0; i--) {
    const after = usersOf[i] ?? []
    if (!light[i] || after.length === 0) continue
    level[i] = after.reduce((n, u) => Math.min(n, (level[u] as number) - (light[u] ? 0 : 1)), Infinity)
  }
  return level
}

/** Connected elementwise nodes of one level and shape, as lists of nodes in order. */
const components = (program: Program, levels: readonly number[]): readonly (readonly number[])[] => {
  const parent = program.nodes.map((_, i) => i)
  const find = (i: number): number => {
    let root = i
    while (parent[root] !== root) {
      parent[root] = parent[parent[root] as number] as number
      root = parent[root] as number
    }
    return root
  }
  program.nodes.forEach((n, i) => {
    if (!isElementwise(n)) return
    for (const a of n.args) {
      const arg = program.nodes[a] as Node
      if (isElementwise(arg) && levels[a] === levels[i] && sameShape(arg.expr.type.shape, n.expr.type.shape))
        parent[find(a)] = find(i)
    }
  })
  const groups = new Map<number, number[]>()
  program.nodes.forEach((n, i) => {
    if (!isElementwise(n)) return
    const root = find(i)
    const group = groups.get(root)
    if (group) group.push(i)
    else groups.set(root, [i])
  })
  return [...groups.values()]
}

/** A sum of a region's step over the axes before or behind a split of them. */
interface Edge {
  readonly from: number
  readonly node: number
  readonly over: Region['over']
  readonly split: number
}

/** Whether rows of so many elements are worth a loop of their own. */
const wide = (inner: number): boolean => inner < 0 || inner >= 16 || (inner > 1 && inner % 4 === 0)

/**
 * The sums of a node that one loop can take. A sum over leading axes has another order where it leaves one number, so
 * it must leave several, whatever the rows.
 */
const edgesOf = (program: Program, users: readonly number[], from: number): readonly Edge[] =>
  users.flatMap((node): Edge[] => {
    const { expr } = program.nodes[node] as Node
    if (expr._tag !== 'Apply' || expr.op !== sumOp) return []
    const axes = expr.attrs['axes'] as readonly number[]
    const shape = (program.nodes[from] as Node).expr.type.shape
    const behind = shape.length - axes.length
    if (axes.every((a, i) => a === behind + i)) return [{ from, node, over: 'inner', split: behind }]
    const inner = sizeOf(shape.slice(axes.length))
    return axes.every((a, i) => a === i) && inner > 1 && wide(inner)
      ? [{ from, node, over: 'outer', split: axes.length }]
      : []
  })

/** The sums that the loop of a region takes, all of one kind: those over its rows if there are any. */
const edgesAt = (edges: readonly Edge[], shape: readonly number[], split: number | null): readonly Edge[] => {
  const before = (k: number): number => sizeOf(shape.slice(0, k))
  const fits = (e: Edge): boolean =>
    split === null ? before(e.split) === 1 || wide(sizeOf(shape.slice(e.split))) : before(e.split) === before(split)
  const fitting = edges.filter(fits)
  const first = fitting.find(e => e.over === 'outer') ?? fitting[0]
  return first ? fitting.filter(e => e.over === first.over && before(e.split) === before(first.split)) : []
}

/** How a broadcast source lies in the region's space: the number of leading axes it is repeated over, or has. */
type Fit = { readonly kind: 'splat' } | { readonly kind: 'inner' | 'outer'; readonly split: number }

const fitOf = (from: readonly number[], shape: readonly number[]): Fit | null => {
  const has = shape.flatMap((d, i) => (d === 1 ? [] : [(from[from.length - shape.length + i] ?? 1) === d]))
  if (!has.includes(true)) return { kind: 'splat' }
  const edge = has.findIndex((h, i) => i > 0 && h !== has[i - 1])
  if (edge < 0 || has.findIndex((h, i) => i > edge && h !== has[edge]) >= 0) return null
  const split = shape.findIndex((_, i) => shape.slice(0, i + 1).filter(d => d !== 1).length > edge)
  return { kind: has[0] ? 'outer' : 'inner', split }
}

/** Orders a region's steps by its structure, so that the same region of two programs has the same key. */
const canonical = (
  program: Program,
  members: readonly number[],
  leaving: readonly number[],
  summed: readonly Edge[],
  operandOf: (node: number) => Operand,
) => {
  const inside = new Set(members)
  const tagOf = (o: Operand): string => (o.lanes === 'vector' ? 'v' : 's')
  const fnOf = (i: number): string => {
    const { expr } = program.nodes[i] as Node
    if (expr._tag !== 'Apply' || expr.op.lower._tag !== 'Elementwise') return ''
    return expr.op.lower.fn({ attrs: expr.attrs, args: expr.args.map(a => a.type) })
  }
  const looks = new Map<number, number>()
  const codes = new Map<string, number>()
  const codeOf = (text: string): number => {
    const code = codes.get(text) ?? hashText(text)
    codes.set(text, code)
    return code
  }
  for (const i of members) {
    const args = (program.nodes[i] as Node).args.map(a => looks.get(a) ?? tagOf(operandOf(a)))
    looks.set(i, codeOf(`${fnOf(i)}(${args.join(',')})`))
  }
  const byLooks = (a: number, b: number): number => (looks.get(a) as number) - (looks.get(b) as number) || a - b
  const stored = [...leaving].sort(byLooks)
  const edges = [...summed].sort((a, b) => byLooks(a.from, b.from))
  const roots = [...new Set([...stored, ...edges.map(e => e.from)])]
  const inputs: Operand[] = []
  const steps: { fn: string; args: number[]; node: number }[] = []
  const at = new Map<number, number>()
  const inputAt = (o: Operand): number => {
    const known = inputs.findIndex(x => x.node === o.node && x.lanes === o.lanes && x.stays === o.stays)
    return known >= 0 ? known : inputs.push(o) - 1
  }
  const stack = [...roots].reverse().map(node => ({ node, ready: false }))
  for (let top = stack.pop(); top; top = stack.pop()) {
    const { node, ready } = top
    if (at.has(node)) continue
    const { args } = program.nodes[node] as Node
    if (!ready) {
      stack.push({ node, ready: true })
      for (const a of [...args].reverse()) if (inside.has(a)) stack.push({ node: a, ready: false })
      continue
    }
    at.set(node, steps.length)
    steps.push({
      fn: fnOf(node),
      args: args.map(a => (inside.has(a) ? -1 - (at.get(a) as number) : inputAt(operandOf(a)))),
      node,
    })
  }
  const shifted = steps.map(({ fn, args, node }) => ({
    fn,
    node,
    args: args.map(a => (a < 0 ? inputs.length - 1 - a : a)),
  }))
  const outputs = stored.map(node => ({ step: at.get(node) as number, node }))
  const sums = edges.map(({ from, node }) => ({ step: at.get(from) as number, node }))
  const over = edges[0]?.over ?? 'outer'
  const key = regionKey(inputs, shifted, outputs, { sums, over })
  return { inputs, steps: shifted, outputs, sums, over, key }
}

const none = { sums: [], over: 'outer' } as const

/**
 * `vs|mul_f32(0,1)|2`: operands, steps, leaving steps; and, if there are any, those whose sums leave, behind what the
 * sums go over (`|inner 0`).
 */
export const regionKey = (
  inputs: readonly Pick<Operand, 'lanes'>[],
  steps: readonly Omit<Step, 'node'>[],
  outputs: readonly Pick<Leaving, 'step'>[],
  { sums, over }: { readonly sums: readonly Pick<Leaving, 'step'>[]; readonly over: Region['over'] } = none,
): string =>
  [
    inputs.map(i => (i.lanes === 'vector' ? 'v' : 's')).join(''),
    steps.map(s => `${s.fn}(${s.args.join(',')})`).join(';'),
    outputs.map(o => o.step).join(','),
    ...(sums.length > 0 ? [`${over} ${sums.map(o => o.step).join(',')}`] : []),
  ].join('|')

/** FNV-1a, 32 bits. */
export const hashText = (text: string): number => {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return h >>> 0
}

/** The units that compute a program, in an order in which they can run. */
export const fuse = (program: Program): readonly Unit[] => {
  const { nodes } = program
  const usersOf = users(program)
  const kept = new Set(program.outputs)
  const groups = components(program, levelsOf(program, usersOf))
  const groupOf = new Map(groups.flatMap((g, k) => g.map(i => [i, k] as const)))
  const copied = new Set(
    nodes.flatMap((n, i) =>
      isBroadcast(n) && (kept.has(i) || usersOf[i]?.some(u => !isElementwise(nodes[u] as Node))) ? [i] : [],
    ),
  )

  const regions = groups.map((members): Region => {
    const shape = (nodes[members[0] as number] as Node).expr.type.shape
    const sources = members
      .flatMap(i => (nodes[i] as Node).args)
      .filter(a => isBroadcast(nodes[a] as Node) && !copied.has(a))
    const fits = new Map<number, Fit>()
    let split: number | null = null
    for (const b of sources) {
      const source = nodes[(nodes[b] as Node).args[0] as number] as Node
      const fit = fitOf(source.expr.type.shape, shape)
      if (!fit || (fit.kind !== 'splat' && split !== null && fit.split !== split)) copied.add(b)
      else fits.set(b, fit)
      if (fit && fit.kind !== 'splat' && split === null) split = fit.split
    }
    const operandOf = (a: number): Operand => {
      const fit = fits.get(a)
      if (!fit) return { node: a, lanes: 'vector', stays: false }
      const node = (nodes[a] as Node).args[0] as number
      return { node, lanes: fit.kind === 'inner' ? 'vector' : 'splat', stays: fit.kind !== 'outer' }
    }
    const inside = new Set(members)
    const edges = members.flatMap(i => edgesOf(program, usersOf[i] ?? [], i))
    const summed = edgesAt(edges, shape, split)
    for (const { node } of summed) inside.add(node)
    const [first] = summed
    if (first && sizeOf(shape.slice(0, first.split)) !== 1) split ??= first.split
    const leaving = members.filter(i => kept.has(i) || usersOf[i]?.some(u => !inside.has(u)))
    return {
      _tag: 'Region',
      ...canonical(program, members, leaving, summed, operandOf),
      outer: split === null ? 1 : sizeOf(shape.slice(0, split)),
      inner: sizeOf(split === null ? shape : shape.slice(split)),
    }
  })

  const atEdges = new Map(regions.flatMap((r, k) => r.sums.map(s => [s.node, k] as const)))
  const singles = nodes.flatMap((n, i): Single[] => {
    const tag = lowering(n)
    if (atEdges.has(i)) return []
    const runs = tag === 'Kernel' || (tag === 'Elementwise' && isF64(n)) || (tag === 'Broadcast' && copied.has(i))
    return runs ? [{ _tag: 'Single', node: i }] : []
  })
  const unitOf = new Map<number, number>([
    ...[...groupOf].map(([i, k]) => [i, k] as const),
    ...atEdges,
    ...singles.map((s, k) => [s.node, groups.length + k] as const),
  ])
  const units: readonly Unit[] = [...regions, ...singles]
  return inOrder(program, units, unitOf)
}

/** A region as regions of one step each, and its sums by themselves, for when no kernel runs it as a whole. */
export const unfuse = (region: Region): readonly Unit[] => [
  ...region.steps.map((step): Region => {
    const inputs = step.args.map(a => {
      const earlier = region.steps[a - region.inputs.length]
      return earlier ? { node: earlier.node, lanes: 'vector' as const, stays: false } : (region.inputs[a] as Operand)
    })
    const steps = [{ ...step, args: inputs.map((_, k) => k) }]
    const outputs = [{ step: 0, node: step.node }]
    return { ...region, inputs, steps, outputs, sums: [], key: regionKey(inputs, steps, outputs) }
  }),
  ...region.sums.map(({ node }): Single => ({ _tag: 'Single', node })),
]

/** The nodes a unit reads; of those that it computes itself too. */
export const reads = (program: Program, unit: Unit): readonly number[] => {
  if (unit._tag === 'Led') return unit.units.flatMap(u => reads(program, u))
  return unit._tag === 'Region' ? unit.inputs.map(i => i.node) : (program.nodes[unit.node] as Node).args
}

/** The nodes a unit computes. */
export const writes = (unit: Unit): readonly number[] => {
  if (unit._tag === 'Led') return unit.units.flatMap(writes)
  return unit._tag === 'Region' ? [...unit.outputs, ...unit.sums].map(o => o.node) : [unit.node]
}

/** A unit's parts in the order in which they run. */
export const partsOf = (unit: Unit): readonly (Region | Single)[] => (unit._tag === 'Led' ? unit.units : [unit])

/** Kahn's order; of the units that are ready, the one that stood first in the program. */
const inOrder = (program: Program, units: readonly Unit[], unitOf: ReadonlyMap<number, number>): readonly Unit[] => {
  const rank = units.map(u => Math.max(...writes(u)))
  const unitBehind = (node: number): number | undefined => {
    const unit = unitOf.get(node)
    if (unit !== undefined) return unit
    const n = program.nodes[node] as Node
    return lowering(n) === 'Alias' ? unitBehind(n.args[0] as number) : undefined
  }
  const after = units.map((): number[] => [])
  const missing = units.map((u, k) => {
    const needs = new Set(reads(program, u).flatMap(r => unitBehind(r) ?? []))
    needs.delete(k)
    for (const n of needs) after[n]?.push(k)
    return needs.size
  })
  const ready = units.flatMap((_, k) => (missing[k] === 0 ? [k] : []))
  const order: Unit[] = []
  while (ready.length > 0) {
    const best = ready.reduce((b, k, i) => ((rank[k] as number) < (rank[ready[b] as number] as number) ? i : b), 0)
    const [k = 0] = ready.splice(best, 1)
    order.push(units[k] as Unit)
    for (const next of after[k] ?? []) {
      missing[next] = (missing[next] as number) - 1
      if (missing[next] === 0) ready.push(next)
    }
  }
  return order
}
