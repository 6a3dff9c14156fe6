/** The layers that arbitrary nets are made of, with their settings: steps from a net to a net, which may not fit it. */
import fc from 'fast-check'
import { pipe } from '#fp/function.js'
import * as Init from '../nn/Init.js'
import * as Layer from '../nn/Layer.js'
import * as Net from '../nn/Net.js'
import type { Inputs } from '../shape/Dims.js'
import type { Padding } from '../shape/Sliding.js'

export type Step = (x: Net.AnyNet) => Net.AnyNet

const inits = fc.constantFrom(
  ...[Init.he(), Init.glorotNormal(), Init.glorotUniform(), Init.uniform(-1, 1), Init.truncatedNormal(0.1)],
  ...[Init.heUniform(), Init.lecunNormal(), Init.zeros(), Init.constant(0.5), Init.orthogonal(), Init.identity()],
)
const names = fc.string({ minLength: 1, maxLength: 3 }).map(name => name.replaceAll(/[/\p{C}]/gu, '_'))

// --- of any shape -----------------------------------------------------------------------------------------------------
const keep = fc.constantFrom<Step>(
  ...[Layer.celu(), Layer.elu(), Layer.gelu(), Layer.gelu({ approximate: 'tanh' }), Layer.hardSigmoid()],
  ...[Layer.leakyRelu(), Layer.logistic(), Layer.mish(), Layer.prelu(), Layer.relu(), Layer.relu6(), Layer.selu()],
  ...[Layer.softplus(), Layer.softsign(), Layer.swish(), Layer.tanh(), Layer.identity(), Layer.rescale(0.5, 1)],
  ...[Layer.batchNorm(), Layer.batchNorm({ form: 'tf1', momentum: 0.9 }), Layer.dropout(0.25)],
  ...[Layer.alphaDropout(0.1), Layer.gaussianNoise(0.1), Layer.gaussianDropout(0.2), Net.freeze],
)

const dense = fc.record({ units: fc.integer({ min: 1, max: 9 }), bias: fc.boolean(), init: inits }).map(
  ({ units, ...o }): Step =>
    x =>
      pipe(x, Layer.flatten(), Layer.dense(units, o)),
)

const combined = fc.constantFrom<Step>(
  Layer.flatten(),
  x => pipe(x, Layer.layerNorm()),
  x => Layer.concat(x, pipe(x, Layer.relu())),
  x => Layer.add(x, pipe(x, Layer.tanh())),
)

const scoped = fc.tuple(names, inits).map(
  ([name, init]): Step =>
    x =>
      Net.scope(name, (y: Net.AnyNet): Net.AnyNet => pipe(y, Layer.flatten(), Layer.dense(3, { init })))(x),
)

// --- of images --------------------------------------------------------------------------------------------------------
type Image = Net.Net<Inputs, readonly [number, number, number]>

const isImage = (x: Net.AnyNet): x is Image => x.shape.length === 3

/** A layer of images, on whatever has three axes. */
const onImages =
  (layer: (x: Image) => Net.AnyNet): Step =>
  x =>
    isImage(x) ? layer(x) : x

const sizes = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 }))
const strides = fc.constantFrom<readonly [number, number]>([1, 1], [1, 1], [2, 2], [2, 1])
const paddings = fc.constantFrom<Padding>('same', 'same', 'valid', 1, [
  [0, 1],
  [2, 0],
])

/** Of one group, of two if that fits, or of every channel by itself. */
const groupings = ['one', 'two', 'each'] as const
const groupsOf = (grouping: (typeof groupings)[number], channels: number): number =>
  grouping === 'each' ? channels : grouping === 'two' && channels % 2 === 0 ? 2 : 1

const convolution = fc
  .record({
    filters: fc.integer({ min: 1, max: 5 }),
    size: sizes,
    stride: strides,
    dilation: fc.constantFrom<readonly [number, number]>([1, 1], [1, 1], [1, 2]),
    padding: paddings,
    grouped: fc.constantFrom(...groupings),
    bias: fc.boolean(),
    init: inits,
  })
  .map(
    ({ filters, size, grouped, ...o }): Step =>
      onImages(x => {
        const groups = groupsOf(grouped, x.shape[2])
        return Layer.conv2d(groups === 1 ? filters : 2 * groups, size, { ...o, groups })(x)
      }),
  )

const pool = fc
  .record({ size: sizes, stride: strides, padding: fc.constantFrom<Padding>('same', 'valid', 1), ceil: fc.boolean() })
  .chain(({ size, ...o }) =>
    fc.constantFrom<Step>(
      onImages(x => Layer.maxPool2d(size, o)(x)),
      onImages(x => Layer.averagePool2d(size, o)(x)),
      onImages(x => Layer.averagePool2d(size, { ...o, countPadding: true })(x)),
    ),
  )

const frame = [
  [1, 0],
  [0, 1],
  [0, 0],
] as const

const others = fc.constantFrom<(x: Image) => Net.AnyNet>(
  ...[Layer.globalAveragePool(), Layer.globalMaxPool(), Layer.spatialDropout(0.25), Layer.groupNorm(1)],
  ...[Layer.spaceToDepth(2), Layer.spaceToDepth(2, { form: 'torch' }), Layer.spaceToDepth(2, { form: 'darknet' })],
  ...[Layer.depthToSpace(2), Layer.depthToSpace(2, { form: 'torch' }), Layer.batchNorm({ axis: 0 })],
  ...[Layer.pad(frame), Layer.pad(frame, { value: -1 }), Layer.pad(frame, { form: 'edge' })],
  ...[Layer.pad(frame, { form: 'reflect' }), Layer.crop(1), Layer.upsample(2)],
  ...[Layer.upsample([1, 2], { method: 'bilinear' }), Layer.depthwiseConv2d(2), Layer.separableConv2d(3, 2)],
  Layer.convTranspose2d(2, 3, { stride: 2, padding: 'same' }),
  x => Layer.add(x, pipe(x, Layer.conv2d(x.shape[2], 3, { padding: 'same' }))),
)

// --- of sequences -----------------------------------------------------------------------------------------------------
type Sequence = Net.Net<Inputs, readonly [number, number]>

const isSequence = (x: Net.AnyNet): x is Sequence => x.shape.length === 2

const slides = {
  size: fc.integer({ min: 1, max: 3 }),
  stride: fc.constantFrom(1, 1, 2),
  padding: fc.constantFrom<'same' | 'valid' | 1>('same', 'same', 'valid', 1),
}

/** A layer of sequences, on whatever has two axes. */
const sequence = fc
  .record({ ...slides, filters: fc.integer({ min: 1, max: 5 }), grouped: fc.constantFrom(...groupings) })
  .chain(({ filters, size, grouped, ...o }) =>
    fc.constantFrom<(x: Sequence) => Net.AnyNet>(
      x => {
        const groups = groupsOf(grouped, x.shape[1])
        return Layer.conv1d(groups === 1 ? filters : 2 * groups, size, { ...o, groups })(x)
      },
      x => Layer.conv1d(filters, size, { padding: 'causal', dilation: 2 })(x),
      x => Layer.separableConv1d(filters, size, o)(x),
      x => Layer.convTranspose1d(filters, size, o)(x),
      x => Layer.maxPool1d(size, o)(x),
      x => Layer.averagePool1d(size, { ...o, ceil: true })(x),
      x => Layer.globalAveragePool1d()(x),
    ),
  )
  .map(
    (layer): Step =>
      x =>
        isSequence(x) ? layer(x) : x,
  )

/** Any of them; those of images and sequences are the identity on what is none. */
export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: keep },
  { weight: 2, arbitrary: dense },
  combined,
  scoped,
  { weight: 2, arbitrary: convolution },
  pool,
  { weight: 4, arbitrary: others.map(onImages) },
  { weight: 2, arbitrary: sequence },
)
