/**
 * Nets of the literature as plain values, with their published parameter counts. Those that classify end in logits;
 * convolutions without a bias before a batch normalization, initial values of He et al. 2015.
 */
export { darknet19, type YoloOptions, yoloV2 } from './darknet.js'
export type { Image, Options } from './images.js'
export { lenet5 } from './lenet.js'
export { mobilenetV1, mobilenetV2, type WidthOptions } from './mobilenet.js'
export { cifarResnet, resnet18, resnet34, resnet50 } from './resnet.js'
export { smallVgg } from './vgg.js'
