/** How a rule to stop is declared: its settings, its state, and how it reads one epoch after another. */
import type * as t from '#io/index.js'
import type { Definition, Spec } from '../../graph/Spec.js'
import { erase } from '../../graph/settings.js'

/** What is known after an epoch. */
export interface Seen {
  /** counted from 1 */
  readonly epoch: number
  /** loss and metrics of the validation data, or of the training data where there are none */
  readonly values: Readonly<Record<string, number>>
  /** steps of the epoch that a guard skipped */
  readonly skipped: number
}

/** What a rule makes of an epoch. */
export interface Judged<S> {
  readonly state: S
  /** whether the epoch is the best so far */
  readonly best: boolean
}

/** What `define` takes. */
export interface StopDef<C, S> {
  /** qualified: `gradus/early`, `acme/enough` */
  readonly kind: string
  readonly config: t.Type<C, unknown>
  /** the states, as checkpoints hold them in JSON */
  readonly state: t.Type<S, unknown>
  readonly start: S
  readonly step: (config: C, state: S, seen: Seen) => Judged<S>
  /** why to stop in a state after so many epochs, or null to go on */
  readonly stop: (config: C, state: S, epoch: number) => string | null
  /** whether the parameters of the best epoch are given back; default false */
  readonly restoreBest?: (config: C) => boolean
  /** the names of what it watches: `loss`, or a metric's; default none */
  readonly monitors?: (config: C) => readonly string[]
  /** the settings with what is left open filled in from the metrics: whether larger is better; default as they are */
  readonly bind?: (config: C, rises: (name: string) => boolean) => C
}

/** A StopDef without its types. */
export interface StopDefinition extends Definition {
  readonly state: t.Type<unknown, unknown>
  readonly start: unknown
  readonly step: (config: unknown, state: unknown, seen: Seen) => Judged<unknown>
  readonly stop: (config: unknown, state: unknown, epoch: number) => string | null
  readonly restoreBest: (config: unknown) => boolean
  readonly monitors: (config: unknown) => readonly string[]
  readonly bind: (config: unknown, rises: (name: string) => boolean) => unknown
}

/** A rule as data: equal when its kind and settings are. */
export interface Stop extends Spec<'stop'> {
  readonly def: StopDefinition
}

/** Makes a rule of its settings; `def` is what decoding asks for. */
export interface StopMaker<C> {
  (config: C): Stop
  readonly def: StopDefinition
}

/** Declares a kind of rule; nothing is registered anywhere. */
export const define = <C, S>(d: StopDef<C, S>): StopMaker<C> => {
  const def: StopDefinition = {
    kind: d.kind,
    config: erase(d.config),
    state: erase(d.state),
    start: d.start,
    step: (c, state, seen) => d.step(c as C, state as S, seen),
    stop: (c, state, epoch) => d.stop(c as C, state as S, epoch),
    restoreBest: c => d.restoreBest?.(c as C) ?? false,
    monitors: c => d.monitors?.(c as C) ?? [],
    bind: (c, rises) => d.bind?.(c as C, rises) ?? c,
  }
  return Object.assign((config: C): Stop => ({ of: 'stop', kind: d.kind, config, def }), { def })
}
