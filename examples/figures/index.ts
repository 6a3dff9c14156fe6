/** All figures, in the order of the lecture. */
import { activations } from './activations.js'
import { batchNorm } from './batchNorm.js'
import { dropout } from './dropout.js'
import { earlyStopping } from './earlyStopping.js'
import { initialization } from './initialization.js'
import { momentum } from './momentum.js'
import { learningRates } from './rates.js'
import { ravine } from './ravine.js'
import { schedules } from './schedules.js'
import { selu } from './selu.js'
import type { Figure } from './theme.js'

export const figures: readonly Figure<unknown>[] = [
  activations,
  initialization,
  selu,
  batchNorm,
  ravine,
  momentum,
  learningRates,
  schedules,
  earlyStopping,
  dropout,
]
