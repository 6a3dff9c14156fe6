/** Schedules that rise as well as fall; t is the step. */
import type { Expr } from '../../graph/Expr.js'
import { notNegative, numberThat, oneOf, positive } from '../../graph/settings.js'
import { add, clamp, div, floor, maximum, mul, sub } from '../../op/arithmetic.js'
import { log, pow } from '../../op/math.js'
import { lt, select } from '../../op/select.js'
import { blend, half } from './decay.js'
import { define, f64, type Schedule, type ScheduleDefinition, settings } from './define.js'

const from1 = numberThat('a number >= 1', x => x >= 1)
const inside = numberThat('a number in (0, 1)', x => x > 0 && x < 1)
const upTo1 = numberThat('a number in (0, 1]', x => x > 0 && x <= 1)

/** How much earlier, in steps, a period begins: so that no rounding makes a step miss the period it begins. */
const early = 1e-6

const restartsMaker = define({
  kind: 'gradus/cosineRestarts',
  config: settings({ initial: notNegative, final: notNegative, steps: positive, growth: from1, decay: upTo1 }),
  rate: ({ initial, final, steps, growth, decay }, step) => {
    const periods = div(add(step, early), steps)
    const k = growth === 1 ? floor(periods) : floor(div(log(add(mul(periods, growth - 1), 1)), log(f64(growth))))
    const length = mul(steps, pow(growth, k))
    const start = growth === 1 ? mul(steps, k) : div(sub(length, steps), growth - 1)
    const done = clamp(div(sub(step, start), length), 0, 1)
    return blend(maximum(mul(initial, pow(decay, k)), final), final, half(done))
  },
})

export interface CosineRestarts {
  readonly initial: number
  /** >= 0; default 0 */
  readonly final?: number
  /** length of the first period, > 0 */
  readonly steps: number
  /** each period is so many times as long as the one before it; >= 1; default 1 */
  readonly growth?: number
  /** each period begins at so many times the rate of the one before it; in (0, 1]; default 1 */
  readonly decay?: number
}

/**
 * Cosine with warm restarts, SGDR: period k = 0, 1, ... lasts T = steps growth^k and begins at t_k; within it the rate
 * is final + (max(initial decay^k, final) - final) (1 + cos(pi (t - t_k) / T)) / 2. Loshchilov & Hutter 2017; `decay`
 * is TensorFlow's `m_mul`.
 */
export const cosineRestarts = (o: CosineRestarts): Schedule =>
  restartsMaker({
    initial: o.initial,
    final: o.final ?? 0,
    steps: o.steps,
    growth: o.growth ?? 1,
    decay: o.decay ?? 1,
  })

const oneCycleMaker = define({
  kind: 'gradus/oneCycle',
  config: settings({
    peak: notNegative,
    steps: numberThat('a number >= 2', x => x >= 2),
    rise: inside,
    divide: from1,
    finalDivide: from1,
    anneal: oneOf('cosine', 'linear'),
  }),
  rate: ({ peak, steps, rise, divide, finalDivide, anneal }, step) => {
    const low = peak / divide
    const left = (x: Expr): Expr => (anneal === 'cosine' ? half(x) : sub(1, x))
    const top = rise * steps > 1 ? rise * steps - 1 : 0
    const fall = blend(peak, low / finalDivide, left(clamp(div(sub(step, top), steps - 1 - top), 0, 1)))
    return top === 0 ? fall : select(lt(step, top), blend(low, peak, left(div(step, top))), fall)
  },
})

export interface OneCycle {
  /** the highest rate */
  readonly peak: number
  /** of the whole cycle, >= 2 */
  readonly steps: number
  /** the share of the cycle that rises, in (0, 1); default 0.3 */
  readonly rise?: number
  /** the first rate is peak / divide; >= 1; default 25 */
  readonly divide?: number
  /** the last rate is the first one / finalDivide; >= 1; default 10,000 */
  readonly finalDivide?: number
  /** default 'cosine' */
  readonly anneal?: 'cosine' | 'linear'
}

/**
 * One cycle: from peak / divide up to `peak` at t = rise steps - 1, then down to the first rate / finalDivide at
 * t = steps - 1, where it stays. Smith & Topin 2018, with the settings and phases of torch's `OneCycleLR`.
 */
export const oneCycle = (o: OneCycle): Schedule =>
  oneCycleMaker({
    peak: o.peak,
    steps: o.steps,
    rise: o.rise ?? 0.3,
    divide: o.divide ?? 25,
    finalDivide: o.finalDivide ?? 10_000,
    anneal: o.anneal ?? 'cosine',
  })

/** The definitions of this module, for decoding. */
export const definitions: readonly ScheduleDefinition[] = [restartsMaker.def, oneCycleMaker.def]
