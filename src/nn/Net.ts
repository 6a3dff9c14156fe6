/**
 * Nets: layers applied to layers, as immutable data with the shapes in their types.
 *
 *     const net = pipe(Net.input(784), Layer.dense(300), Layer.elu(), Layer.dense(10))  // Net<[784], [10]>
 *
 * Shapes are per example. Building never fails; `check` says what does not fit.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import canonicalize from 'canonicalize'
import * as E from '#fp/Either.js'
import type { Inputs, Shape } from '../shape/Dims.js'
import { isSole } from '../shape/inputs.js'
import { type ShapeError, shapeError } from '../shape/ShapeError.js'
import { sameShape, showShape } from '../shape/TensorType.js'
import { analyze } from './analyze.js'
import { toJSON } from './json.js'
import type { Keeps } from './layers/types.js'
import { type AnyNet, inputEntries, type Net, type Node } from './Node.js'

export { codec, toJSON } from './json.js'
export type { AnyNet, Net } from './Node.js'
export { print, summary } from './summary.js'
export { upTo } from './upTo.js'

const inputNet = <I extends Inputs, S extends Shape>(all: I, name: string | null, shape: S): Net<I, S> => ({
  inputs: all,
  shape,
  node: { _tag: 'Input', name, shape },
  scope: [],
})

/** A net of one input, which it gives back: `input(784)`, `input(28, 28, 1)`. */
export const input = <const S extends Shape>(...dims: S): Net<S, S> => inputNet(dims, null, dims)

type Named = { readonly [name: string]: Shape }

/** One net for each of several inputs: `const { img, meta } = inputs({ img: [64], meta: [3] })`. */
export const inputs = <const I extends Named>(shapes: I): { readonly [k in keyof I]: Net<I, I[k]> } => {
  const nets = Object.entries(shapes).map(([name, shape]) => [name, inputNet(shapes, name, shape)] as const)
  return Object.fromEntries(nets) as { [k in keyof I]: Net<I, I[k]> }
}

/** Puts `name/` before the paths of the layers that the block puts on its argument. */
export const scope =
  <I extends Inputs, S extends Shape, T extends Shape>(name: string, block: (x: Net<I, S>) => Net<I, T>) =>
  (x: Net<I, S>): Net<I, T> => ({ ...block({ ...x, scope: [...x.scope, name] }), scope: x.scope })

/** A copy of all nodes below, frozen; what is shared stays shared. */
const frozen = (root: Node): Node => {
  const done = new Map<Node, Node>()
  const stack = [root]
  for (let top = stack[stack.length - 1]; top; top = stack[stack.length - 1]) {
    const waiting = top._tag === 'Apply' && !done.has(top) ? top.args.filter(a => !done.has(a)) : []
    if (waiting.length > 0) {
      stack.push(...waiting)
      continue
    }
    stack.pop()
    if (done.has(top)) continue
    done.set(top, top._tag === 'Input' ? top : { ...top, frozen: true, args: top.args.map(a => done.get(a) as Node) })
  }
  return done.get(root) as Node
}

/** Freezes all that stands before it: those layers mean what they mean in a model, and no gradient changes them. */
export const freeze: Keeps = x => ({ ...x, node: frozen(x.node) })

/**
 * The net itself, or the first error, with the path of the layer, both shapes and what to do: shapes and settings that
 * do not fit, names used for layers that differ, layers built twice without a name, branches on different inputs.
 */
export const check = <I extends Inputs, O extends Shape>(net: Net<I, O>): E.Either<ShapeError, Net<I, O>> =>
  E.map(() => net)(analyze(net))

const showInputs = (shapes: Inputs): string =>
  isSole(shapes)
    ? showShape(shapes)
    : `{ ${inputEntries(shapes)
        .map(([name, shape]) => `${name}: ${showShape(shape)}`)
        .join(', ')} }`

const sameInputs = (a: Inputs, b: Inputs): boolean => {
  const [x, y] = [inputEntries(a), inputEntries(b)]
  return x.length === y.length && x.every(([name, shape], i) => name === y[i]?.[0] && sameShape(shape, y[i]?.[1] ?? []))
}

/** Gives a decoded net its types back, if they are what is wanted: `Net.as({ inputs: [784], shape: [10] })(net)`. */
export const as =
  <const I extends Inputs, const O extends Shape>(wanted: { readonly inputs: I; readonly shape: O }) =>
  (net: AnyNet): E.Either<ShapeError, Net<I, O>> => {
    if (!sameInputs(net.inputs, wanted.inputs))
      return E.left(
        shapeError('inputs', `the net takes ${showInputs(net.inputs)}, but wanted is ${showInputs(wanted.inputs)}`),
      )
    return sameShape(net.shape, wanted.shape)
      ? E.right({ ...net, inputs: wanted.inputs, shape: wanted.shape })
      : E.left(shapeError('output', `the net gives ${showShape(net.shape)}, but wanted is ${showShape(wanted.shape)}`))
  }

const canonical = (net: AnyNet): string => canonicalize(toJSON(net)) ?? ''

/** Whether two nets are the same data, whatever they share by reference. */
export const equals = (a: AnyNet, b: AnyNet): boolean => canonical(a) === canonical(b)

/** SHA-256 of the canonical JSON (RFC 8785), in hexadecimal. */
export const hash = (net: AnyNet): string => bytesToHex(sha256(utf8ToBytes(canonical(net))))
