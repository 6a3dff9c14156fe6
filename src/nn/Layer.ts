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
export { type Conv2d, type Conv2dOptions, conv2d } from './layers/conv.js'
export { type Dense, type DenseOptions, dense } from './layers/dense.js'
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
export { type PreluOptions, prelu } from './layers/prelu.js'
export { rescale, standardize } from './layers/scaling.js'
export { flatten, identity, reshape } from './layers/shaping.js'
export type { Keeps, Named, To, Vector } from './layers/types.js'
