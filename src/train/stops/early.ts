/**
 * Early stopping and keeping the best: rules that watch one number. With v its value after an epoch (negated where more
 * is better) and b the best so far,
 *
 *     progress    b - v > minDelta, and at first any v that is a number
 *     stop        epochs without progress >= patience (`keras`) or > patience (`slides`)
 *
 * Prechelt 1998, "Early Stopping - But When?"; Keras' `EarlyStopping`; the slides' `checks > 20`.
 */
import * as t from '#io/index.js'
import { finite, flag, notNegative, nullOr, numberThat, oneOf, withOptional } from '../../graph/settings.js'
import type { Metric, Target } from '../Metric.js'
import { define, type Judged, type Seen, type Stop, type StopDefinition } from './define.js'

/** `mode` is there where it is known without the recipe's metrics. */
const mode = t.partial({ mode: oneOf('min', 'max') })
const watching = { monitor: t.string, minDelta: notNegative }
type Watching = t.TypeOf<typeof mode> & { readonly monitor: string; readonly minDelta: number }

/** Progress by the watched number: the best value so far, and epochs since. */
const progress = t.exact(t.type({ best: nullOr(finite), without: numberThat('a count', n => n >= 0) }))
type Progress = t.TypeOf<typeof progress>
const start: Progress = { best: null, without: 0 }

const step = (
  { monitor, mode: way, minDelta }: Watching,
  { best, without }: Progress,
  { values }: Seen,
): Judged<Progress> => {
  const value = values[monitor] ?? Number.NaN
  const gain = best === null ? Number.POSITIVE_INFINITY : way === 'max' ? value - best : best - value
  return Number.isFinite(value) && gain > minDelta
    ? { state: { best: value, without: 0 }, best: true }
    : { state: { best, without: without + 1 }, best: false }
}

const bind = <C extends Watching>(config: C, rises: (name: string) => boolean): C => ({
  mode: rises(config.monitor) ? 'max' : 'min',
  ...config,
})

/** A whole number of epochs at the start is there where some are not looked at. */
const warmed = t.partial({
  ...mode.props,
  startFrom: numberThat('a whole number >= 0', n => Number.isInteger(n) && n >= 0),
})

const earlyMaker = define({
  kind: 'gradus/early',
  config: withOptional(
    t.type({
      ...watching,
      patience: numberThat('a whole number >= 1', n => Number.isInteger(n) && n >= 1),
      restoreBest: flag,
      form: oneOf('keras', 'slides'),
    }),
    warmed,
  ),
  state: progress,
  start,
  step: (c, state, seen) => (seen.epoch <= (c.startFrom ?? 0) ? { state, best: false } : step(c, state, seen)),
  stop: ({ monitor, patience, form }, { without }, epoch) =>
    without < patience || (form === 'slides' && without === patience)
      ? null
      : `${monitor} has not improved for ${without} epochs, since epoch ${epoch - without}`,
  restoreBest: c => c.restoreBest,
  monitors: c => [c.monitor],
  bind,
})

const keepBestMaker = define({
  kind: 'gradus/keepBest',
  config: withOptional(t.type(watching), mode),
  state: progress,
  start,
  step,
  stop: () => null,
  restoreBest: () => true,
  monitors: c => [c.monitor],
  bind,
})

/** What is watched, and which way is better. */
export interface WatchOptions {
  /** `loss` (default) or one of the recipe's metrics, itself or its name */
  readonly monitor?: string | Metric<Target>
  /** whether less or more is better; default: as the metric says (`rising`), less for the loss */
  readonly mode?: 'min' | 'max'
  /** progress is more than this, >= 0; default 0 */
  readonly minDelta?: number
}

export interface EarlyOptions extends WatchOptions {
  /** epochs without progress that are borne; whole, >= 1 */
  readonly patience: number
  /** so many epochs at first are not looked at: no progress, none missed, none the best; whole, >= 0; default 0 */
  readonly startFrom?: number
  /** give back the parameters of the best epoch, bit for bit; default true */
  readonly restoreBest?: boolean
  /** `keras` stops when the count of epochs without progress reaches the patience, `slides` when it exceeds it */
  readonly form?: 'keras' | 'slides'
}

const watched = ({ monitor = 'loss', mode: told, minDelta = 0 }: WatchOptions): Watching => {
  const metric = typeof monitor === 'string' ? null : monitor.def
  const known = told ?? (metric ? (metric.rising ? 'max' : 'min') : monitor === 'loss' ? 'min' : null)
  return { monitor: metric?.name ?? `${monitor}`, minDelta, ...(known && { mode: known }) }
}

/** Early stopping: stops when what is watched makes no progress. Only strictly better is progress, NaN never is. */
export const early = (o: EarlyOptions): Stop =>
  earlyMaker({
    ...watched(o),
    patience: o.patience,
    restoreBest: o.restoreBest ?? true,
    form: o.form ?? 'keras',
    ...(o.startFrom && { startFrom: o.startFrom }),
  })

/** Never stops, and gives back the parameters of the best epoch, bit for bit. */
export const keepBest = (o: WatchOptions = {}): Stop => keepBestMaker(watched(o))

/** The definitions of this module, for decoding. */
export const definitions: readonly StopDefinition[] = [earlyMaker.def, keepBestMaker.def]
