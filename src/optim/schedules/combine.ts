/** Schedules made of schedules: products and phases one after another. */
import type { Monoid } from '#fp/Monoid.js'
import * as t from '#io/index.js'
import { numberThat } from '../../graph/settings.js'
import { mul, sub } from '../../op/arithmetic.js'
import { lt, select } from '../../op/select.js'
import {
  constant,
  constantMaker,
  define,
  f64,
  of,
  type Rate,
  rate,
  type Schedule,
  type ScheduleDefinition,
  setting,
  settings,
} from './define.js'

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

/** Schedules under the pointwise product; the unit is the rate 1. */
export const MonoidProduct: Monoid<Schedule> = { concat: (a, b) => product(a, b), empty: constant(1) }

/** A schedule that runs for a number of steps, on a clock of its own. */
export interface Phase {
  readonly schedule: Schedule
  readonly steps: number
}

/** Phases one after another. */
export type Timed = readonly Phase[]

/** One phase; phases are put in a row by `MonoidTimed` or by spreading them into one list. */
export const phase = (schedule: Rate, steps: number): Timed => [{ schedule: of(schedule), steps }]

/** Phases in a row; the unit is none. */
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
export const definitions: readonly ScheduleDefinition[] = [productMaker.def, sequenceMaker.def]
