/** Stages that change the rate of the optimizer before them: by parameter, or by how the loss goes. */
import * as t from '#io/index.js'
import { constant, type Expr } from '../graph/Expr.js'
import { notNegative, numberThat, oneOf, withinOne, withOptional } from '../graph/settings.js'
import { add, div, maximum, mul, sub } from '../op/arithmetic.js'
import { and, cast, eq, ge, gt, lt, or, select } from '../op/select.js'
import * as Select from './Select.js'
import * as Schedule from './schedules/define.js'
import { define, mapGradients, type Scalars, type Stage, type StageDefinition } from './stages/define.js'

const scaleRateMaker = define({
  kind: 'gradus/scaleRate',
  config: t.exact(t.type({ factor: Schedule.setting, ...Select.props })),
  slots: () => [],
  apply: ({ factor, ...selection }, { gradients, paths, step }) => {
    const scale = Schedule.rate(factor, step)
    return { updates: Select.mapSelected(selection, paths, gradients, u => mul(scale, u)), slots: {} }
  },
})

export interface ScaleRateOptions extends Select.Select {
  /** >= 0: a number or a schedule; 0 leaves the parameters as they are */
  readonly factor: Schedule.Rate
}

/** Multiplies the updates of the selected parameters: a rate of their own, after the optimizer. */
export const scaleRate = ({ factor, ...select }: ScaleRateOptions): Stage =>
  scaleRateMaker({ factor: Schedule.of(factor), ...Select.of(select) })

const whole = numberThat('a whole number >= 1', x => Number.isInteger(x) && x >= 1)
const count = numberThat('a whole number >= 0', x => Number.isInteger(x) && x >= 0)
const fraction = numberThat('a number in (0, 1)', x => x > 0 && x < 1)

const checks = t.type({
  every: whole,
  patience: count,
  factor: fraction,
  threshold: notNegative,
  cooldown: count,
  smallest: withinOne,
})

const judged = t.partial({
  /** what an epoch is judged by, and which way is better; not there where every step's training loss is looked at */
  epochs: t.exact(t.type({ watch: t.string, mode: oneOf('min', 'max') })),
  /** not there for torch's */
  form: oneOf('keras'),
})
type Plateau = t.TypeOf<typeof checks> & t.TypeOf<typeof judged>

/** Keras' counting by torch's: both of its counts end one check earlier, and none is below that. */
const earlier = (n: number): number => Math.max(n, 1) - 1

const counters = ['factor', 'best', 'checks', 'stuck', 'cooling', 'sum', 'seen'] as const
type Counters = Scalars<(typeof counters)[number]>

/** The counters after one value more, of which less is better. */
const counted = (
  c: Plateau,
  { factor, best, checks: done, stuck, cooling, sum, seen }: Counters,
  value: Expr,
): Counters => {
  const zero = constant(0, 'f64')
  const total = add(sum, value)
  const number = add(seen, 1)
  const due = ge(number, c.every)
  const mean = div(total, number)
  const keras = c.form === 'keras'
  const margin = keras ? constant(c.threshold, 'f64') : mul(maximum(best, sub(0, best)), c.threshold)
  const better = or(and(eq(done, 0), eq(mean, mean)), lt(mean, sub(best, margin)))
  const cool = gt(cooling, 0)
  const bad = select(or(better, cool), zero, add(stuck, 1))
  const reduce = gt(bad, keras ? earlier(c.patience) : c.patience)
  const pause = constant(keras ? earlier(c.cooldown) : c.cooldown, 'f64')
  const at = (now: Expr, old: Expr) => select(due, now, old)
  return {
    factor: at(select(reduce, maximum(mul(factor, c.factor), c.smallest), factor), factor),
    best: at(select(better, mean, best), best),
    checks: at(select(better, add(done, 1), done), done),
    stuck: at(select(reduce, zero, bad), stuck),
    cooling: at(select(reduce, pause, select(cool, sub(cooling, 1), zero)), cooling),
    sum: at(zero, total),
    seen: at(zero, number),
  }
}

const plateauMaker = define<Plateau, never, (typeof counters)[number]>({
  kind: 'gradus/plateau',
  config: withOptional(checks, judged),
  slots: () => [],
  scalars: () => counters.map(name => ({ name, init: name === 'factor' ? 1 : 0 })),
  apply: (c, input) => {
    const scalars = c.epochs ? input.scalars : counted(c, input.scalars, cast(input.loss, 'f64'))
    return { ...mapGradients(input, u => mul(scalars.factor, u)), scalars, factor: scalars.factor }
  },
  judge: {
    watches: c => c.epochs?.watch ?? null,
    scalars: (c, scalars, value) => counted(c, scalars, c.epochs?.mode === 'max' ? sub(0, value) : value),
  },
})

/** Something that is reported: a metric. */
interface Reported {
  readonly def: { readonly name: string; readonly rising: boolean }
}

export interface PlateauOptions {
  /** default 'torch' */
  readonly form?: 'torch' | 'keras'
  /**
   * what is watched: each `step`'s training loss (default for torch), or at the end of an `epoch` (default for keras) the
   * `monitor`, of the validation data where there are any
   */
  readonly per?: 'step' | 'epoch'
  /** with `per: 'epoch'`: `loss` (default), or one of the recipe's metrics, which says whether more is better */
  readonly monitor?: 'loss' | Reported
  /** steps (or epochs) between checks, whose mean loss is what a check sees; whole, >= 1; default 1 */
  readonly every?: number
  /**
   * so many checks without progress are allowed, and the next one reduces the rate (torch); or the last of so many
   * reduces it, 0 being taken for 1 (keras); whole, >= 0; default 10
   */
  readonly patience?: number
  /** what the rate is multiplied with, in (0, 1); default 0.1 */
  readonly factor?: number
  /**
   * progress is a mean loss below best - threshold |best| (torch, but for the | |, with which it is never a worse value),
   * or below best - threshold (keras); >= 0; default 1e-4
   */
  readonly threshold?: number
  /** so many checks after a reduction do not count (torch), or one less (keras); whole, >= 0; default 0 */
  readonly cooldown?: number
  /** the least product of all reductions, in [0, 1]; default 0. `min_lr` is this times the rate. */
  readonly smallest?: number
}

const watched = (monitor: 'loss' | Reported): NonNullable<Plateau['epochs']> =>
  monitor === 'loss'
    ? { watch: 'loss', mode: 'min' }
    : { watch: monitor.def.name, mode: monitor.def.rising ? 'max' : 'min' }

/**
 * Performance scheduling: after an optimizer, multiplies its updates (and the reported rate) by a factor that starts at
 * 1 and falls whenever the loss is stuck: the training loss of the steps, or with `per: 'epoch'` what `fit` judges an
 * epoch by (by hand: `trainer.judge`). The factor and what it depends on are scalars of the state, so a resumed run goes
 * on alike. A NaN is no progress. Defaults and counting are those of torch's `ReduceLROnPlateau`, or with
 * `form: 'keras'` of Keras' callback of that name.
 */
export const plateau = ({ form = 'torch', ...o }: PlateauOptions = {}): Stage =>
  plateauMaker({
    ...(form === 'keras' && { form }),
    every: o.every ?? 1,
    patience: o.patience ?? 10,
    factor: o.factor ?? 0.1,
    threshold: o.threshold ?? 1e-4,
    cooldown: o.cooldown ?? 0,
    smallest: o.smallest ?? 0,
    ...((o.per ?? (form === 'keras' ? 'epoch' : 'step')) === 'epoch' && { epochs: watched(o.monitor ?? 'loss') }),
  })

/** The definitions of this module, for decoding. */
export const definitions: readonly StageDefinition[] = [scaleRateMaker.def, plateauMaker.def]
