/**
 * From a net to expressions: the batch becomes the first axis, of size -1, parameters and state become `param`s named
 * by path (`block/dense1/w`).
 *
 * A frozen layer means what it means in a model, with the gradient of its parameters stopped, also while training.
 * State of layers that share it goes through them in topological order.
 */
import * as E from '#fp/Either.js'
import { type Expr, param } from '../graph/Expr.js'
import type { Spec } from '../graph/Spec.js'
import { cast } from '../op/select.js'
import { stopGradient } from '../op/stop.js'
import type { Shape } from '../shape/Dims.js'
import { soleInput } from '../shape/inputs.js'
import { type ShapeError, shapeError } from '../shape/ShapeError.js'
import { sameType, showType, type TensorType, tensorType } from '../shape/TensorType.js'
import { analyze, type Row } from './analyze.js'
import type { ParamSpec, Vars } from './Definition.js'
import { dependsOn } from './draws.js'
import type { Fans } from './Init.js'
import type { AnyNet, LayerNode } from './Node.js'
import * as Penalty from './Penalty.js'

/** A parameter, or a piece of state: `param(path, f32[shape])` in the expressions. */
export interface Variable {
  /** `block/dense1/w` */
  readonly path: string
  readonly role: 'param' | 'state'
  readonly shape: Shape
  readonly init: Spec<'init'>
  /** of a parameter whose layer gives them */
  readonly fans?: Fans
  /** a parameter of a layer that is not frozen */
  readonly trainable: boolean
  /** of a parameter that has one */
  readonly penalty?: Penalty.Penalty
}

export interface Elaborated {
  /** f32[-1, ...shape of the net] */
  readonly output: Expr
  /** in topological order of the layers, each once */
  readonly variables: readonly Variable[]
  /** new values by path, of what changes */
  readonly state: Readonly<Record<string, Expr>>
  /** paths of the layers that used their key */
  readonly draws: readonly string[]
  /** what the parameters' penalties add to the loss, f32[]; null if there are none. Frozen parameters have none. */
  readonly penalty: Expr | null
}

export interface Bindings {
  /** by name; a sole input is called `input` */
  readonly inputs: Readonly<Record<string, Expr>>
  /** the key (i32[4]) of a layer's draws in this step */
  readonly key: (path: string) => Expr
  /** sees the output of every layer, in topological order, and gives what stands for it in all that comes behind */
  readonly tap?: (layer: { readonly path: string; readonly kind: string; readonly shape: Shape }, output: Expr) => Expr
}

const batched = (shape: Shape): TensorType => tensorType('f32', [-1, ...shape])

const misfit = (e: Expr, wanted: TensorType, path: string, what: string): E.Either<ShapeError, Expr> => {
  if (e._tag === 'Invalid') return E.left(shapeError(path, `${e.error.path}: ${e.error.message}`))
  return sameType(e.type, wanted)
    ? E.right(e)
    : E.left(shapeError(path, `${what} is ${showType(e.type)}, but it must be ${showType(wanted)}`))
}

/** Collects the variables of all layers, each path once. */
const variablesOf = (rows: readonly Row[]): readonly Variable[] => {
  const found = new Map<string, Variable>()
  for (const { node, path, params, state } of rows) {
    const add = (role: Variable['role'], specs: Readonly<Record<string, ParamSpec>>): void => {
      for (const [name, { shape, init, fans, penalty }] of Object.entries(specs)) {
        const at = `${path}/${name}`
        const trainable =
          (role === 'param' && node._tag === 'Apply' && !node.frozen) || found.get(at)?.trainable === true
        found.set(at, { path: at, role, shape, init, trainable, ...(fans && { fans }), ...(penalty && { penalty }) })
      }
    }
    add('param', params)
    add('state', state)
  }
  return [...found.values()]
}

/** The sum of the penalties of what is trained, each parameter once. */
const penaltyOf = (variables: readonly Variable[]): Expr | null =>
  Penalty.total(
    variables.flatMap(({ path, shape, trainable, penalty }) => {
      const term = trainable && penalty ? Penalty.compute(penalty, param(path, tensorType('f32', shape))) : null
      return term ? [term] : []
    }),
  )

/**
 * The net's meaning in training or in a model (`infer`), over the inputs bound. `Left` for whatever `Net.check`
 * refuses, an input that is missing or of another shape, and a layer whose meaning contradicts its shape rule.
 */
export const elaborate = (net: AnyNet, mode: 'train' | 'infer', bind: Bindings): E.Either<ShapeError, Elaborated> => {
  const analysis = analyze(net)
  if (E.isLeft(analysis)) return analysis
  const { rows, output } = analysis.right
  const values: Expr[] = []
  const state = new Map<string, Expr>() // newest values of the state, by path
  const draws: string[] = []
  for (const row of rows) {
    const { node, path } = row
    const made = node._tag === 'Input' ? inputOf(bind.inputs, node.name ?? soleInput) : layer(row, node)
    const value = E.chain((e: Expr) => misfit(e, batched(row.shape), path, 'it'))(made)
    if (E.isLeft(value)) return value
    const seen =
      node._tag === 'Apply' ? bind.tap?.({ path, kind: node.kind, shape: row.shape }, value.right) : undefined
    values.push(seen ?? value.right)
  }

  function layer(
    { path, args, params, state: kept }: Row,
    { def, config, frozen }: LayerNode,
  ): E.Either<ShapeError, Expr> {
    const x = args.map(a => values[a] as Expr)
    const p = varsOf(path, params, e => (frozen ? stopGradient(e) : e))
    const s = varsOf(path, kept, (e, at) => state.get(at) ?? e)
    if (mode === 'infer' || frozen) return E.right(def.infer(config, p, s, x))
    const key = bind.key(path)
    const [y, next] = def.train(config, p, s, key, x)
    for (const [name, { shape }] of Object.entries(kept)) {
      const e = Object.hasOwn(next, name) ? next[name] : s[name]
      if (e === undefined || e === s[name]) continue
      const fits = misfit(e, tensorType('f32', shape), path, `its new state ${name}`)
      if (E.isLeft(fits)) return fits
      state.set(`${path}/${name}`, e)
    }
    const results = [y, ...Object.values(next)]
    if (dependsOn(results, key, [...x, ...Object.values(p), ...Object.values(s)]) && !draws.includes(path))
      draws.push(path)
    return E.right(y)
  }

  const variables = variablesOf(rows)
  return E.right({
    output: values[output] as Expr,
    variables,
    state: Object.fromEntries(state),
    draws,
    penalty: penaltyOf(variables),
  })
}

const varsOf = (path: string, specs: Readonly<Record<string, ParamSpec>>, as: (e: Expr, at: string) => Expr): Vars =>
  Object.fromEntries(
    Object.entries(specs).map(([name, { shape }]) => {
      const at = `${path}/${name}`
      return [name, as(param(at, tensorType('f32', shape)), at)]
    }),
  )

const inputOf = (inputs: Readonly<Record<string, Expr>>, name: string): E.Either<ShapeError, Expr> => {
  const e = Object.hasOwn(inputs, name) ? inputs[name] : undefined
  return e ? E.right(cast(e, 'f32')) : E.left(shapeError(name, 'the input is not bound'))
}
