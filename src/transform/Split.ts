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
  const [all, sums] = [new Set(keys), new Set(keys.map(key => sumOf(key.split('|')[1]?.match(/\w+(?=\()/g) ?? [])))]
  return { has: key => all.has(key), mayHave: sum => sums.has(sum) }
}

interface Part {
  readonly units: readonly (Region | Single)[]
  readonly cost: number
}

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

/** Steps of a region as one of their own, with the reductions of their values or with those by themselves. */
const partOf = (region: Region, chosen: readonly Step[], reducing: boolean): Part => {
  const { inputs, steps, outputs, reductions, over } = region
  const inside = new Set(chosen.map(s => s.node))
  const nodeOf = (step: number): number => (steps[step] as Step).node
  const members = chosen.map(({ fn, args, node }): Member => {
    const of = (a: number): number | Operand => {
      if (a < inputs.length) return inputs[a] as Operand
      const earlier = nodeOf(a - inputs.length)
      return inside.has(earlier) ? earlier : { node: earlier, lanes: 'vector', stays: false }
    }
    return { fn, node, args: args.map(of) }
  })
  const reduced = reductions.filter(r => inside.has(nodeOf(r.step)))
  const needed = new Set([
    ...steps.flatMap(s => (inside.has(s.node) ? [] : s.args.map(a => steps[a - inputs.length]?.node))),
    ...outputs.map(o => o.node),
    ...(reducing ? [] : reduced.map(r => nodeOf(r.step))),
  ])
  const leaving = chosen.flatMap(({ node }) => (needed.has(node) ? [node] : []))
  const taken = reduced.map(r => ({ ...r, from: nodeOf(r.step), over }))
  const [first] = members
  const alone = first && members.length === 1 && !reducing
  const made: Region = { ...region, ...(alone ? one(first) : canonical(members, leaving, reducing ? taken : [])) }
  const part = { ...made, ...flat(made) }
  const apart = reducing ? [] : reduced.map(({ node }): Single => ({ _tag: 'Single', node }))
  const moved = part.inputs.filter(i => i.lanes === 'vector' && !i.stays).length + part.outputs.length
  return { units: [part, ...apart], cost: moved + 1 + 2 * apart.length }
}

/** The cheapest parts of the region's steps in an order. */
const cut = (region: Region, steps: readonly Step[], known: Known): Part => {
  const reduced = new Set(region.reductions.map(r => region.steps[r.step]))
  const best: Part[] = [{ units: [], cost: 0 }]
  for (let to = 1; to <= steps.length; to++) {
    const ways: Part[] = []
    let [sum, reduces] = [0, false] // local mutation: of the steps from a place on
    for (let from = to - 1; from >= 0; from--) {
      const step = steps[from] as Step
      sum = (sum + hashText(step.fn)) >>> 0
      reduces ||= reduced.has(step)
      const alone = to - from === 1
      if (!alone && !known.mayHave(sum)) continue
      for (const reducing of reduces ? [true, false] : [false]) {
        const { units, cost } = partOf(region, steps.slice(from, to), reducing)
        const { units: before, cost: already } = best[from] as Part
        if ((alone && !reducing) || known.has((units[0] as Region).key))
          ways.push({ units: [...before, ...units], cost: already + cost })
      }
    }
    best.push(ways.reduce((a, b) => (b.cost < a.cost ? b : a)))
  }
  return best[steps.length] as Part
}

/** The region, if it is known; or its parts, of which those of one step always are. */
export const split = (region: Region, known: Known): readonly (Region | Single)[] => {
  if (known.has(region.key)) return [region]
  const own = cut(region, region.steps, known)
  const other = cut(
    region,
    [...region.steps].sort((a, b) => a.node - b.node),
    known,
  )
  return other.cost < own.cost ? other.units : own.units
}
