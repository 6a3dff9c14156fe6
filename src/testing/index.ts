/**
 * gradus/testing: what the library's own tests are made of, for the tests of your own layers, losses, operations and
 * recipes. A check gives `Right` or the first fault, one sentence with the layer, the element and both values; `orThrow`
 * makes an exception of it. Needs fast-check.
 */
export * as Arbitrary from './arbitraries.js'
export type { Checked, Fault } from './Fault.js'
export { checkGradients, type GradientOptions } from './gradient.js'
export { checkKernels, checkRows, type KernelOptions } from './kernels.js'
export { checkNet, type LayerOptions } from './layer.js'
export { checkLoss, type LossOptions } from './loss.js'
export { checkFunction, checkOp, type FunctionOptions } from './op.js'
export { checkDeterminism, checkStates, type DeterminismOptions } from './recipe.js'
export { checkRoundTrip } from './roundTrip.js'
export { type Domain, draw, type Values } from './values.js'
