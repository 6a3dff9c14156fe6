/** Redmon & Farhadi 2017, YOLO9000: better, faster, stronger: Darknet-19 (table 6) and the detector on it (section 3). */
import { pipe } from '#fp/function.js'
import * as Init from '../nn/Init.js'
import * as Layer from '../nn/Layer.js'
import type * as Net from '../nn/Net.js'
import type { Add, Multiply, Quotient } from '../shape/Count.js'
import type { Inputs } from '../shape/Dims.js'
import { type Image, inTurn, type Options, type Part, start, unit } from './images.js'

const conv = (name: string, filters: number, size: 1 | 3): Part =>
  unit(name, filters, size, {
    norm: Layer.batchNorm({ momentum: 0.01, epsilon: 1e-5 }),
    activation: Layer.leakyRelu({ alpha: 0.1 }),
  })

/** Convolutions named from `first` on, 3 x 3 and 1 x 1 in turn, as a bottleneck wants them. */
const convs = (first: number, filters: readonly number[]): Part =>
  inTurn(filters.map((n, i) => conv(`conv${first + i}`, n, i % 2 === 0 ? 3 : 1)))

const pool: Part = Layer.maxPool2d(2)

/** The first 13 convolutions: a sixteenth of the height and width, 512 channels. */
const fine: Part = inTurn([
  convs(1, [32]),
  pool,
  convs(2, [64]),
  pool,
  convs(3, [128, 64, 128]),
  pool,
  convs(6, [256, 128, 256]),
  pool,
  convs(9, [512, 256, 512, 256, 512]),
])

/** The next five: half of that, 1024 channels. */
const coarse: Part = inTurn([pool, convs(14, [1024, 512, 1024, 512, 1024])])

/**
 * Darknet-19, [224, 224, 3] to [1000] by default: the classifier is a convolution of 1 x 1, averaged over the image.
 * 20,842,376 parameters.
 */
export const darknet19 = <const S extends Image = readonly [224, 224, 3], const C extends number = 1000>(
  options: Options<S, C> = {},
): Net.Net<S, readonly [C]> => {
  const { x, classes } = start(options, { input: [224, 224, 3], classes: 1000 })
  return pipe(
    x as Net.Net<S, Image>,
    fine,
    coarse,
    Layer.conv2d(classes, 1, { name: 'classifier' }),
    Layer.globalAveragePool(),
  )
}

export interface YoloOptions<S extends Image, C extends number, A extends number> extends Options<S, C> {
  /** boxes at each place; 5 by default */
  readonly anchors?: A
  /** the order of the passthrough's channels; 'tf' by default, 'darknet' for weights trained by Darknet */
  readonly reorg?: 'tf' | 'darknet'
}

/** For each anchor 4 numbers of a box, its confidence and the classes, at every 32nd pixel. */
type Boxes<S extends Image, C extends number, A extends number> = readonly [
  Quotient<S[0], 32>,
  Quotient<S[1], 32>,
  Multiply<A, Add<C, 5>>,
]

/** A finer map beside a coarser one of half its height and width: the passthrough layer. */
const passthrough = <I extends Inputs>(
  from: Net.Net<I, Image>,
  to: Net.Net<I, Image>,
  form: 'tf' | 'darknet',
): Net.Net<I, Image> =>
  Layer.concat(pipe(from, conv('passthrough', 64, 1), Layer.spaceToDepth(2, { form })), to) as Net.Net<I, Image>

/**
 * YOLOv2 on Darknet-19, [416, 416, 3] to [13, 13, 125] (VOC's 20 classes, 5 anchors) by default; the height and width
 * are multiples of 32. The output is linear: for each anchor tx, ty, tw, th, to and the classes' logits.
 * 50,655,389 parameters, with the moving statistics 50,676,061.
 */
export const yoloV2 = <
  const S extends Image = readonly [416, 416, 3],
  const C extends number = 20,
  const A extends number = 5,
>({
  anchors,
  reorg = 'tf',
  ...options
}: YoloOptions<S, C, A> = {}): Net.Net<S, Boxes<S, C, A>> => {
  const { x, classes } = start(options, { input: [416, 416, 3], classes: 20 })
  const middle = fine(x as Net.Net<S, Image>)
  const deep = inTurn([coarse, conv('conv19', 1024, 3), conv('conv20', 1024, 3)])(middle)
  const boxes = pipe(
    passthrough(middle, deep, reorg),
    conv('conv21', 1024, 3),
    Layer.conv2d((anchors ?? 5) * (classes + 5), 1, { name: 'boxes', init: Init.he() }),
  )
  return boxes as Net.Net<S, Image> as Net.Net<S, Boxes<S, C, A>>
}
