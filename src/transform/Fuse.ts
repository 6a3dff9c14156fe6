/**
 * Fusion: elementwise operations over one index space, with the broadcasts and the reductions at their edge, become one
 * region, which a generated kernel runs in one loop with everything in registers.
 *
 * Levels count the operations that end a loop (products, reductions, copies) between a node and the leaves; an
 * elementwise node is moved down to the lowest level of its users. Within a level a path leads only through elementwise
 * operations and broadcasts, and a broadcast only enlarges: so connected nodes of one level and shape never wait for
 * each other through anything else, and a region can always be run as a whole.
 */
import type { Apply } from '../graph/Expr.js'
import type { Node, Program } from '../graph/Program.js'
import { sameShape, sizeOf } from '../shape/TensorType.js'
import { canonical, type Member } from './canonical.js'
import { edgesAt, edgesOf, type Fit, fitOf } from './edges.js'
import { type Operand, type Region, reads, type Single, type Unit, writes } from './Unit.js'

const isF64 = ({ expr }: Node): boolean =>
  expr.type.dtype === 'f64' || (expr._tag === 'Apply' && expr.args.some(a => a.type.dtype === 'f64'))
const lowering = ({ expr }: Node): Apply['op']['lower']['_tag'] | null =>
  expr._tag === 'Apply' ? expr.op.lower._tag : null
const isElementwise = (n: Node): boolean => lowering(n) === 'Elementwise' && !isF64(n)
/** The kernel's function of an elementwise operation. */
const fnOf = ({ expr }: Node): string =>
  expr._tag === 'Apply' && expr.op.lower._tag === 'Elementwise'
    ? expr.op.lower.fn({ attrs: expr.attrs, args: expr.args.map(a => a.type) })
    : ''
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
    const reduced = edgesAt(edges, shape, split)
    for (const { node } of reduced) inside.add(node)
    const [first] = reduced
    if (first && sizeOf(shape.slice(0, first.split)) !== 1) split ??= first.split
    const leaving = members.filter(i => kept.has(i) || usersOf[i]?.some(u => !inside.has(u)))
    const loose = members.map((i): Member => {
      const { args } = nodes[i] as Node
      return { fn: fnOf(nodes[i] as Node), args: args.map(a => (inside.has(a) ? a : operandOf(a))), node: i }
    })
    return {
      _tag: 'Region',
      ...canonical(loose, leaving, reduced),
      outer: split === null ? 1 : sizeOf(shape.slice(0, split)),
      inner: sizeOf(split === null ? shape : shape.slice(split)),
    }
  })

  const atEdges = new Map(regions.flatMap((r, k) => r.reductions.map(s => [s.node, k] as const)))
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
