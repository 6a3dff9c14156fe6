/** The definitions that come with the library, for decoding: `Net.codec(standard)`. */
import type { LayerDefinition } from './Definition.js'
import * as Init from './Init.js'
import * as Layer from './Layer.js'
import * as Loss from './Loss.js'

const layers: readonly LayerDefinition[] = [
  Layer.dense.def,
  Layer.conv1d.def,
  Layer.conv2d.def,
  Layer.depthwiseConv2d.def,
  Layer.separableConv1d.def,
  Layer.separableConv2d.def,
  Layer.convTranspose1d.def,
  Layer.convTranspose2d.def,
  Layer.maxPool2d.def,
  Layer.averagePool2d.def,
  Layer.globalAveragePool.def,
  Layer.globalMaxPool.def,
  Layer.maxPool1d.def,
  Layer.averagePool1d.def,
  Layer.globalAveragePool1d.def,
  Layer.globalMaxPool1d.def,
  Layer.upsample.def,
  Layer.crop.def,
  Layer.spaceToDepth.def,
  Layer.depthToSpace.def,
  Layer.pad.def,
  Layer.batchNorm.def,
  Layer.layerNorm.def,
  Layer.groupNorm.def,
  Layer.dropout.def,
  Layer.spatialDropout.def,
  Layer.alphaDropout.def,
  Layer.gaussianDropout.def,
  Layer.gaussianNoise.def,
  Layer.flatten.def,
  Layer.reshape.def,
  Layer.add.def,
  Layer.residual.def,
  Layer.concat.def,
  Layer.rescale.def,
  Layer.standardize.def,
  Layer.celu.def,
  Layer.elu.def,
  Layer.gelu.def,
  Layer.hardSigmoid.def,
  Layer.leakyRelu.def,
  Layer.logistic.def,
  Layer.mish.def,
  Layer.prelu.def,
  Layer.relu.def,
  Layer.relu6.def,
  Layer.selu.def,
  Layer.softplus.def,
  Layer.softsign.def,
  Layer.swish.def,
  Layer.tanh.def,
]

/** Layers and initializers. */
export const standard = [...layers, ...Init.definitions]

/** Losses, for `Loss.codec(standardLosses)`. */
export const standardLosses = Loss.definitions
