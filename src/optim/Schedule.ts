/**
 * Schedules: how a rate depends on the step, as data. The meaning of a schedule is an expression of the step, so the
 * rate is computed inside the train step, in float64.
 *
 *     rate : Schedule -> Step -> Rate        Step t = 0, 1, 2, ... is the number of steps already taken
 *
 * Two monoids, both up to equality of the values and so of their meanings:
 * - `MonoidProduct`: the pointwise product, with `constant(1)`; products are flat and hold no `constant(1)`.
 * - `MonoidTimed`: phases one after another, with no phases at all. `sequence(phases, rest)` is their meaning, and
 *   sequence(a, sequence(b, z)) = sequence([...a, ...b], z).
 */
import type * as t from '#io/index.js'
import { type Definitions, specCodec } from '../graph/specCodec.js'
import * as combine from './schedules/combine.js'
import * as cycle from './schedules/cycle.js'
import * as decay from './schedules/decay.js'
import { constantMaker, type Schedule, type ScheduleDefinition } from './schedules/define.js'

export { MonoidProduct, MonoidTimed, type Phase, phase, product, sequence, type Timed } from './schedules/combine.js'
export { type CosineRestarts, cosineRestarts, type OneCycle, oneCycle } from './schedules/cycle.js'
export {
  cosine,
  exponential,
  type Fall,
  linear,
  type Piecewise,
  piecewise,
  polynomial,
  power,
  warmup,
} from './schedules/decay.js'
export {
  constant,
  define,
  of,
  type Rate,
  rate,
  type Schedule,
  type ScheduleDef,
  type ScheduleDefinition,
  type ScheduleMaker,
  setting,
} from './schedules/define.js'

/** The definitions that come with the library, for decoding. */
export const definitions: readonly ScheduleDefinition[] = [
  constantMaker.def,
  ...decay.definitions,
  ...cycle.definitions,
  ...combine.definitions,
]

/** A schedule as JSON, `{ of: 'schedule', kind, config }`. Decoding takes untrusted input. Law: decode . encode = id. */
export const codec = (schedules: readonly ScheduleDefinition[]): t.Type<Schedule, unknown> => {
  const all: Definitions = { schedule: schedules }
  return specCodec('schedule', schedules, all)
}
