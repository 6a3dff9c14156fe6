/** Schedules that fall from one rate to another and stay there; t is the step. */
import * as t from '#io/index.js'
import type { Expr } from '../../graph/Expr.js'
import { flag, notNegative, positive, that } from '../../graph/settings.js'
import { add, div, floor, minimum, mul, sub } from '../../op/arithmetic.js'
import { cos, pow } from '../../op/math.js'
import { le, select } from '../../op/select.js'
import { define, f64, type Schedule, type ScheduleDefinition, settings } from './define.js'

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

export interface Piecewise {
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

/** The factor min(t / steps, 1), for a product: `product(warmup(500), 0.1)`. Its first step has rate 0. */
export const warmup = (steps: number): Schedule => linear({ initial: 0, final: 1, steps })

/** a where all is left (1), b where nothing is (0). */
export const blend = (a: Expr | number, b: Expr | number, left: Expr): Expr => add(mul(left, a), mul(sub(1, left), b))

export interface Fall {
  readonly initial: number
  /** default 0 */
  readonly final?: number
  readonly steps: number
}

const polynomialMaker = define({
  kind: 'gradus/polynomial',
  config: settings({ initial: notNegative, final: notNegative, steps: positive, power: positive }),
  rate: ({ initial, final, steps, power: exponent }, step) =>
    blend(initial, final, pow(sub(1, minimum(div(step, steps), 1)), exponent)),
})

/**
 * final + (initial - final) (1 - t / steps)^power until t = steps, then `final`; all but `power` > 0 and `steps` > 0
 * are at least 0. `power` is 1 and `final` 0 by default. TensorFlow's `polynomial_decay`.
 */
export const polynomial = (o: Fall & { readonly power?: number }): Schedule =>
  polynomialMaker({ initial: o.initial, final: o.final ?? 0, steps: o.steps, power: o.power ?? 1 })

const cosineMaker = define({
  kind: 'gradus/cosine',
  config: settings({ initial: notNegative, final: notNegative, steps: positive }),
  rate: ({ initial, final, steps }, step) => blend(initial, final, half(minimum(div(step, steps), 1))),
})

/** (1 + cos(pi x)) / 2 for x (rank 0, f64) from 0 to 1: half a wave, from 1 to 0. */
export const half = (x: Expr): Expr => mul(add(cos(mul(x, 2 * 1.5707963267948966)), 1), 0.5)

/**
 * Half a wave: final + (initial - final) (1 + cos(pi t / steps)) / 2 until t = steps, then `final`, 0 by default.
 * Loshchilov & Hutter 2017, without restarts.
 */
export const cosine = (o: Fall): Schedule => cosineMaker({ initial: o.initial, final: o.final ?? 0, steps: o.steps })

/** The definitions of this module, for decoding. */
export const definitions: readonly ScheduleDefinition[] = [
  ...[exponentialMaker, piecewiseMaker, powerMaker, linearMaker, polynomialMaker, cosineMaker].map(m => m.def),
]
