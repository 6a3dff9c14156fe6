/** The definitions that come with the library, for decoding: `Optimizer.codec(standard)`. */
import * as Clip from './Clip.js'
import * as Constraint from './Constraint.js'
import * as Decay from './Decay.js'
import * as Guard from './Guard.js'
import * as Optimizer from './Optimizer.js'
import * as Schedule from './Schedule.js'
import type { StageDefinitions } from './Stage.js'
import { definitions as only } from './stages/only.js'

/** All stages and schedules of the library. */
export const standard: StageDefinitions = {
  stage: [
    ...Clip.definitions,
    ...Decay.definitions,
    ...Guard.definitions,
    ...Constraint.definitions,
    ...Optimizer.definitions,
    ...only,
  ],
  schedule: Schedule.definitions,
}
