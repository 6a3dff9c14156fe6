/** ONNX's operators by what gradus calls theirs: an operation, a layer, or a line of them. */
import type { Builders } from '../node.js'
import { elementwise } from './elementwise.js'
import { images } from './images.js'
import { layers } from './layers.js'
import { losses } from './losses.js'
import { picking } from './picking.js'
import { reductions } from './reductions.js'
import { shaping } from './shaping.js'
import { training } from './training.js'

export const builders: Builders = {
  ...elementwise,
  ...reductions,
  ...shaping,
  ...picking,
  ...images,
  ...layers,
  ...losses,
  ...training,
}
