/** Simonyan & Zisserman 2015, Very deep convolutional networks for large-scale image recognition, for small images. */
import { pipe } from '#fp/function.js'
import * as Layer from '../nn/Layer.js'
import * as Net from '../nn/Net.js'
import { type Image, inTurn, type Options, type Part, start, unit } from './images.js'

/** Filters, with a pool after each row (table 1, columns A, B and D). */
const rows = {
  11: [[64], [128], [256, 256], [512, 512], [512, 512]],
  13: [
    [64, 64],
    [128, 128],
    [256, 256],
    [512, 512],
    [512, 512],
  ],
  16: [
    [64, 64],
    [128, 128],
    [256, 256, 256],
    [512, 512, 512],
    [512, 512, 512],
  ],
} as const

const stage = (filters: readonly number[], i: number): Part =>
  Net.scope(`stage${i + 1}`, x =>
    pipe(
      x,
      inTurn(filters.map((n, j) => unit(`conv${j + 1}`, n, 3, { activation: Layer.relu() }))),
      Layer.maxPool2d(2),
    ),
  )

/**
 * The paper's convolutions, each with batch normalization in place of its bias, then the mean of each channel and one
 * dense layer in place of three. [32, 32, 3] to [10] by default, images at least 32 x 32. Parameters of depth 11 (the
 * default) 9,228,362, 13 9,413,066, 16 14,724,042.
 */
export const smallVgg = <const S extends Image = readonly [32, 32, 3], const C extends number = 10>(
  options: Options<S, C> & { readonly depth?: keyof typeof rows } = {},
): Net.Net<S, readonly [C]> => {
  const { x, classes } = start(options, { input: [32, 32, 3], classes: 10 })
  return pipe(
    x as Net.Net<S, Image>,
    inTurn(rows[options.depth ?? 11].map(stage)),
    Layer.globalAveragePool(),
    Layer.dense(classes, { name: 'classifier' }),
  )
}
