/**
 * What a net amounts to: every layer with its path, shape, parameters and state, or the first thing that does not fit.
 *
 * A path is the scopes, then the layer's name, or its kind and ordinal among the unnamed layers of that kind in the
 * scope: `block/dense1`. So a layer with a name, or of another kind, changes no other layer's path. Layers of one path
 * share their parameters.
 */
import * as E from '#fp/Either.js'
import { explain, maxSize } from '../graph/settings.js'
import type { Shape } from '../shape/Dims.js'
import { isSole } from '../shape/inputs.js'
import { type ShapeError, shapeError } from '../shape/ShapeError.js'
import { sameShape, showShape, sizeOf } from '../shape/TensorType.js'
import { type LayerDefinition, type ParamSpec, validated } from './Definition.js'
import { drawsRandomly } from './draws.js'
import * as Init from './Init.js'
import { type AnyNet, type InputNode, inputEntries, type LayerNode, type Node } from './Node.js'
import { settingsApart, tableOf } from './table.js'

/** A layer, or an input, in its place. */
export interface Row {
  readonly node: Node
  /** `block/dense1`; of an input its name */
  readonly path: string
  /** positions of its inputs */
  readonly args: readonly number[]
  /** of its output, per example */
  readonly shape: Shape
  readonly params: Readonly<Record<string, ParamSpec>>
  readonly state: Readonly<Record<string, ParamSpec>>
}

/** In topological order: all inputs by name, then the layers. */
export interface Analysis {
  readonly rows: readonly Row[]
  readonly output: number
}

/** The largest rank of a shape per example. */
const maxRank = 7
const legalName = /^[^/\p{C}]{1,100}$/u

/** `gradus/dense` is called `dense`, `acme/gate` `acme.gate`. */
export const shortKind = (kind: string): string => kind.replace(/^gradus\//, '').replaceAll('/', '.')

const badShape = (shape: Shape): boolean =>
  shape.length > maxRank || !shape.every(d => Number.isInteger(d) && d >= 1) || sizeOf(shape) > maxSize

const notAShape = (shape: Shape): string =>
  `[${shape.join(', ')}] is not a shape: at most ${maxRank} sizes, each a whole number >= 1, at most ${maxSize} elements`

/** Gives every layer its path. Local mutation: the counters grow during one walk. */
const naming = () => {
  const counts = new Map<string, number>()
  return ({ kind, name, scope }: LayerNode): string => {
    const prefix = scope.map(s => `${s}/`).join('')
    if (name !== undefined) return prefix + name
    const stem = prefix + shortKind(kind)
    const n = (counts.get(stem) ?? 0) + 1
    counts.set(stem, n)
    return `${stem}${n}`
  }
}

const checkInput = (net: AnyNet, node: InputNode): string | null => {
  const declared = inputEntries(net.inputs).find(([name]) => name === node.name)
  const called = node.name === null ? 'the input' : `the input "${node.name}"`
  if (node.name !== null && !legalName.test(node.name))
    return 'the name of an input must be 1 to 100 characters without a slash; rename it'
  if (!declared) return `${called} is no input of the net; build all branches on the same inputs`
  if (badShape(node.shape)) return notAShape(node.shape)
  return sameShape(declared[1], node.shape)
    ? null
    : `${called} is ${showShape(declared[1])} and ${showShape(node.shape)}; build all branches on the same input`
}

const checkNode = ({ kind, name, scope, config, def }: LayerNode, args: readonly Shape[]): string | null => {
  const bad = [...scope, ...(name === undefined ? [] : [name])].find(s => !legalName.test(s))
  if (bad !== undefined)
    return `${JSON.stringify(bad.slice(0, 40))} is no name: give 1 to 100 characters, none of them a slash`
  if (kind !== def.kind) return `the node says ${kind}, its definition ${def.kind}; build it by the layer's function`
  if (args.length !== def.inputs) return `takes ${def.inputs} inputs, not ${args.length}`
  const valid = validated(def, config)
  return E.isLeft(valid) ? explain(valid.left) : null
}

const checkVariables = (all: Readonly<Record<string, ParamSpec>>): string | null => {
  for (const [name, { shape, init }] of Object.entries(all)) {
    if (!legalName.test(name)) return `${JSON.stringify(name)} is no name of a parameter`
    if (badShape(shape)) return `its parameter ${name}: ${notAShape(shape)}`
    const def = Init.resolve(init)
    if (E.isLeft(def)) return `its parameter ${name}: ${def.left}`
  }
  return null
}

const shapesOf = (specs: Readonly<Record<string, ParamSpec>>): string =>
  Object.entries(specs)
    .map(([name, { shape }]) => `${name} ${showShape(shape)}`)
    .join(', ')

/** What two layers of one path have in common, or why they cannot. */
const checkShared = (a: Row & { readonly node: LayerNode }, b: Row & { readonly node: LayerNode }): string | null => {
  if (a.node.name === undefined || b.node.name === undefined)
    return 'one layer has this name, another gets it by its kind and ordinal; choose another name'
  if (a.node.kind !== b.node.kind)
    return `a ${shortKind(a.node.kind)} and a ${shortKind(b.node.kind)} have this name; give each its own`
  const differs = settingsApart(a.node, b.node)
  if (differs !== null) return `layers of one name share their parameters, but ${differs}; give each its own name`
  const [x, y] = [a, b].map(r => shapesOf({ ...r.params, ...r.state }))
  return x === y ? null : `layers of one name share their parameters, but ${x} is not ${y}; give each its own name`
}

const distinct = (row: Row, x: readonly Shape[]): boolean =>
  row.node._tag === 'Apply' &&
  row.node.name === undefined &&
  (Object.keys(row.params).length > 0 || Object.keys(row.state).length > 0 || drawsRandomly(row.node, x))

/** All layers of a net, or the first error, with the layer's path. */
export const analyze = (net: AnyNet): E.Either<ShapeError, Analysis> => {
  const { entries, output } = tableOf(net)
  const rows: Row[] = []
  const pathOf = naming()
  const owners = new Map<string, Row & { readonly node: LayerNode }>()
  const definitions = new Map<string, LayerDefinition>()
  if (!isSole(net.inputs) && Object.keys(net.inputs).length === 0)
    return E.left(shapeError('inputs', 'there is none; give Net.inputs at least one'))
  for (const { node, args, twin } of entries) {
    if (node._tag === 'Input') {
      const wrong = checkInput(net, node)
      if (wrong !== null) return E.left(shapeError(node.name ?? 'input', wrong))
      rows.push({ node, path: node.name ?? 'input', args, shape: node.shape, params: {}, state: {} })
      continue
    }
    const path = pathOf(node)
    const fail = (message: string) => E.left(shapeError(path, `${shortKind(node.kind)}: ${message}`))
    const { def, config } = node
    const x = args.map(a => (rows[a] as Row).shape)
    const wrong = checkNode(node, x)
    if (wrong !== null) return fail(wrong)
    if ((definitions.get(node.kind) ?? def) !== def)
      return fail(`two definitions of the kind ${node.kind} are in use; use one`)
    definitions.set(node.kind, def)
    const shape = def.shape(config, x)
    if (E.isLeft(shape)) return fail(shape.left)
    if (badShape(shape.right)) return fail(notAShape(shape.right))
    const row = { node, path, args, shape: shape.right, params: def.params(config, x), state: def.state(config, x) }
    const both = Object.keys(row.params).find(name => Object.hasOwn(row.state, name))
    const variables =
      both === undefined ? checkVariables({ ...row.params, ...row.state }) : `${both} is a parameter and state`
    if (variables !== null) return fail(variables)
    if (twin && distinct(row, x))
      return fail('two layers are equal but were built separately; name one of them, or build it once and reuse it')
    const owner = owners.get(path)
    const clash = owner ? checkShared(owner, row) : null
    if (clash !== null) return fail(clash)
    owners.set(path, owner ?? row)
    rows.push(row)
  }
  const end = (rows[output] as Row).shape
  return sameShape(end, net.shape)
    ? E.right({ rows, output })
    : E.left(shapeError('output', `the net says ${showShape(net.shape)}, but its layers give ${showShape(end)}`))
}
