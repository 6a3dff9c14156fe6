/**
 * Layers: functions from nets to nets. Each makes plain data; what it means stands in its definition, `.def`.
 *
 * Laws: composition is associative and `identity` its unit, up to equality of the net, its hash and its initial values.
 */
export type { LayerDef, LayerDefinition, ParamSpec, Vars } from './Definition.js'
export { define } from './define.js'
export { elu, gelu, leakyRelu, logistic, relu, selu, softplus, swish, tanh } from './layers/activations.js'
export { type BatchNormOptions, batchNorm } from './layers/batchNorm.js'
export { type Dense, type DenseOptions, dense } from './layers/dense.js'
export { dropout } from './layers/dropout.js'
export { add, concat, residual } from './layers/merge.js'
export { rescale, standardize } from './layers/scaling.js'
export { flatten, identity, reshape } from './layers/shaping.js'
export type { Keeps, Named, To, Vector } from './layers/types.js'
