/**
 * A region that no kernel runs as a whole, in parts that kernels are known for.
 *
 * A part is steps that stand next to each other, in the region's order or in the program's, with the reductions of their
 * values or without them: so parts in a row read only what is there. Of all ways to cut the region, the one that moves
 * the fewest values is taken, where a loop counts as one more. The bits stay the same: a step computes the same of the
 * same values in any loop, and a reduction by itself has the order of one at the edge.
 */
import { canonical, type Member } from './canonical.js'
import { hashText, type Operand, type Region, regionKey, type Single, type Step } from './Unit.js'

/** Keys that there are kernels for. */
export interface Known {
  readonly has: (key: string) => boolean
  /** whether there may be one whose steps have functions of this sum; most parts are not worth a key */
  readonly mayHave: (sum: number) => boolean
}

/** The order of the functions does not count. */
const sumOf = (fns: readonly string[]): number => fns.reduce((sum, fn) => (sum + hashText(fn)) >>> 0, 0)

export const knownKeys = (keys: readonly string[]): Known => {
  const all = new Set(keys)
  let sums: ReadonlySet<number> | null = null // local mutation: made for the first region that is cut
  const sumsOf = () => new Set(keys.map(key => sumOf(key.split('|')[1]?.match(/\w+(?=\()/g) ?? [])))
  return {
    has: key => all.has(key),
    mayHave: sum => {
      sums ??= sumsOf()
      return sums.has(sum)
    },
  }
}

/** A step in an order of the region's. */
interface Placed extends Step {
  /** the sum of its function */
  readonly sum: number
  /** where the last step stands that takes its value; behind all if the value leaves the region */
  readonly until: number
  readonly reduced: boolean
}

/** A way to cut the steps of an order up to a place: the last part, and the way to cut those before it. */
interface Way {
  readonly before: Way | null
  readonly from: number
  readonly to: number
  readonly reducing: boolean
  readonly cost: number
}

interface Part {
  readonly units: readonly (Region | Single)[]
  readonly cost: number
}

const nodeOf = ({ steps }: Region, step: number): number => (steps[step] as Step).node

/** The loop without rows, where no operand has any and nothing is reduced by them. */
const flat = ({ inputs, reductions, outer, inner }: Region): Pick<Region, 'outer' | 'inner'> =>
  reductions.length === 0 && inputs.every(i => (i.lanes === 'vector') !== i.stays)
    ? { outer: 1, inner: outer * inner }
    : { outer, inner }

/** A step alone has every argument as an operand of its own, as its kernel does. */
const one = (member: Member): Pick<Region, 'inputs' | 'steps' | 'outputs' | 'reductions' | 'key'> => {
  const inputs = member.args.filter(a => typeof a !== 'number')
  const steps = [{ ...member, args: inputs.map((_, k) => k) }]
  const outputs = [{ step: 0, node: member.node }]
  return { inputs, steps, outputs, reductions: [], key: regionKey(inputs, steps, outputs) }
}

/** The region's steps in an order. */
const placed = ({ inputs, steps, outputs, reductions }: Region, order: readonly Step[]): readonly Placed[] => {
  const until = new Map<Step | undefined, number>() // local mutation
  order.forEach((step, k) => {
    for (const a of step.args) until.set(steps[a - inputs.length], k)
  })
  for (const { step } of outputs) until.set(steps[step], order.length)
  const reduced = new Set(reductions.map(r => steps[r.step]))
  return order.map(step => ({
    ...step,
    sum: hashText(step.fn),
    until: until.get(step) ?? -1,
    reduced: reduced.has(step),
  }))
}

/** Steps of a region as one of their own, with the reductions of their values or with those by themselves. */
const partOf = (region: Region, all: readonly Placed[], { from, to, reducing }: Omit<Way, 'before' | 'cost'>): Part => {
  const chosen = all.slice(from, to)
  const { inputs, reductions, over } = region
  const inside = new Set(chosen.map(s => s.node))
  const members = chosen.map(({ fn, args, node }): Member => {
    const of = (a: number): number | Operand => {
      if (a < inputs.length) return inputs[a] as Operand
      const earlier = nodeOf(region, a - inputs.length)
      return inside.has(earlier) ? earlier : { node: earlier, lanes: 'vector', stays: false }
    }
    return { fn, node, args: args.map(of) }
  })
  const taken = chosen.some(s => s.reduced)
    ? reductions.map(r => ({ ...r, from: nodeOf(region, r.step), over })).filter(r => inside.has(r.from))
    : []
  const leaving = chosen.flatMap(({ node, until, reduced }) => (until >= to || (reduced && !reducing) ? [node] : []))
  const [first] = members
  const alone = first && members.length === 1 && !reducing
  const made: Region = { ...region, ...(alone ? one(first) : canonical(members, leaving, reducing ? taken : [])) }
  const part = { ...made, ...flat(made) }
  const apart = reducing ? [] : taken.map(({ node }): Single => ({ _tag: 'Single', node }))
  const moved = part.inputs.filter(i => i.lanes === 'vector' && !i.stays).length + part.outputs.length
  return { units: [part, ...apart], cost: moved + 1 + 2 * apart.length }
}

/** The cheapest way to cut the region's steps in an order; null where there are none. */
const cut = (region: Region, steps: readonly Placed[], known: Known): Way | null => {
  const best: (Way | null)[] = [null]
  for (let to = 1; to <= steps.length; to++) {
    const ways: Way[] = []
    let [sum, reduces] = [0, false] // local mutation: of the steps from a place on
    for (let from = to - 1; from >= 0; from--) {
      const step = steps[from] as Placed
      sum = (sum + step.sum) >>> 0
      reduces ||= step.reduced
      const alone = to - from === 1
      if (!alone && !known.mayHave(sum)) continue
      for (const reducing of reduces ? [true, false] : [false]) {
        const { units, cost } = partOf(region, steps, { from, to, reducing })
        const before = best[from] ?? null
        if ((alone && !reducing) || known.has((units[0] as Region).key))
          ways.push({ before, from, to, reducing, cost: (before?.cost ?? 0) + cost })
      }
    }
    best.push(ways.reduce((a, b) => (b.cost < a.cost ? b : a)))
  }
  return best[steps.length] ?? null
}

/** The parts of a region that is cut in a way. */
const along = (region: Region, steps: readonly Placed[], way: Way | null): readonly (Region | Single)[] => {
  const parts: Part[] = []
  for (let w = way; w; w = w.before) parts.push(partOf(region, steps, w))
  return parts.reverse().flatMap(p => p.units)
}

/**
 * The region, if it is known; or its parts, of which those of one step always are. Regions with the same key, operands
 * that stay and order of nodes, as an unrolled loop has many, are cut in the same way, which is sought once.
 */
export const split = (known: Known): ((region: Region) => readonly (Region | Single)[]) => {
  const ways = new Map<string, { readonly sorted: boolean; readonly way: Way | null }>() // local mutation
  return region => {
    if (known.has(region.key)) return [region]
    const { key, inputs, steps } = region
    const order = [...steps.keys()].sort((a, b) => nodeOf(region, a) - nodeOf(region, b))
    const ordered = (sorted: boolean): readonly Placed[] =>
      placed(region, sorted ? order.map(i => steps[i] as Step) : steps)
    const like = `${key} ${inputs.map(i => Number(i.stays)).join('')} ${order.join(' ')}`
    const seek = () => {
      const [own, other] = [cut(region, ordered(false), known), cut(region, ordered(true), known)]
      const sorted = (other?.cost ?? 0) < (own?.cost ?? 0)
      return { sorted, way: sorted ? other : own }
    }
    const { sorted, way } = ways.get(like) ?? seek()
    ways.set(like, { sorted, way })
    return along(region, ordered(sorted), way)
  }
}
