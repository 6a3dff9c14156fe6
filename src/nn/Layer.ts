/**
 * Layers: functions from nets to nets. Each makes plain data; what it means stands in its definition, `.def`.
 *
 * Laws: composition is associative and `identity` its unit, up to equality of the net, its hash and its initial values.
 */
export type { LayerDef, LayerDefinition, ParamSpec, Vars } from './Definition.js'
export { define } from './define.js'
export {
  celu,
  elu,
  gelu,
  hardSigmoid,
  leakyRelu,
  logistic,
  mish,
  relu,
  relu6,
  selu,
  silu,
  softplus,
  softsign,
  swish,
  tanh,
} from './layers/activations.js'
export { type BatchNormOptions, batchNorm } from './layers/batchNorm.js'
export { type DepthToSpaceOptions, depthToSpace, type SpaceToDepthOptions, spaceToDepth } from './layers/blocks.js'
export { type Conv1d, type Conv1dOptions, type Conv2d, type Conv2dOptions, conv1d, conv2d } from './layers/conv.js'
export { type Dense, type DenseOptions, dense } from './layers/dense.js'
export {
  type DepthwiseConv2d,
  type DepthwiseConv2dOptions,
  depthwiseConv2d,
  type SeparableConv1d,
  type SeparableConv1dOptions,
  type SeparableConv2d,
  type SeparableConv2dOptions,
  separableConv1d,
  separableConv2d,
} from './layers/depthwise.js'
export { alphaDropout, dropout, gaussianDropout, gaussianNoise, spatialDropout } from './layers/dropout.js'
export type { Images } from './layers/images.js'
export { type GroupNormOptions, groupNorm, type LayerNormOptions, layerNorm } from './layers/layerNorm.js'
export { add, concat, residual } from './layers/merge.js'
export { type PadOptions, pad } from './layers/pad.js'
export {
  type AveragePool2dOptions,
  averagePool2d,
  globalAveragePool,
  globalMaxPool,
  maxPool2d,
  type Pool2dOptions,
} from './layers/pool.js'
export {
  type AveragePool1dOptions,
  averagePool1d,
  globalAveragePool1d,
  globalMaxPool1d,
  maxPool1d,
  type Pool1dOptions,
} from './layers/pool1d.js'
export { type PreluOptions, prelu } from './layers/prelu.js'
export { crop, type UpsampleOptions, upsample } from './layers/resample.js'
export { rescale, standardize } from './layers/scaling.js'
export type { Sequences } from './layers/sequences.js'
export { flatten, identity, reshape } from './layers/shaping.js'
export {
  type ConvTranspose1d,
  type ConvTranspose1dOptions,
  type ConvTranspose2d,
  type ConvTranspose2dOptions,
  convTranspose1d,
  convTranspose2d,
} from './layers/transposed.js'
export type { Keeps, Named, To, Vector } from './layers/types.js'
