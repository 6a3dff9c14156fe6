/** The nets of test/oracle/convNets.json: their layers of images, and the rules that their numbers follow. */
import { readFileSync } from 'node:fs'
import * as E from '#fp/Either.js'
import * as t from '#io/index.js'
import * as Init from '../../src/nn/Init.js'
import * as Layer from '../../src/nn/Layer.js'
import { pure } from '../../src/nn/layers/pure.js'
import type { AnyNet } from '../../src/nn/Net.js'
import type { BlockForm } from '../../src/op/blocks.js'
import { convTranspose2d } from '../../src/op/conv.js'
import { type Centers, upsample2d } from '../../src/op/interpolate.js'
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

const pair = t.readonly(t.tuple([t.number, t.number]))

const upsample = Layer.define<(factor: Two, method: string, centers: string) => (x: AnyNet) => AnyNet>()(
  pure({
    kind: 'test/upsample',
    config: t.type({ factor: pair, method: t.string, centers: t.string }),
    args: (factor, method, centers) => ({ factor, method, centers }),
    shape: ({ factor: [fy, fx] }, [h = 0, w = 0, c = 0] = []) => E.right([h * fy, w * fx, c]),
    meaning: ({ factor, method, centers }, x) =>
      method === 'nearest' ? upsample2d(x, factor, { method }) : upsample2d(x, factor, { centers: centers as Centers }),
  }),
)

interface Transposed {
  readonly filters: number
  readonly size: Two
  readonly stride: Two
  readonly padding: number
  readonly extra: number
}

const placed = ({ size, stride, padding, extra }: Transposed, [h = 0, w = 0]: readonly number[] = []): Two => [
  (h - 1) * stride[0] - 2 * padding + size[0] + extra,
  (w - 1) * stride[1] - 2 * padding + size[1] + extra,
]

const convTranspose = Layer.define<(c: Transposed & { readonly name: string }) => (x: AnyNet) => AnyNet>()({
  kind: 'test/convTranspose2d',
  config: t.type({ filters: t.number, size: pair, stride: pair, padding: t.number, extra: t.number }),
  args: ({ name: _, ...c }) => c,
  shape: (c, x) => E.right([...placed(c, x), c.filters]),
  params: ({ filters, size }, x) => ({ w: { shape: [...size, filters, x?.[2] ?? 0], init: Init.zeros() } }),
  state: () => ({}),
  infer: (c, { w }, _s, x) => convTranspose2d(x, w, placed(c, x.type.shape.slice(1)), c),
  train: (c, { w }, s, _key, x) => [convTranspose2d(x, w, placed(c, x.type.shape.slice(1)), c), s],
})

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
      return convTranspose({
        ...{ filters: number('filters'), size: two('size'), stride: two('stride') },
        ...{ padding: number('padding'), extra: number('extra'), name: `n${i}` },
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
      return upsample(two('factor'), n['method'] as string, n['centers'] as string)(x)
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
