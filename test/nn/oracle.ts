/** The nets of test/oracle/nets.json and convNets.json as nets of the library. */
import { readFileSync } from 'node:fs'
import * as Layer from '../../src/nn/Layer.js'
import * as Loss from '../../src/nn/Loss.js'
import type { AnyNet } from '../../src/nn/Net.js'
import type { Target } from '../../src/shape/Dims.js'
import { convNetLayer } from './oracleConvNets.js'
import type { OracleNode, Tensor } from './oracleNode.js'

export interface Case {
  readonly name: string
  readonly nodes: readonly OracleNode[]
  readonly loss: string
  readonly inputs: readonly Tensor[]
  readonly labels: Tensor
  readonly infer: { readonly output: Tensor; readonly loss: number }
  readonly train: { readonly output: Tensor; readonly loss: number; readonly inputGradients: readonly Tensor[] }
}

export const cases: readonly Case[] = JSON.parse(
  readFileSync(new URL('../oracle/nets.json', import.meta.url), 'utf8'),
).cases

const leafNames: { readonly [oracle: string]: string } = { kernel: 'w', bias: 'b' }
export const leafName = (name: string): string => leafNames[name] ?? name

export const lossOf = (name: string): Loss.Loss<Target> => {
  switch (name) {
    case 'softmaxCrossEntropy':
      return Loss.softmaxCrossEntropy()
    case 'sigmoidCrossEntropy':
      return Loss.sigmoidCrossEntropy()
    case 'mse':
      return Loss.mse()
    case 'mae':
      return Loss.mae()
    case 'huber':
      return Loss.huber()
    default:
      throw new Error(`no loss ${name}`)
  }
}

const number = (u: unknown): number => u as number
const numbers = (u: unknown): readonly number[] => u as readonly number[]

/** A layer by its kind; layers with parameters are named by their position. */
const layer = (n: OracleNode, i: number, x: readonly AnyNet[]): AnyNet => {
  const [a, b] = x as readonly [AnyNet, AnyNet]
  switch (n.kind) {
    case 'dense':
      return Layer.dense(number(n['units']), { bias: n['bias'] === true, name: `n${n['shares'] ?? i}` })(a)
    case 'batchNorm':
      return Layer.batchNorm({
        form: n['form'] as 'torch' | 'tf1',
        epsilon: number(n['epsilon']),
        momentum: number(n['momentum']),
        name: `n${i}`,
      })(a)
    case 'elu':
      return Layer.elu()(a)
    case 'relu':
      return Layer.relu()(a)
    case 'selu':
      return Layer.selu()(a)
    case 'tanh':
      return Layer.tanh()(a)
    case 'sigmoid':
      return Layer.logistic()(a)
    case 'softplus':
      return Layer.softplus()(a)
    case 'leakyRelu':
      return Layer.leakyRelu({ alpha: number(n['alpha']) })(a)
    case 'gelu':
      return Layer.gelu({ approximate: n['form'] === 'tanh' ? 'tanh' : 'none' })(a)
    case 'add':
      return Layer.add(a, b)
    case 'concat':
      return Layer.concat(a, b)
    case 'flatten':
      return Layer.flatten()(a)
    case 'rescale':
      return Layer.rescale(number(n['scale']), number(n['offset']))(a)
    case 'standardize':
      return Layer.standardize(numbers(n['mean']), numbers(n['deviation']))(a)
    default: {
      const made = convNetLayer(n, i, a)
      if (!made) throw new Error(`no layer ${n.kind}`)
      return made
    }
  }
}

export const netOf = ({ nodes }: Pick<Case, 'nodes'>): AnyNet => {
  const shapes = nodes.flatMap(n => (n.kind === 'input' ? [numbers(n['shape'])] : []))
  const [sole = []] = shapes
  const inputs = shapes.length === 1 ? sole : Object.fromEntries(shapes.map((s, k) => [`x${k}`, s]))
  const made: AnyNet[] = []
  let k = 0
  nodes.forEach((n, i) => {
    if (n.kind !== 'input')
      made.push(
        layer(
          n,
          i,
          n.inputs.map(j => made[j] as AnyNet),
        ),
      )
    else {
      const name = shapes.length === 1 ? null : `x${k}`
      const shape = shapes[k++] ?? []
      made.push({ inputs, shape, node: { _tag: 'Input', name, shape }, scope: [] })
    }
  })
  return made[made.length - 1] as AnyNet
}
