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
import type { Monoid } from '#fp/Monoid.js'
import * as t from '#io/index.js'
import { constant as constantExpr, type Expr, invalid } from '../graph/Expr.js'
import type { Definition, Spec } from '../graph/Spec.js'
import { erase, flag, notNegative, numberThat, positive, that } from '../graph/settings.js'
import { type Definitions, encodeSpec, specCodec } from '../graph/specCodec.js'
import { add, div, floor, minimum, mul, sub } from '../op/arithmetic.js'
import { pow } from '../op/math.js'
import { le, lt, select } from '../op/select.js'

/** What `define` takes. `config` must accept its own values, which are plain data. */
export interface ScheduleDef<C> {
  /** qualified: `gradus/exponential`, `acme/wave` */
  readonly kind: string
  readonly config: t.Type<C, unknown>
  /** the rate (rank 0, f64) at a step (rank 0, f64) */
  readonly rate: (config: C, step: Expr) => Expr
}

/** A ScheduleDef without its types. */
export interface ScheduleDefinition extends Definition {
  readonly rate: (config: unknown, step: Expr) => Expr
}

/** A schedule as data: equal when its kind and settings are. */
export interface Schedule extends Spec<'schedule'> {
  readonly def?: ScheduleDefinition
}

/** What is accepted wherever a schedule is: a number stands for `constant`. */
export type Rate = Schedule | number

/** Makes a schedule of its settings; `def` is what decoding asks for. */
export interface ScheduleMaker<C> {
  (config: C): Schedule
  readonly def: ScheduleDefinition
}

/** Declares a kind of schedule; nothing is registered anywhere. */
export const define = <C>({ kind, config, rate: meaning }: ScheduleDef<C>): ScheduleMaker<C> => {
  const def: ScheduleDefinition = { kind, config: erase(config), rate: (c, step) => meaning(c as C, step) }
  return Object.assign((c: C): Schedule => ({ of: 'schedule', kind, config: c, def }), { def })
}

/** The rate at a step: both rank 0 and f64. */
export const rate = (schedule: Rate, step: Expr): Expr => {
  const { def, config, kind } = of(schedule)
  return def
    ? def.rate(config, step)
    : invalid('schedule', `"${kind}" has no definition; make it by its constructor or decode it with Schedule.codec`)
}

const f64 = (x: number): Expr => constantExpr(x, 'f64')
const settings = <P extends t.Props>(props: P) => t.exact(t.type(props))

// --- leaves -----------------------------------------------------------------------------------------------------------
const constantMaker = define({
  kind: 'gradus/constant',
  config: settings({ value: notNegative }),
  rate: ({ value }) => f64(value),
})

/** The same rate at every step. */
export const constant = (value: number): Schedule => constantMaker({ value })

/** A number as a schedule; a schedule as it is. */
export const of = (rate: Rate): Schedule => (typeof rate === 'number' ? constant(rate) : rate)

const exponentialMaker = define({
  kind: 'gradus/exponential',
  config: settings({ initial: notNegative, steps: positive, decay: positive, staircase: flag }),
  rate: ({ initial, steps, decay, staircase }, step) => {
    const periods = div(step, steps)
    return mul(initial, pow(decay, staircase ? floor(periods) : periods))
  },
})

/** initial decay^(t / steps); with `staircase` the exponent is floored, so that the rate falls once in `steps` steps. */
export const exponential = (o: {
  readonly initial: number
  readonly steps: number
  readonly decay: number
  readonly staircase?: boolean
}): Schedule =>
  exponentialMaker({ initial: o.initial, steps: o.steps, decay: o.decay, staircase: o.staircase ?? false })

interface Piecewise {
  readonly boundaries: readonly number[]
  readonly values: readonly number[]
}

const isNumbers = (u: unknown): u is readonly number[] => Array.isArray(u) && u.every(x => Number.isFinite(x))
const ascending = that(
  'a list of ascending numbers',
  (u): u is readonly number[] => isNumbers(u) && u.every((x, i) => i === 0 || x > (u[i - 1] as number)),
)
const rates = that(
  'a list of numbers >= 0',
  (u): u is readonly number[] => isNumbers(u) && u.length > 0 && u.every(x => x >= 0),
)
const pieces = settings({ boundaries: ascending, values: rates })

const piecewiseMaker = define({
  kind: 'gradus/piecewise',
  config: new t.Type<Piecewise, unknown>(
    pieces.name,
    (u): u is Piecewise => pieces.is(u) && u.values.length === u.boundaries.length + 1,
    (u, c) => {
      const parts = pieces.validate(u, c)
      if (parts._tag === 'Left') return parts
      const { boundaries, values } = parts.right
      return values.length === boundaries.length + 1
        ? parts
        : t.failure(
            u,
            c,
            `${boundaries.length} boundaries separate ${boundaries.length + 1} values, not ${values.length}`,
          )
    },
    pieces.encode,
  ),
  rate: ({ boundaries, values }, step) =>
    boundaries.reduceRight(
      (after, b, i) => select(le(step, b), f64(values[i] as number), after),
      f64(values[boundaries.length] as number),
    ),
})

/** values[0] while t <= boundaries[0], values[1] while t <= boundaries[1], ..., then the last one. */
export const piecewise = (o: Piecewise): Schedule => piecewiseMaker({ boundaries: o.boundaries, values: o.values })

const powerMaker = define({
  kind: 'gradus/power',
  config: settings({ initial: notNegative, steps: positive, power: notNegative }),
  rate: ({ initial, steps, power: exponent }, step) => mul(initial, pow(add(div(step, steps), 1), -exponent)),
})

/** initial (1 + t / steps)^-power; power 1 by default: inverse time. */
export const power = (o: { readonly initial: number; readonly steps: number; readonly power?: number }): Schedule =>
  powerMaker({ initial: o.initial, steps: o.steps, power: o.power ?? 1 })

const linearMaker = define({
  kind: 'gradus/linear',
  config: settings({ initial: notNegative, final: notNegative, steps: positive }),
  rate: ({ initial, final, steps }, step) => {
    const done = minimum(div(step, steps), 1)
    return add(mul(initial, sub(1, done)), mul(final, done))
  },
})

/** A line from `initial` at t = 0 to `final` at t = steps, where it stays. */
export const linear = (o: { readonly initial: number; readonly final: number; readonly steps: number }): Schedule =>
  linearMaker({ initial: o.initial, final: o.final, steps: o.steps })

/** The factor min(t / steps, 1), for a product: `product(warmup(500), 0.1)`. */
export const warmup = (steps: number): Schedule => linear({ initial: 0, final: 1, steps })

// --- combinations -----------------------------------------------------------------------------------------------------
const isSchedule = (u: unknown): u is Schedule => {
  if (typeof u !== 'object' || u === null || !('of' in u && 'def' in u && 'config' in u)) return false
  const { def } = u
  return (
    u.of === 'schedule' && typeof def === 'object' && def !== null && 'rate' in def && typeof def.rate === 'function'
  )
}

/**
 * A schedule among the settings of a stage or of another schedule, for their codecs. Numbers are read as `constant`;
 * a schedule in JSON is bound to its definition by the codec around it (`Stage.codec`, `Schedule.codec`).
 */
export const setting: t.Type<Schedule, unknown> = new t.Type<Schedule, unknown>(
  'a number or a schedule',
  (u): u is Schedule => isSchedule(u) && u.def?.config.is(u.config) === true,
  (u, c) => {
    const schedule = typeof u === 'number' ? constant(u) : u
    if (!isSchedule(schedule) || !schedule.def) return t.failure(u, c)
    const config = schedule.def.config.validate(schedule.config, c)
    return config._tag === 'Left' ? config : t.success(schedule)
  },
  encodeSpec,
)

interface Product {
  readonly factors: readonly Schedule[]
}

const productMaker = define<Product>({
  kind: 'gradus/product',
  config: settings({ factors: t.readonlyArray(setting) }),
  rate: ({ factors }, step) => factors.map(f => rate(f, step)).reduce((a, b) => mul(a, b), f64(1)),
})

const factorsOf = (s: Schedule): readonly Schedule[] => {
  if (s.def === productMaker.def) return (s.config as Product).factors
  return s.def === constantMaker.def && (s.config as { readonly value: number }).value === 1 ? [] : [s]
}

/** The pointwise product, e.g. a warm-up times a decay. */
export const product = (...schedules: readonly Rate[]): Schedule => {
  const factors = schedules.flatMap(s => factorsOf(of(s)))
  const [only, ...more] = factors
  return only && more.length > 0 ? productMaker({ factors }) : (only ?? constant(1))
}

export const MonoidProduct: Monoid<Schedule> = { concat: (a, b) => product(a, b), empty: constant(1) }

/** A schedule that runs for a number of steps, on a clock of its own. */
export interface Phase {
  readonly schedule: Schedule
  readonly steps: number
}

export type Timed = readonly Phase[]

/** One phase; phases are put in a row by `MonoidTimed` or by spreading them into one list. */
export const phase = (schedule: Rate, steps: number): Timed => [{ schedule: of(schedule), steps }]

export const MonoidTimed: Monoid<Timed> = { concat: (a, b) => [...a, ...b], empty: [] }

interface Sequence {
  readonly phases: Timed
  readonly rest: Schedule
}

const count = numberThat('a whole number >= 0', x => Number.isInteger(x) && x >= 0)

const sequenceMaker = define<Sequence>({
  kind: 'gradus/sequence',
  config: settings({ phases: t.readonlyArray(settings({ schedule: setting, steps: count })), rest: setting }),
  rate: ({ phases, rest }, step) => {
    const ends = phases.map((_, i) => phases.slice(0, i + 1).reduce((n, p) => n + p.steps, 0))
    return phases.reduceRight(
      (after, { schedule, steps }, i) => {
        const end = ends[i] as number
        return select(lt(step, end), rate(schedule, sub(step, end - steps)), after)
      },
      rate(rest, sub(step, ends[ends.length - 1] ?? 0)),
    )
  },
})

/** The phases one after another, then `rest` for ever; each starts its own clock at 0. */
export const sequence = (phases: Timed, rest: Rate): Schedule => {
  const last = of(rest)
  if (phases.length === 0) return last
  if (last.def !== sequenceMaker.def) return sequenceMaker({ phases, rest: last })
  const inner = last.config as Sequence
  return sequenceMaker({ phases: [...phases, ...inner.phases], rest: inner.rest })
}

/** The definitions of this module, for decoding. */
export const definitions: readonly ScheduleDefinition[] = [
  ...[constantMaker, exponentialMaker, piecewiseMaker, powerMaker, linearMaker].map(m => m.def),
  ...[productMaker, sequenceMaker].map(m => m.def),
]

/** A schedule as JSON, `{ of: 'schedule', kind, config }`. Decoding takes untrusted input. Law: decode . encode = id. */
export const codec = (schedules: readonly ScheduleDefinition[]): t.Type<Schedule, unknown> => {
  const all: Definitions = { schedule: schedules }
  return specCodec('schedule', schedules, all)
}
