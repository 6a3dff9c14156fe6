/**
 * A net as data: layers applied to layers.
 *
 *     Node = Input { name, shape } | Apply { kind, config, name?, scope, frozen, args }
 *
 * Nodes are shared, not copied: what is used twice is one node with two users. Nothing here fails; `Net.check` finds
 * what does not fit.
 */
import * as E from '#fp/Either.js'
import type { Inputs, Shape } from '../shape/Dims.js'
import { isSole } from '../shape/inputs.js'
import { type LayerDefinition, validated } from './Definition.js'

export interface InputNode {
  readonly _tag: 'Input'
  /** null for the sole input of a net */
  readonly name: string | null
  readonly shape: Shape
}

export interface LayerNode {
  readonly _tag: 'Apply'
  readonly kind: string
  readonly config: unknown
  readonly name?: string
  readonly scope: readonly string[]
  /** means infer with a stopped gradient, also while training */
  readonly frozen: boolean
  readonly args: readonly Node[]
  /** by reference; no part of JSON, equality or hash */
  readonly def: LayerDefinition
}

export type Node = InputNode | LayerNode

/** A net from inputs to an output of `shape`, per example; its type parameters are real fields. */
export interface Net<I extends Inputs, O extends Shape> {
  readonly inputs: I
  readonly shape: O
  readonly node: Node
  /** the scopes that layers put on top of it belong to; [] outside of `Net.scope` */
  readonly scope: readonly string[]
}

/** A net whose types are not known. */
export type AnyNet = Net<Inputs, Shape>

/** Names and shapes of the inputs, sorted by name. */
export const inputEntries = (inputs: Inputs): readonly (readonly [name: string | null, shape: Shape])[] =>
  isSole(inputs) ? [[null, inputs]] : Object.entries(inputs).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))

/** Puts a layer on top of nets with the same inputs; where it does not fit, the shape is that of the first. */
export const applyLayer = (
  def: LayerDefinition,
  config: unknown,
  name: string | undefined,
  nets: readonly AnyNet[],
): AnyNet => {
  const shapes = nets.map(n => n.shape)
  const shape = E.isRight(validated(def, config)) ? def.shape(config, shapes) : E.left(null)
  const deepest = nets.reduce<readonly string[]>((s, n) => (n.scope.length > s.length ? n.scope : s), [])
  return {
    inputs: nets[0]?.inputs ?? [],
    shape: E.isRight(shape) ? shape.right : (shapes[0] ?? []),
    node: {
      _tag: 'Apply',
      kind: def.kind,
      config,
      ...(name !== undefined && { name }),
      scope: deepest,
      frozen: false,
      args: nets.map(n => n.node),
      def,
    },
    scope: deepest,
  }
}
