/** The nets of test/oracle/convNets.json: their layers of images, and the rules that their numbers follow. */
import { readFileSync } from 'node:fs'
import * as Layer from '../../src/nn/Layer.js'
import type { AnyNet } from '../../src/nn/Net.js'
import type { BlockForm } from '../../src/op/blocks.js'
import type { Centers } from '../../src/op/interpolate.js'
import type { PadForm } from '../../src/op/padBy.js'
import { sizeOf } from '../../src/shape/TensorType.js'
import { numbers } from '../train/support.js'
import type { OracleNode, Tensor } from './oracleNode.js'

type Two = readonly [number, number]
type Edges = readonly [Two, Two]

/** Numbers that follow from their index: offset + scale * numbers(salt). */
export interface Rule {
  readonly shape: readonly number[]
  readonly salt: number
  readonly scale: number
  readonly offset: number
}

/** All elements of a tensor; or the largest magnitude, every k-th, and sums of k at a time with alternating signs. */
export type Signature =
  | Tensor
  | (Tensor & { readonly largest: number; readonly every: number; readonly sums: readonly number[] })

type Leaves<T> = Readonly<Record<string, Readonly<Record<string, T>>>>

interface Run {
  readonly losses: Tensor
  readonly params: Leaves<Signature>
  readonly state: Leaves<Signature>
}

export interface ConvNetCase {
  readonly name: string
  readonly nodes: readonly OracleNode[]
  readonly params: Leaves<Rule>
  readonly state: Leaves<Rule>
  readonly loss: string
  readonly batches: readonly { readonly inputs: Rule; readonly labels: Tensor }[]
  readonly infer: { readonly output: Signature; readonly loss: Tensor }
  readonly train: {
    readonly output: Signature
    readonly loss: Tensor
    readonly inputGradient: Signature
    readonly gradients: Leaves<Signature>
    readonly state: Leaves<Signature>
  }
  readonly runs: { readonly momentum: Run; readonly adam: Run }
}

export const convNetCases: readonly ConvNetCase[] = JSON.parse(
  readFileSync(new URL('../oracle/convNets.json', import.meta.url), 'utf8'),
).cases

export const drawn = ({ shape, salt, scale, offset }: Rule): Float32Array =>
  numbers(sizeOf(shape), salt).map(x => offset + scale * x)

/** A layer of images by its kind, named `n<position>` where it has parameters; null where there is none. */
export const convNetLayer = (n: OracleNode, i: number, x: AnyNet): AnyNet | null => {
  const number = (key: string) => n[key] as number
  const two = (key: string) => n[key] as Two
  const form = n['form'] as BlockForm
  const window = { stride: two('stride'), padding: n['padding'] as 'same' | 'valid' | Edges, ceil: n['ceil'] === true }
  switch (n.kind) {
    case 'conv2d':
      return Layer.conv2d(number('filters'), two('size'), {
        ...{ stride: two('stride'), dilation: two('dilation'), padding: window.padding, groups: number('groups') },
        ...{ bias: n['bias'] === true, name: `n${i}` },
      })(x)
    case 'convTranspose2d':
      return Layer.convTranspose2d(number('filters'), two('size'), {
        ...{ stride: two('stride'), padding: number('padding'), outputPadding: number('extra') },
        ...{ bias: false, name: `n${i}` },
      })(x)
    case 'maxPool2d':
      return Layer.maxPool2d(two('size'), window)(x)
    case 'averagePool2d':
      return Layer.averagePool2d(two('size'), { ...window, countPadding: n['countPadding'] === true })(x)
    case 'globalAveragePool':
      return Layer.globalAveragePool()(x)
    case 'globalMaxPool':
      return Layer.globalMaxPool()(x)
    case 'pad':
      return Layer.pad([...(n['edges'] as Edges), [0, 0]], { form: n['form'] as PadForm })(x)
    case 'upsample':
      return n['method'] === 'nearest'
        ? Layer.upsample(two('factor'))(x)
        : Layer.upsample(two('factor'), { method: 'bilinear', centers: n['centers'] as Centers })(x)
    case 'spaceToDepth':
      return Layer.spaceToDepth(2, { form })(x)
    case 'depthToSpace':
      return Layer.depthToSpace(2, { form })(x)
    case 'spatialDropout':
      return Layer.spatialDropout(number('rate'))(x)
    case 'silu':
      return Layer.silu()(x)
    default:
      return null
  }
}
