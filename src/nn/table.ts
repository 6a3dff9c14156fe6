/**
 * A net as a flat table in topological order, each node once. Nodes that are equal (same layer, settings, name, scope
 * and inputs) are one entry, so equal nets have equal tables, whatever is shared by reference.
 *
 * The walk is iterative: neither a thousand layers nor many residual blocks are too much.
 */
import canonicalize from 'canonicalize'
import { isRecord } from '../graph/settings.js'
import type { Inputs } from '../shape/Dims.js'
import { type AnyNet, inputEntries, type LayerNode, type Node } from './Node.js'

export interface Entry {
  readonly node: Node
  /** positions of the inputs, all smaller than its own */
  readonly args: readonly number[]
  /** whether another node is equal, but for being frozen, that was built separately */
  readonly twin: boolean
}

export interface Table {
  readonly entries: readonly Entry[]
  /** position of the output */
  readonly output: number
}

/** As JSON can hold it: a number or character that JSON lacks becomes text, so that nothing here fails. */
const plain = (u: unknown): unknown => {
  const text = JSON.stringify(u, (_, v: unknown) => {
    if (typeof v === 'bigint' || (typeof v === 'number' && !Number.isFinite(v))) return String(v)
    return typeof v === 'string' ? v.replace(/\p{Surrogate}/gu, '\ufffd') : v
  })
  return text === undefined ? null : JSON.parse(text)
}

/** The settings of a layer as JSON. */
export const configOf = ({ def, config }: LayerNode): unknown => plain(def.config.encode(config))

/** The settings of a layer as canonical JSON text. */
export const settings = (node: LayerNode): string => canonicalize(configOf(node)) ?? 'null'

/** The first setting that two layers do not share, with both values as JSON; null where they share all. */
export const settingsApart = (a: LayerNode, b: LayerNode): string | null => {
  if (settings(a) === settings(b)) return null
  const [x, y] = [configOf(a), configOf(b)]
  if (!isRecord(x) || !isRecord(y)) return `${settings(a)} is not ${settings(b)}`
  const text = (u: unknown): string => canonicalize(u) ?? 'missing'
  const key = Object.keys({ ...x, ...y }).find(k => text(x[k]) !== text(y[k])) ?? ''
  return `${key} is ${text(x[key])} in one and ${text(y[key])} in the other`
}

/** What two equal nodes have in common, but for their inputs and being frozen. */
const keyOf = (node: Node): string =>
  node._tag === 'Input'
    ? JSON.stringify([node.name, node.shape])
    : JSON.stringify([node.kind, settings(node), node.name ?? null, node.scope])

const declared = (inputs: Inputs): readonly Node[] =>
  inputEntries(inputs).map(([name, shape]) => ({ _tag: 'Input', name, shape }))

/** All declared inputs by name, used or not, then the layers, inputs first. */
export const tableOf = (net: AnyNet): Table => {
  const entries: Entry[] = []
  const done = new Map<Node, number>()
  const byKey = new Map<string, number>()
  const thawed: number[] = [] // per entry, the number of its equals but for frozen
  const byThawedKey = new Map<string, number>()
  const stack: { readonly node: Node; readonly ready: boolean }[] = [{ node: net.node, ready: false }]
  stack.push(
    ...declared(net.inputs)
      .map(node => ({ node, ready: false }))
      .reverse(),
  )
  for (let top = stack.pop(); top; top = stack.pop()) {
    const { node, ready } = top
    if (done.has(node)) continue
    if (node._tag === 'Apply' && !ready) {
      stack.push({ node, ready: true })
      for (let i = node.args.length - 1; i >= 0; i--) stack.push({ node: node.args[i] as Node, ready: false })
      continue
    }
    const args = node._tag === 'Apply' ? node.args.map(a => done.get(a) as number) : []
    const own = keyOf(node)
    const key = `${own} ${node._tag === 'Apply' && node.frozen} ${args.join(' ')}`
    const thawedKey = `${own} ${args.map(a => thawed[a]).join(' ')}`
    const known = byKey.get(key)
    const twin = byThawedKey.get(thawedKey)
    done.set(node, known ?? entries.length)
    if (known !== undefined) {
      entries[known] = { ...(entries[known] as Entry), twin: true }
      continue
    }
    byKey.set(key, entries.length)
    byThawedKey.set(thawedKey, twin ?? entries.length)
    thawed.push(twin ?? entries.length)
    entries.push({ node, args, twin: twin !== undefined })
  }
  return { entries, output: done.get(net.node) as number }
}
