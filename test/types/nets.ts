/**
 * ResNet-18, MobileNet v2 and YOLOv2 written out with every size in its type: this file must compile, within the budget
 * that nets.test.ts sets.
 */
import { type Inputs, Layer, Net, pipe, Zoo } from '../../src/index.js'

type Image<I extends Inputs, H extends number, W extends number, C extends number> = Net<I, readonly [H, W, C]>

/** Convolution with or without a stride, and batch normalization. */
const unit =
  <F extends number, K extends number, S extends number = 1>(filters: F, size: K, stride: S = 1 as S) =>
  <I extends Inputs, H extends number, W extends number, C extends number>(x: Image<I, H, W, C>) =>
    pipe(x, Layer.conv2d(filters, size, { stride, padding: 'same', bias: false }), Layer.batchNorm())

// --- ResNet-18 --------------------------------------------------------------------------------------------------------
const start = pipe(Net.input(224, 224, 3), unit(64, 7, 2), Layer.relu(), Layer.maxPool2d(3, { stride: 2, padding: 1 }))
const stage1 = pipe(
  start,
  Layer.residual(x => pipe(x, unit(64, 3), Layer.relu(), unit(64, 3))),
  Layer.relu(),
  Layer.residual(x => pipe(x, unit(64, 3), Layer.relu(), unit(64, 3))),
  Layer.relu(),
)
const stage2 = pipe(
  Layer.add(pipe(stage1, unit(128, 3, 2), Layer.relu(), unit(128, 3)), pipe(stage1, unit(128, 1, 2))),
  Layer.relu(),
  Layer.residual(x => pipe(x, unit(128, 3), Layer.relu(), unit(128, 3))),
  Layer.relu(),
)
const stage3 = pipe(
  Layer.add(pipe(stage2, unit(256, 3, 2), Layer.relu(), unit(256, 3)), pipe(stage2, unit(256, 1, 2))),
  Layer.relu(),
  Layer.residual(x => pipe(x, unit(256, 3), Layer.relu(), unit(256, 3))),
  Layer.relu(),
)
const stage4 = pipe(
  Layer.add(pipe(stage3, unit(512, 3, 2), Layer.relu(), unit(512, 3)), pipe(stage3, unit(512, 1, 2))),
  Layer.relu(),
  Layer.residual(x => pipe(x, unit(512, 3), Layer.relu(), unit(512, 3))),
  Layer.relu(),
)
export const resnetEnd: readonly [7, 7, 512] = stage4.shape
export const resnet18: Net<readonly [224, 224, 3], readonly [1000]> = pipe(
  stage4,
  Layer.globalAveragePool(),
  Layer.dense(1000),
)

// --- MobileNet v2 -----------------------------------------------------------------------------------------------------
/** Expanded to `wide` channels, each filtered by itself, projected. */
const inverted =
  <E extends number, F extends number, S extends number>(wide: E, filters: F, stride: S) =>
  <I extends Inputs, H extends number, W extends number, C extends number>(x: Image<I, H, W, C>) =>
    pipe(
      x,
      unit(wide, 1),
      Layer.relu6(),
      Layer.conv2d(wide, 3, { stride, padding: 'same', groups: wide, bias: false }),
      Layer.batchNorm(),
      Layer.relu6(),
      unit(filters, 1),
    )

const early = pipe(
  Net.input(224, 224, 3),
  unit(32, 3, 2),
  Layer.relu6(),
  inverted(32, 16, 1),
  inverted(96, 24, 2),
  Layer.residual(x => inverted(144, 24, 1)(x)),
  inverted(144, 32, 2),
  Layer.residual(x => inverted(192, 32, 1)(x)),
  Layer.residual(x => inverted(192, 32, 1)(x)),
  inverted(192, 64, 2),
  Layer.residual(x => inverted(384, 64, 1)(x)),
  Layer.residual(x => inverted(384, 64, 1)(x)),
  Layer.residual(x => inverted(384, 64, 1)(x)),
)
const late = pipe(
  early,
  inverted(384, 96, 1),
  Layer.residual(x => inverted(576, 96, 1)(x)),
  Layer.residual(x => inverted(576, 96, 1)(x)),
  inverted(576, 160, 2),
  Layer.residual(x => inverted(960, 160, 1)(x)),
  Layer.residual(x => inverted(960, 160, 1)(x)),
  inverted(960, 320, 1),
  unit(1280, 1),
  Layer.relu6(),
)
export const mobileEnd: readonly [7, 7, 1280] = late.shape
export const mobilenetV2: Net<readonly [224, 224, 3], readonly [1000]> = pipe(
  late,
  Layer.globalAveragePool(),
  Layer.dense(1000),
)

// --- YOLOv2 -----------------------------------------------------------------------------------------------------------
const leaky =
  <F extends number, K extends number>(filters: F, size: K) =>
  <I extends Inputs, H extends number, W extends number, C extends number>(x: Image<I, H, W, C>) =>
    pipe(x, unit(filters, size), Layer.leakyRelu({ alpha: 0.1 }))

const middle = pipe(
  pipe(
    Net.input(416, 416, 3),
    leaky(32, 3),
    Layer.maxPool2d(2),
    leaky(64, 3),
    Layer.maxPool2d(2),
    leaky(128, 3),
    leaky(64, 1),
    leaky(128, 3),
    Layer.maxPool2d(2),
    leaky(256, 3),
    leaky(128, 1),
    leaky(256, 3),
    Layer.maxPool2d(2),
  ),
  leaky(512, 3),
  leaky(256, 1),
  leaky(512, 3),
  leaky(256, 1),
  leaky(512, 3),
)
const deep = pipe(
  middle,
  Layer.maxPool2d(2),
  leaky(1024, 3),
  leaky(512, 1),
  leaky(1024, 3),
  leaky(512, 1),
  leaky(1024, 3),
  leaky(1024, 3),
  leaky(1024, 3),
)
export const yoloV2: Net<readonly [416, 416, 3], readonly [13, 13, 425]> = pipe(
  Layer.concat(pipe(middle, leaky(64, 1), Layer.spaceToDepth(2)), deep),
  leaky(1024, 3),
  Layer.conv2d(425, 1),
)

// --- and those of the zoo -----------------------------------------------------------------------------------------------
export const zoo: readonly [
  Net<readonly [224, 224, 3], readonly [1000]>,
  Net<readonly [224, 224, 3], readonly [1000]>,
  Net<readonly [416, 416, 3], readonly [13, 13, 425]>,
] = [Zoo.resnet18(), Zoo.mobilenetV2(), Zoo.yoloV2({ classes: 80 })]
