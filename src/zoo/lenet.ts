/** LeCun, Bottou, Bengio & Haffner 1998, Gradient-based learning applied to document recognition, section II.B. */
import { pipe } from '#fp/function.js'
import * as Layer from '../nn/Layer.js'
import type { Net } from '../nn/Net.js'
import { type Image, type Options, start } from './images.js'

const field = 32

/** What centers n pixels in the field; nothing where they are more. */
const margin = (n: number): readonly [number, number] => {
  const all = Math.max(0, field - n)
  return [all >> 1, all - (all >> 1)]
}

/**
 * LeNet-5 in its common form: full connections between the maps, pools without weights, logits in place of the radial
 * basis functions. [32, 32, 1] to [10] by default; a smaller image, [28, 28, 1], is centered in 32 x 32 zeros, as the
 * paper centers its digits. 61,706 parameters.
 */
export const lenet5 = <const S extends Image = readonly [32, 32, 1], const C extends number = 10>(
  options: Options<S, C> = {},
): Net<S, readonly [C]> => {
  const { x, classes } = start(options, { input: [field, field, 1], classes: 10 })
  const [height, width] = x.shape
  return pipe(
    x as Net<S, Image>,
    Layer.conv2d(6, 5, { padding: [margin(height), margin(width)], name: 'conv1' }),
    Layer.tanh(),
    Layer.averagePool2d(2),
    Layer.conv2d(16, 5, { name: 'conv2' }),
    Layer.tanh(),
    Layer.averagePool2d(2),
    Layer.flatten(),
    Layer.dense(120, { name: 'dense1' }),
    Layer.tanh(),
    Layer.dense(84, { name: 'dense2' }),
    Layer.tanh(),
    Layer.dense(classes, { name: 'classifier' }),
  )
}
