/** All figures, in the order of the lecture. */
import { activations } from './activations.js'
import { dropout } from './dropout.js'
import { earlyStopping } from './earlyStopping.js'
import { momentum } from './momentum.js'
import { learningRates } from './rates.js'
import { ravine } from './ravine.js'
import { schedules } from './schedules.js'
import type { Figure } from './theme.js'

export const figures: readonly Figure<unknown>[] = [
  activations,
  ravine,
  momentum,
  learningRates,
  schedules,
  earlyStopping,
  dropout,
]
