/**
 * When to stop: machines that read one epoch after another, as data.
 *
 *     start : S        step : (S, epoch) -> S, is this the best so far?, stop?
 *
 * A list of rules stops when its first rule says so; lists form a monoid under concatenation. NaN is never progress.
 */
import * as E from '#fp/Either.js'
import type { Monoid } from '#fp/Monoid.js'
import * as t from '#io/index.js'
import type { Definition, Spec } from '../graph/Spec.js'
import { erase, explain, finite, flag, notNegative, numberThat, oneOf } from '../graph/settings.js'
import { encodeSpec, specCodec } from '../graph/specCodec.js'

/** What is known after an epoch: of the validation data, or of the training data where there are none. */
export interface Seen {
  /** counted from 1 */
  readonly epoch: number
  readonly values: Readonly<Record<string, number>>
}

export interface Verdict<S> {
  readonly state: S
  readonly best: boolean
  /** why to stop, or null to go on */
  readonly stop: string | null
}

export interface StopDefinition extends Definition {
  readonly start: unknown
  /** the states, as they are saved */
  readonly state: t.Type<unknown, unknown>
  readonly step: (config: unknown, state: unknown, seen: Seen) => Verdict<unknown>
  readonly restoreBest: (config: unknown) => boolean
  /** the names of what it watches: `loss`, or a metric's */
  readonly monitors: (config: unknown) => readonly string[]
}

export interface Stop extends Spec<'stop'> {
  readonly def: StopDefinition
}

/** Lists of rules under concatenation; the first reason to stop counts. */
export const MonoidStop: Monoid<readonly Stop[]> = { concat: (a, b) => [...a, ...b], empty: [] }

const counting = t.exact(
  t.type({
    patience: numberThat('a whole number >= 1', n => Number.isInteger(n) && n >= 1),
    restoreBest: flag,
    monitor: t.string,
    mode: oneOf('min', 'max'),
    minDelta: notNegative,
    form: oneOf('keras', 'slides'),
  }),
)
type Counting = t.TypeOf<typeof counting>

const earlyState = t.exact(t.type({ best: t.union([t.null, finite]), without: t.number }))
type Early = t.TypeOf<typeof earlyState>

const earlyDefinition: StopDefinition = {
  kind: 'gradus/early',
  config: erase(counting),
  start: { best: null, without: 0 } satisfies Early,
  state: erase(earlyState),
  restoreBest: c => (c as Counting).restoreBest,
  monitors: c => [(c as Counting).monitor],
  step: (config, before, { epoch, values }) => {
    const { patience, monitor, mode, minDelta, form } = config as Counting
    const { best, without } = before as Early
    const value = values[monitor] ?? Number.NaN
    const gain = best === null ? Number.POSITIVE_INFINITY : mode === 'min' ? best - value : value - best
    if (!Number.isNaN(value) && gain > minDelta) return { state: { best: value, without: 0 }, best: true, stop: null }
    const state: Early = { best, without: without + 1 }
    const over = form === 'slides' ? state.without > patience : state.without >= patience
    const stop = over
      ? `${monitor} has not improved for ${state.without} epochs, since epoch ${epoch - state.without}`
      : null
    return { state, best: false, stop }
  },
}

export interface EarlyOptions {
  /** epochs without progress that are borne */
  readonly patience: number
  /** give back the parameters of the best epoch, bit for bit; default true */
  readonly restoreBest?: boolean
  /** what is watched: `loss` (default) or a metric's name */
  readonly monitor?: string
  /** whether less or more is better; default: more for `accuracy`, less for anything else */
  readonly mode?: 'min' | 'max'
  /** progress is more than this; default 0 */
  readonly minDelta?: number
  /** `keras` stops when the count of epochs without progress reaches the patience, `slides` when it exceeds it */
  readonly form?: 'keras' | 'slides'
}

/** Early stopping: stops when what is watched makes no progress. Only strictly better is progress. */
export const early = (o: EarlyOptions): Stop => {
  const monitor = o.monitor ?? 'loss'
  const config: Counting = {
    patience: o.patience,
    restoreBest: o.restoreBest ?? true,
    monitor,
    mode: o.mode ?? (monitor === 'accuracy' ? 'max' : 'min'),
    minDelta: o.minDelta ?? 0,
    form: o.form ?? 'keras',
  }
  return { of: 'stop', kind: earlyDefinition.kind, config, def: earlyDefinition }
}

/** A list of rules between two epochs. */
export type Running = readonly unknown[]

/** The states of the rules as they were saved; a `Left` if they are not states of these rules. */
export const resume = (rules: readonly Stop[], saved: unknown): E.Either<string, Running> => {
  if (!Array.isArray(saved) || saved.length !== rules.length)
    return E.left(`${rules.length} states are needed, one for each rule`)
  const states: unknown[] = []
  for (const [i, { kind, def }] of rules.entries()) {
    const state = def.state.decode(saved[i])
    if (E.isLeft(state)) return E.left(`${kind}: ${explain(state.left)}`)
    states.push(state.right)
  }
  return E.right(states)
}

/** The states of the rules before the first epoch. */
export const start = (rules: readonly Stop[]): Running => rules.map(r => r.def.start)

/** One epoch: the rules' next states, whether the first rule that restores saw its best, and the first reason to stop. */
export const step = (rules: readonly Stop[], running: Running, seen: Seen): Verdict<Running> => {
  const verdicts = rules.map((r, i) => r.def.step(r.config, running[i], seen))
  const keeper = rules.findIndex(r => r.def.restoreBest(r.config))
  return {
    state: verdicts.map(v => v.state),
    best: verdicts[keeper]?.best ?? false,
    stop: verdicts.find(v => v.stop !== null)?.stop ?? null,
  }
}

/** A rule as JSON, bound to one of the definitions. */
export const codec = (among: readonly StopDefinition[]): t.Type<Stop, unknown> => {
  const spec = specCodec('stop', among, {})
  return new t.Type<Stop, unknown>(
    'stop',
    (u): u is Stop => spec.is(u),
    (u, context) => {
      const bound = spec.validate(u, context)
      if (E.isLeft(bound)) return bound
      const { kind, config, def } = bound.right
      return def ? t.success<Stop>({ of: 'stop', kind, config, def }) : t.failure(u, context)
    },
    encodeSpec,
  )
}

/** The definitions of this module, for decoding. */
export const definitions: readonly StopDefinition[] = [earlyDefinition]
