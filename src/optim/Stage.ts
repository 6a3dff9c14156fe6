/**
 * Stages: what stands between the gradients and the parameters, as data.
 *
 *     stage = (gradients, params, slots, step, loss) -> (updates, slots')
 *
 * An optimizer is a flat list of stages. Each stage takes the updates of the one before it as its gradients; at the end
 * p' = p - update, then a stage may project the new parameters (constraints, averages). So chaining is the
 * concatenation of lists: strictly associative, also on the state, and the empty list is plain descent at rate 1.
 *
 * A slot is state of a stage: one f32 tensor for every parameter, of its shape, filled with `init` at first. A scalar is
 * one f64. In an optimizer they are named by the stage's position: `1/momentum`, `0/skipped`.
 *
 * A stage may skip the rest of a step: the stages after it keep their state, the parameters theirs, and the clock of
 * the later stages (schedules, bias corrections) stands still.
 */
import type * as t from '#io/index.js'
import { type Definitions, specCodec } from '../graph/specCodec.js'
import type { ScheduleDefinition } from './schedules/define.js'
import type { Stage, StageDefinition } from './stages/define.js'

export {
  type Average,
  define,
  type Judge,
  type Leaf,
  leafwise,
  mapGradients,
  type ProjectInput,
  type ProjectOutput,
  type Scalars,
  type Slot,
  type Slots,
  type Stage,
  type StageDef,
  type StageDefinition,
  type StageInput,
  type StageMaker,
  type StageOutput,
  setting,
} from './stages/define.js'
export { only } from './stages/only.js'
export {
  apply,
  averageOf,
  check,
  judge,
  run,
  type Stepped,
  scalarsOf,
  slotsOf,
  type Transformed,
  transform,
  watchedBy,
} from './stages/run.js'

/** The definitions that decoding may use. */
export interface StageDefinitions extends Definitions {
  readonly stage: readonly StageDefinition[]
  readonly schedule: readonly ScheduleDefinition[]
}

/** A stage as JSON, `{ of: 'stage', kind, config }`. Decoding takes untrusted input. Law: decode . encode = id. */
export const codec = (definitions: StageDefinitions): t.Type<Stage, unknown> =>
  specCodec('stage', definitions.stage, definitions)
