/**
 * Nets as JSON: a flat table in topological order, whose last entry is the output.
 *
 *     { input: shape, name? } | { layer: kind, config, inputs: [index], name?, scope?, frozen? }
 *
 * Law: decode . encode = id, up to what is shared by reference. Decoding trusts nothing: it takes one entry at a time,
 * stops after 20 errors, and ends with the check of the whole net.
 */
import * as E from '#fp/Either.js'
import * as t from '#io/index.js'
import { isRecord } from '../graph/settings.js'
import type { Inputs, Shape } from '../shape/Dims.js'
import { analyze } from './analyze.js'
import type { LayerDefinition } from './Definition.js'
import * as Init from './Init.js'
import type { AnyNet, InputNode, Node } from './Node.js'
import { configOf, tableOf } from './table.js'

/** More entries than any net needs. */
const maxEntries = 100_000
const maxErrors = 20

/** The table as JSON; equal nets give equal JSON. */
export const toJSON = (net: AnyNet): readonly unknown[] => {
  const { entries, output } = tableOf(net)
  const json = entries.map(({ node, args }) =>
    node._tag === 'Input'
      ? { input: node.shape, ...(node.name !== null && { name: node.name }) }
      : {
          layer: node.kind,
          config: configOf(node),
          inputs: args,
          ...(node.name !== undefined && { name: node.name }),
          ...(node.scope.length > 0 && { scope: node.scope }),
          ...(node.frozen && { frozen: true }),
        },
  )
  const last = json.length - 1
  return output === last ? json : [...json.filter((_, i) => i !== output), json[output]]
}

type Read = E.Either<string | t.Errors, Node>

const isStrings = (u: unknown): u is readonly string[] => Array.isArray(u) && u.every(s => typeof s === 'string')
const isSizes = (u: unknown): u is Shape => Array.isArray(u) && u.length < 9 && u.every(Number.isSafeInteger)

const readInput = (shape: unknown, name: unknown): Read => {
  if (!isSizes(shape)) return E.left('"input" must be a shape, a list of whole numbers')
  if (name !== undefined && typeof name !== 'string') return E.left('"name" must be text')
  return E.right({ _tag: 'Input', name: name ?? null, shape: [...shape] })
}

const readLayer = (
  u: Readonly<Record<string, unknown>>,
  before: readonly (Node | null)[],
  defs: ReadonlyMap<string, LayerDefinition>,
  inits: readonly Init.InitDefinition[],
): Read => {
  const { layer: kind, inputs, name, scope = [], frozen = false } = u
  if (typeof kind !== 'string') return E.left('must be { "input": shape } or { "layer": kind, "config", "inputs" }')
  const def = defs.get(kind)
  if (!def) return E.left(`no definition of the layer ${JSON.stringify(kind.slice(0, 40))} was given`)
  if (name !== undefined && typeof name !== 'string') return E.left('"name" must be text')
  if (!isStrings(scope) || scope.length > 100) return E.left('"scope" must be a list of at most 100 names')
  if (typeof frozen !== 'boolean') return E.left('"frozen" must be true or false')
  if (!Array.isArray(inputs) || inputs.length !== def.inputs)
    return E.left(`"inputs" must be a list of ${def.inputs} positions of entries before this one`)
  const args: Node[] = []
  for (const i of inputs) {
    if (!Number.isSafeInteger(i) || i < 0 || i >= before.length)
      return E.left(`"inputs" must be positions of entries before this one, but one is ${String(i).slice(0, 20)}`)
    const arg = before[i]
    if (!arg) return E.left([])
    args.push(arg)
  }
  const config = def.config.decode(u['config'])
  if (E.isLeft(config)) return config
  return E.right({
    _tag: 'Apply',
    kind,
    config: Init.bindAll(inits, config.right),
    ...(name !== undefined && { name }),
    scope: [...scope],
    frozen,
    args,
    def,
  })
}

const inputsOf = (nodes: readonly InputNode[]): E.Either<string, Inputs> => {
  const [first, second] = nodes
  if (!first) return E.left('there is no input')
  if (first.name === null && !second) return E.right(first.shape)
  const named = nodes.flatMap(({ name, shape }) => (name === null ? [] : [[name, shape] as const]))
  if (named.length < nodes.length) return E.left('several inputs need a name each')
  if (new Set(named.map(([name]) => name)).size < nodes.length) return E.left('two inputs have the same name')
  return E.right(Object.fromEntries(named))
}

/** The shape the last layer gives, shape by shape; the check that follows says what is wrong with those that are. */
const shapeOf = (nodes: readonly Node[]): Shape => {
  const shapes = new Map<Node, Shape>()
  let last: Shape = []
  for (const node of nodes) {
    last =
      node._tag === 'Input'
        ? node.shape
        : E.getOrElse((): Shape => [])(
            node.def.shape(
              node.config,
              node.args.map(a => shapes.get(a) ?? []),
            ),
          )
    shapes.set(node, last)
  }
  return last
}

type Definitions = readonly (LayerDefinition | Init.InitDefinition)[]

const twice = (definitions: Definitions): string | undefined => {
  const names = definitions.map(d => `${d.of} ${d.kind}`)
  return names.find((name, i) => names.indexOf(name) !== i)
}

const decode = (definitions: Definitions, u: unknown, c: t.Context): t.Validation<AnyNet> => {
  const ambiguous = twice(definitions)
  if (ambiguous !== undefined) return t.failure(u, c, `two definitions of the ${ambiguous} were given`)
  if (!Array.isArray(u) || u.length === 0 || u.length > maxEntries)
    return t.failure(u, c, `must be a list of 1 to ${maxEntries} entries`)
  const defs = new Map(definitions.flatMap(d => (d.of === 'layer' ? [[d.kind, d] as const] : [])))
  const inits = definitions.flatMap(d => (d.of === 'init' ? [d] : []))
  const errors: t.ValidationError[] = []
  const nodes: (Node | null)[] = []
  for (const [i, entry] of u.entries()) {
    const at = t.appendContext(c, `${i}`, t.unknown, entry)
    const read = !isRecord(entry)
      ? E.left('must be an entry')
      : 'input' in entry
        ? readInput(entry['input'], entry['name'])
        : readLayer(entry, nodes, defs, inits)
    nodes.push(E.isRight(read) ? read.right : null)
    if (E.isRight(read)) continue
    if (typeof read.left === 'string') errors.push({ value: entry, context: at, message: read.left })
    else errors.push(...read.left.map(e => ({ ...e, context: [...at, ...e.context] })))
    if (errors.length >= maxErrors) break
  }
  const sound = nodes.flatMap(n => n ?? [])
  if (errors.length > 0 || sound.length < u.length) return t.failures(errors.slice(0, maxErrors))
  return assemble(sound, u, c)
}

const assemble = (nodes: readonly Node[], u: unknown, c: t.Context): t.Validation<AnyNet> => {
  const used = new Set(nodes.flatMap(n => (n._tag === 'Apply' ? n.args : [])))
  const idle = nodes.findIndex((n, i) => n._tag === 'Apply' && i < nodes.length - 1 && !used.has(n))
  if (idle >= 0) return t.failure(u, c, `entry ${idle} is used by no other; the last entry is the output`)
  const inputs = inputsOf(nodes.flatMap(n => (n._tag === 'Input' ? [n] : [])))
  if (E.isLeft(inputs)) return t.failure(u, c, inputs.left)
  const net: AnyNet = { inputs: inputs.right, shape: shapeOf(nodes), node: nodes[nodes.length - 1] as Node, scope: [] }
  const checked = analyze(net)
  return E.isLeft(checked) ? t.failure(u, c, `${checked.left.path}: ${checked.left.message}`) : t.success(net)
}

const isNet = (u: unknown): u is AnyNet =>
  isRecord(u) && Array.isArray(u['shape']) && isRecord(u['node']) && '_tag' in u['node'] && 'inputs' in u

/**
 * Nets as JSON, decoded with these definitions of layers and initializers (standard initializers are known without).
 * Two definitions of one kind are an error.
 */
export const codec = (definitions: Definitions): t.Type<AnyNet, unknown> =>
  new t.Type<AnyNet, unknown>('Net', isNet, (u, c) => decode(definitions, u, c), toJSON)
