/** He, Zhang, Ren & Sun 2015, Deep residual learning for image recognition. */
import { pipe } from '#fp/function.js'
import * as Layer from '../nn/Layer.js'
import * as Net from '../nn/Net.js'
import { type Image, inTurn, type Options, type Part, start, unit } from './images.js'

const relu = Layer.relu()

/** relu(f(x) + shortcut(x)) */
const joined = (name: string, f: Part, shortcut: Part): Part =>
  Net.scope(name, x => pipe(Layer.add(f(x), shortcut(x)), Layer.relu()))

/** Two convolutions of 3 x 3 (figure 5, left). */
const basic = (filters: number, stride: number): Part =>
  inTurn([
    unit('conv1', filters, 3, { stride, padding: 1, activation: relu }),
    unit('conv2', filters, 3, { padding: 1 }),
  ])

/** 1 x 1, 3 x 3, 1 x 1 with 4 times the filters (figure 5, right); the stride is the 3 x 3's, as in Torch. */
const bottleneck = (filters: number, stride: number): Part =>
  inTurn([
    unit('conv1', filters, 1, { activation: relu }),
    unit('conv2', filters, 3, { stride, padding: 1, activation: relu }),
    unit('conv3', 4 * filters, 1),
  ])

type Kind = 'basic' | 'bottleneck'

const stage = (kind: Kind, i: number, blocks: number): Part => {
  const filters = 64 << i
  const out = kind === 'basic' ? filters : 4 * filters
  return Net.scope(`stage${i + 1}`, x =>
    pipe(
      x,
      inTurn(
        Array.from({ length: blocks }, (_, b): Part => {
          const stride = i > 0 && b === 0 ? 2 : 1
          const f = kind === 'basic' ? basic(filters, stride) : bottleneck(filters, stride)
          const same = b > 0 || (i === 0 && out === 64)
          return joined(`block${b + 1}`, f, same ? Layer.identity() : unit('shortcut', out, 1, { stride, padding: 0 }))
        }),
      ),
    ),
  )
}

type Blocks = readonly [number, number, number, number]

const resnet = <S extends Image, C extends number>(
  kind: Kind,
  blocks: Blocks,
  options: Options<S, C>,
): Net.Net<S, readonly [C]> => {
  const { x, classes } = start(options, { input: [224, 224, 3], classes: 1000 })
  return pipe(
    x as Net.Net<S, Image>,
    unit('conv1', 64, 7, { stride: 2, padding: 3, activation: relu }),
    Layer.maxPool2d(3, { stride: 2, padding: 1 }),
    inTurn(blocks.map((n, i) => stage(kind, i, n))),
    Layer.globalAveragePool(),
    Layer.dense(classes, { name: 'classifier' }),
  )
}

/** ResNet-18 (table 1), [224, 224, 3] to [1000] by default, padded as in Torch. 11,689,512 parameters. */
export const resnet18 = <const S extends Image = readonly [224, 224, 3], const C extends number = 1000>(
  options: Options<S, C> = {},
): Net.Net<S, readonly [C]> => resnet('basic', [2, 2, 2, 2], options)

/** ResNet-34 (table 1), [224, 224, 3] to [1000] by default, padded as in Torch. 21,797,672 parameters. */
export const resnet34 = <const S extends Image = readonly [224, 224, 3], const C extends number = 1000>(
  options: Options<S, C> = {},
): Net.Net<S, readonly [C]> => resnet('basic', [3, 4, 6, 3], options)

/** ResNet-50 (table 1), [224, 224, 3] to [1000] by default, padded as in Torch. 25,557,032 parameters. */
export const resnet50 = <const S extends Image = readonly [224, 224, 3], const C extends number = 1000>(
  options: Options<S, C> = {},
): Net.Net<S, readonly [C]> => resnet('bottleneck', [3, 4, 6, 3], options)

/** Every second pixel, and zeros for the new channels (option A of section 3.3): no parameters. */
const halved =
  (channels: number): Part =>
  x =>
    pipe(
      x,
      Layer.maxPool2d(1, { stride: 2 }),
      Layer.pad([
        [0, 0],
        [0, 0],
        [0, channels],
      ]),
    )

const smallStage = (i: number, blocks: number): Part =>
  Net.scope(
    `stage${i + 1}`,
    inTurn(
      Array.from({ length: blocks }, (_, b): Part => {
        const down = i > 0 && b === 0
        return joined(`block${b + 1}`, basic(16 << i, down ? 2 : 1), down ? halved(8 << i) : Layer.identity())
      }),
    ),
  )

/**
 * The ResNets for CIFAR (section 4.2) of depth 6 n + 2, [32, 32, 3] to [10] by default. Parameters of depth 20 (the
 * default) 269,722, 32 464,154, 44 658,586, 56 853,018, 110 1,727,962.
 */
export const cifarResnet = <const S extends Image = readonly [32, 32, 3], const C extends number = 10>(
  options: Options<S, C> & { readonly depth?: 20 | 32 | 44 | 56 | 110 } = {},
): Net.Net<S, readonly [C]> => {
  const { x, classes } = start(options, { input: [32, 32, 3], classes: 10 })
  const blocks = ((options.depth ?? 20) - 2) / 6
  return pipe(
    x as Net.Net<S, Image>,
    unit('conv1', 16, 3, { padding: 1, activation: relu }),
    inTurn([0, 1, 2].map(i => smallStage(i, blocks))),
    Layer.globalAveragePool(),
    Layer.dense(classes, { name: 'classifier' }),
  )
}
