/** The definitions that come with the library, for decoding: `Optimizer.codec(standard)`. */
import * as Clip from './Clip.js'
import * as Optimizer from './Optimizer.js'
import * as Schedule from './Schedule.js'
import type { StageDefinitions } from './Stage.js'

export const standard: StageDefinitions = {
  stage: [...Clip.definitions, ...Optimizer.definitions],
  schedule: Schedule.definitions,
}
