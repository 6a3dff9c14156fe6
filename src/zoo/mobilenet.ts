/**
 * Howard et al. 2017, MobileNets, and Sandler et al. 2018, MobileNetV2: inverted residuals and linear bottlenecks; padded
 * as in TensorFlow, batch normalization as Keras sets it.
 */
import { pipe } from '#fp/function.js'
import * as Init from '../nn/Init.js'
import * as Layer from '../nn/Layer.js'
import * as Net from '../nn/Net.js'
import { type Image, inTurn, type Options, type Part, start, unit } from './images.js'

export interface WidthOptions<S extends Image, C extends number> extends Options<S, C> {
  /** what the numbers of filters are multiplied by, the papers' alpha; 1 by default */
  readonly width?: number
}

const activation = Layer.relu6()
const norm = Layer.batchNorm({ form: 'keras' })
const norm2 = Layer.batchNorm({ form: 'keras', momentum: 0.999 })

/** A filter of 3 x 3 for each channel. */
const depthwise = (stride: number, batchNorm: Layer.Keeps): Part =>
  Net.scope('depthwise', x =>
    pipe(x, Layer.depthwiseConv2d(3, { stride, padding: 'same', bias: false, init: Init.he() }), batchNorm, activation),
  )

/** Table 1: filters and stride of each separable convolution. */
const separable: readonly (readonly [number, number])[] = [
  [64, 1],
  [128, 2],
  [128, 1],
  [256, 2],
  [256, 1],
  [512, 2],
  ...Array.from({ length: 5 }, () => [512, 1] as const),
  [1024, 2],
  [1024, 1],
]

/**
 * MobileNet, [224, 224, 3] to [1000] by default. 4,231,976 parameters, with the moving statistics 4,253,864.
 */
export const mobilenetV1 = <const S extends Image = readonly [224, 224, 3], const C extends number = 1000>(
  options: WidthOptions<S, C> = {},
): Net.Net<S, readonly [C]> => {
  const { x, classes } = start(options, { input: [224, 224, 3], classes: 1000 })
  const wide = (filters: number): number => Math.max(1, Math.floor(filters * (options.width ?? 1)))
  return pipe(
    x as Net.Net<S, Image>,
    unit('conv1', wide(32), 3, { stride: 2, norm, activation }),
    inTurn(
      separable.map(([filters, stride], i) =>
        Net.scope(
          `block${i + 1}`,
          inTurn([depthwise(stride, norm), unit('pointwise', wide(filters), 1, { norm, activation })]),
        ),
      ),
    ),
    Layer.globalAveragePool(),
    Layer.dropout(0.001),
    Layer.dense(classes, { name: 'classifier' }),
  )
}

/** The nearest multiple of 8, at least 8 and not less than 0.9 x. */
const byEight = (x: number): number => {
  const near = Math.max(8, 8 * Math.floor((x + 4) / 8))
  return near < 0.9 * x ? near + 8 : near
}

/** Table 2: expansion, filters, blocks, and the stride of the first. */
const bottlenecks: readonly (readonly [number, number, number, number])[] = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
]

/** Expand, filter each channel, project without an activation; around it a shortcut where the shape stays (figure 4). */
const inverted = (name: string, expansion: number, filters: number, stride: number): Part =>
  Net.scope(name, x => {
    const channels = x.shape[2]
    const expand = unit('expand', expansion * channels, 1, { norm: norm2, activation })
    const y = inTurn([
      ...(expansion === 1 ? [] : [expand]),
      depthwise(stride, norm2),
      unit('project', filters, 1, { norm: norm2 }),
    ])(x)
    return stride === 1 && channels === filters ? Layer.add(x, y) : y
  })

/** MobileNet v2, [224, 224, 3] to [1000] by default. 3,504,872 parameters, with the moving statistics 3,538,984. */
export const mobilenetV2 = <const S extends Image = readonly [224, 224, 3], const C extends number = 1000>(
  options: WidthOptions<S, C> = {},
): Net.Net<S, readonly [C]> => {
  const { x, classes } = start(options, { input: [224, 224, 3], classes: 1000 })
  const { width = 1 } = options
  return pipe(
    x as Net.Net<S, Image>,
    unit('conv1', byEight(32 * width), 3, { stride: 2, norm: norm2, activation }),
    inTurn(
      bottlenecks.flatMap(([expansion, filters, blocks, stride], i) =>
        Array.from({ length: blocks }, (_, b) =>
          inverted(`stage${i + 1}-block${b + 1}`, expansion, byEight(filters * width), b === 0 ? stride : 1),
        ),
      ),
    ),
    unit('conv2', width > 1 ? byEight(1280 * width) : 1280, 1, { norm: norm2, activation }),
    Layer.globalAveragePool(),
    Layer.dense(classes, { name: 'classifier' }),
  )
}
