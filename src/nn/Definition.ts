/**
 * What a layer is: declared once, as a value, with everything the rest of the system asks of it. Nothing is registered;
 * a node of a net refers to its definition.
 */
import type { Either } from '#fp/Either.js'
import * as t from '#io/index.js'
import type { Expr } from '../graph/Expr.js'
import type { Definition, Spec } from '../graph/Spec.js'
import { erase } from '../graph/settings.js'
import type { Shape } from '../shape/Dims.js'
import type { Fans } from './Init.js'
import type { Penalty } from './Penalty.js'

/** A parameter, or a piece of state, of a layer: f32, of a shape without the batch. */
export interface ParamSpec {
  readonly shape: Shape
  readonly init: Spec<'init'>
  /** the numbers that a unit takes and gives, where the shape does not tell them; `Init.fansOf` of the shape if absent */
  readonly fans?: Fans
  /** what its size adds to the loss while it is trained; means nothing for state */
  readonly penalty?: Penalty
}

/** Tensors by name. */
export type Vars<N extends string = string> = { readonly [name in N]: Expr }

/**
 * What `Layer.define` takes. `A`: the arguments of the function that users call; `C`: the settings, plain data; `P` and
 * `S`: the names of parameters and state. Shapes are per example; tensors have the batch as their first axis, of size
 * -1. If the last of the arguments is an object with a `name`, that names the layer and is no part of the settings.
 */
export interface LayerDef<A extends readonly unknown[], C, P extends string, S extends string> {
  /** qualified: `gradus/dense`, `acme/gate` */
  readonly kind: string
  /** decides which settings are possible; encodes to JSON */
  readonly config: t.Type<C, unknown>
  readonly args: (...a: A) => C
  /** number of inputs; 1 if absent */
  readonly inputs?: number
  /** the shape of the output, or what is wrong with the inputs in one sentence that ends with what to do */
  readonly shape: (c: C, ...x: readonly Shape[]) => Either<string, Shape>
  /** what the settings make superfluous may be absent */
  readonly params: (c: C, ...x: readonly Shape[]) => { readonly [k in P]?: ParamSpec }
  readonly state: (c: C, ...x: readonly Shape[]) => { readonly [k in S]: ParamSpec }
  /** the meaning in a model: each row by itself */
  readonly infer: (c: C, p: Vars<P>, s: Vars<S>, ...x: readonly Expr[]) => Expr
  /** the meaning in training: the output and the new state; `key` (i32[4]) is what `op/random` draws with */
  readonly train: (
    c: C,
    p: Vars<P>,
    s: Vars<S>,
    key: Expr,
    ...x: readonly Expr[]
  ) => readonly [Expr, { readonly [k in S]: Expr }]
}

/** A LayerDef without its types. */
export interface LayerDefinition extends Definition {
  readonly of: 'layer'
  readonly inputs: number
  readonly shape: (config: unknown, x: readonly Shape[]) => Either<string, Shape>
  readonly params: (config: unknown, x: readonly Shape[]) => Readonly<Record<string, ParamSpec>>
  readonly state: (config: unknown, x: readonly Shape[]) => Readonly<Record<string, ParamSpec>>
  readonly infer: (config: unknown, params: Vars, state: Vars, x: readonly Expr[]) => Expr
  readonly train: (config: unknown, params: Vars, state: Vars, key: Expr, x: readonly Expr[]) => readonly [Expr, Vars]
}

/** The settings as the definition's own codec takes them, or what is wrong with them. */
export const validated = ({ config }: Pick<LayerDefinition, 'config'>, settings: unknown): t.Validation<unknown> =>
  settings === null && !config.is(null)
    ? t.failure(null, [], 'null is no options: leave them out, or give an object')
    : config.decode(config.encode(settings))

const present = (specs: { readonly [name: string]: ParamSpec | undefined }): Readonly<Record<string, ParamSpec>> =>
  Object.fromEntries(Object.entries(specs).flatMap(([name, spec]) => (spec ? [[name, spec]] : [])))

/** Forgets the types; the settings a definition is later given are those that its own codec has accepted (`validated`). */
export const eraseLayer = <A extends readonly unknown[], C, P extends string, S extends string>(
  d: LayerDef<A, C, P, S>,
): LayerDefinition => ({
  of: 'layer',
  kind: d.kind,
  config: erase(d.config),
  inputs: d.inputs ?? 1,
  shape: (c, x) => d.shape(c as C, ...x),
  params: (c, x) => present(d.params(c as C, ...x)),
  state: (c, x) => d.state(c as C, ...x),
  infer: (c, p, s, x) => d.infer(c as C, p, s, ...x),
  train: (c, p, s, key, x) => d.train(c as C, p, s, key, ...x),
})
