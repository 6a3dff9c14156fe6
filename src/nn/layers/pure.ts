/** Layers without parameters, state or randomness: one meaning, in training and in a model. */
import * as E from '#fp/Either.js'
import type * as t from '#io/index.js'
import type { Expr } from '../../graph/Expr.js'
import type { Shape } from '../../shape/Dims.js'
import type { LayerDef } from '../Definition.js'

/** What `pure` takes: a layer's settings, shape rule and one meaning. */
export interface PureDef<A extends readonly unknown[], C> {
  readonly kind: string
  readonly config: t.Type<C, unknown>
  readonly args: (...a: A) => C
  readonly inputs?: number
  /** keeps the shape of the first input if absent */
  readonly shape?: (c: C, ...x: readonly Shape[]) => E.Either<string, Shape>
  readonly meaning: (c: C, ...x: readonly Expr[]) => Expr
}

/** The definition of such a layer. */
export const pure = <A extends readonly unknown[], C>(d: PureDef<A, C>): LayerDef<A, C, never, never> => ({
  kind: d.kind,
  config: d.config,
  args: d.args,
  inputs: d.inputs ?? 1,
  shape: d.shape ?? ((_c, x) => E.right(x ?? [])),
  params: () => ({}),
  state: () => ({}),
  infer: (c, _p, _s, ...x) => d.meaning(c, ...x),
  train: (c, _p, s, _key, ...x) => [d.meaning(c, ...x), s],
})
