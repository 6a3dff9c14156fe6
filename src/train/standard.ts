/** Everything that comes with the library, for decoding: `Recipe.codec(standard)`, `Model.load(standard)`. */
import * as Augment from '../data/Augment.js'
import { standard as layers, standardLosses } from '../nn/standard.js'
import { standard as optimizers } from '../optim/standard.js'
import * as Metric from './Metric.js'
import type { Definitions } from './Recipe.js'
import * as Stop from './Stop.js'

/** All definitions of the library; put your own beside them: `{ ...standard, net: [...standard.net, gate.def] }`. */
export const standard: Definitions = {
  net: layers,
  loss: standardLosses,
  metric: Metric.definitions,
  stop: Stop.definitions,
  augmentation: Augment.definitions,
  ...optimizers,
}
