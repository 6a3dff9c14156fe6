/** How a schedule is declared: its settings and its meaning, an expression of the step; and the constant schedule. */
import * as t from '#io/index.js'
import { constant as constantExpr, type Expr, invalid } from '../../graph/Expr.js'
import type { Definition, Spec } from '../../graph/Spec.js'
import { erase, notNegative } from '../../graph/settings.js'
import { encodeSpec } from '../../graph/specCodec.js'

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

/** A number of the step's arithmetic: rank 0, f64. */
export const f64 = (x: number): Expr => constantExpr(x, 'f64')

/** The codec of a record of settings. */
export const settings = <P extends t.Props>(props: P) => t.exact(t.type(props))

export const constantMaker = define({
  kind: 'gradus/constant',
  config: settings({ value: notNegative }),
  rate: ({ value }) => f64(value),
})

/** The same rate at every step. */
export const constant = (value: number): Schedule => constantMaker({ value })

/** A number as a schedule; a schedule as it is. */
export const of = (rate: Rate): Schedule => (typeof rate === 'number' ? constant(rate) : rate)

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
