/** What the tests of layers share: a net's meaning, its values by the reference and by the kernels, and slopes. */

import * as E from '#fp/Either.js'
import * as t from '#io/index.js'
import { evaluateAll } from '../../src/backend/evaluate.js'
import { evaluate } from '../../src/backend/reference.js'
import { type Expr, input, param } from '../../src/graph/Expr.js'
import { analyze } from '../../src/nn/analyze.js'
import { type Elaborated, elaborate } from '../../src/nn/elaborate.js'
import * as Init from '../../src/nn/Init.js'
import * as Layer from '../../src/nn/Layer.js'
import type { AnyNet } from '../../src/nn/Net.js'
import * as Net from '../../src/nn/Net.js'
import { standard } from '../../src/nn/standard.js'
import { mul } from '../../src/op/arithmetic.js'
import { sum } from '../../src/op/broadcast.js'
import { soleInput } from '../../src/shape/inputs.js'
import { tensorType } from '../../src/shape/TensorType.js'
import { grad } from '../../src/transform/Grad.js'
import { expectLeft, expectRight } from '../support/assert.js'

export type Values = Readonly<Record<string, ArrayLike<number>>>

/** The sole input of a net; its binding is called `input`. */
export const inputOf = (net: AnyNet): Expr =>
  input(soleInput, tensorType('f32', [-1, ...(net.inputs as readonly number[])]))

/** The meaning of a net with one input; the key of a layer is bound as `key <path>`. */
export const meaning = (net: AnyNet, mode: 'train' | 'infer' = 'train'): Elaborated =>
  expectRight(
    elaborate(net, mode, {
      inputs: { [soleInput]: inputOf(net) },
      key: path => input(`key ${path}`, tensorType('i32', [4])),
    }),
  )

export const paramOf = (net: Elaborated, path: string): Expr =>
  param(path, tensorType('f32', net.variables.find(v => v.path === path)?.shape ?? []))

/** Values in float64, flat. */
export const exact = (exprs: readonly Expr[], bindings: Values, rows: number): readonly (readonly number[])[] =>
  expectRight(evaluate(exprs, bindings, rows)).map(v => [...v.values])

/** Values as a model computes them. */
export const kernels = (exprs: readonly Expr[], bindings: Values, rows: number): readonly (readonly number[])[] =>
  expectRight(evaluateAll(exprs, bindings, rows)).map(v => [...v.values])

/** The gradients of sum(y weight) for a weight bound as `weight`, which tells the elements of y apart. */
export const weighted = (y: Expr, wrt: readonly Expr[]): readonly Expr[] =>
  expectRight(grad(sum(mul(y, input('weight', y.type))), wrt)).gradients

/** Numbers like noise, of mean about 0 and variance about 1, the same every time. */
export const noise = (n: number, seed = 1): readonly number[] =>
  Array.from({ length: n }, (_, i) => {
    const u = Math.sin((i + 1) * 12.9898 * (seed + 0.37)) * 43758.5453
    return Math.fround((u - Math.floor(u) - 0.5) * 3.4)
  })

/** A user's layer: x times a learned number for each feature. */
export const gate = Layer.define<(c: { readonly start: number; readonly name?: string }) => Layer.Keeps>()({
  kind: 'acme/gate',
  config: t.type({ start: t.number }),
  args: ({ start }) => ({ start }),
  shape: (_c, x) => E.right(x ?? []),
  params: () => ({ g: { shape: [], init: Init.ones() } }),
  state: () => ({}),
  infer: (_c, p, _s, x) => mul(x, p.g),
  train: (_c, p, s, _k, x) => [mul(x, p.g), s],
})

/** The settings that a layer was made with. */
export const configOf = (layer: (x: Net.Net<readonly [1], readonly [1]>) => Net.AnyNet): unknown => {
  const { node } = layer(Net.input(1))
  return node._tag === 'Apply' ? node.config : null
}

export const pathsOf = (net: Net.AnyNet): readonly string[] => expectRight(analyze(net)).rows.map(r => r.path)

export const errorOf = (net: Net.AnyNet): string => {
  const { path, message } = expectLeft(Net.check(net))
  return `${path}: ${message}`
}

export const codec = Net.codec(standard)

export const again = (net: Net.AnyNet): Net.AnyNet =>
  expectRight(codec.decode(JSON.parse(JSON.stringify(Net.toJSON(net)))))

export const complaints = (json: unknown, definitions = standard): readonly string[] =>
  expectLeft(Net.codec(definitions).decode(json)).map(e => e.message ?? '')

/** A layer put on a net whose types are not known, as decoded nets are. */
export const onto = (net: Net.AnyNet, layer: { readonly def: Layer.LayerDefinition }, config: unknown, name?: string) =>
  ({
    ...net,
    node: {
      _tag: 'Apply',
      kind: layer.def.kind,
      config,
      ...(name !== undefined && { name }),
      scope: [],
      frozen: false,
      args: [net.node],
      def: layer.def,
    },
  }) as const
