/** What the labels of a data set must be, from the shape in which a net ends. */
import type { Class, Values } from '../data/Label.js'
import type { Shape } from '../shape/Dims.js'

export interface Targets<O extends Shape> {
  readonly class: Class<O[0] & number>
  readonly values: Values<O>
}
