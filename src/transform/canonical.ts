/** The order of a region's steps: by its structure, so that the same region of two programs has the same key. */
import { hashText, type Operand, type Reduced, type Region, regionKey } from './Unit.js'

/** A step that has no place yet: its arguments are the nodes of other steps, or operands. */
export interface Member {
  readonly fn: string
  readonly args: readonly (number | Operand)[]
  /** the node of the program that this step computes */
  readonly node: number
}

/** A reduction of the values of a step that has no place yet. */
export interface Taken extends Omit<Reduced, 'step'> {
  /** the node of the step */
  readonly from: number
  readonly over: Region['over']
}

/** What a key says of a step: which function of which steps and lanes, as a number. */
const looksOf = (members: readonly Member[]): ReadonlyMap<number, number> => {
  const looks = new Map<number, number>()
  const codes = new Map<string, number>()
  for (const { fn, args, node } of members) {
    const shown = args.map(a => (typeof a === 'number' ? looks.get(a) : a.lanes === 'vector' ? 'v' : 's'))
    const text = `${fn}(${shown.join(',')})`
    const code = codes.get(text) ?? hashText(text)
    codes.set(text, code)
    looks.set(node, code)
  }
  return looks
}

/** A region of steps that each stand behind their arguments; `leaving` are the nodes of those whose values leave it. */
export const canonical = (
  members: readonly Member[],
  leaving: readonly number[],
  taken: readonly Taken[],
): Omit<Region, '_tag' | 'outer' | 'inner'> => {
  const looks = looksOf(members)
  const byLooks = (a: number, b: number): number => (looks.get(a) as number) - (looks.get(b) as number) || a - b
  const stored = [...leaving].sort(byLooks)
  const edges = [...taken].sort((a, b) => byLooks(a.from, b.from) || Number(a.kind > b.kind) - Number(a.kind < b.kind))
  const roots = [...new Set([...stored, ...edges.map(e => e.from)])]
  const callOf = new Map(members.map(c => [c.node, c]))
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
    const { fn, args } = callOf.get(node) as Member
    if (!ready) {
      stack.push({ node, ready: true })
      for (const a of [...args].reverse()) if (typeof a === 'number') stack.push({ node: a, ready: false })
      continue
    }
    at.set(node, steps.length)
    steps.push({ fn, args: args.map(a => (typeof a === 'number' ? -1 - (at.get(a) as number) : inputAt(a))), node })
  }
  const shifted = steps.map(({ fn, args, node }) => ({
    fn,
    node,
    args: args.map(a => (a < 0 ? inputs.length - 1 - a : a)),
  }))
  const outputs = stored.map(node => ({ step: at.get(node) as number, node }))
  const reductions = edges.map(({ kind, from, node }) => ({ kind, step: at.get(from) as number, node }))
  const over = edges[0]?.over ?? 'outer'
  const key = regionKey(inputs, shifted, outputs, { reductions, over })
  return { inputs, steps: shifted, outputs, reductions, over, key }
}
