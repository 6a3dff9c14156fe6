/**
 * When to stop: machines that read one epoch after another, as data.
 *
 *     start : S        step : (S, epoch) -> S, is this the best so far?        stop : S -> why, or null
 *
 * A list of rules stops when its first rule says so; lists form a monoid under concatenation. What has effects or reads
 * the clock is no rule but a `Monitor`.
 */
import * as E from '#fp/Either.js'
import type { Monoid } from '#fp/Monoid.js'
import * as t from '#io/index.js'
import { explain } from '../graph/settings.js'
import { encodeSpec, specCodec } from '../graph/specCodec.js'
import type { Metric, Target } from './Metric.js'
import type { Judged, Seen, Stop, StopDefinition } from './stops/define.js'
import * as watching from './stops/early.js'
import * as guarding from './stops/skipped.js'

export {
  define,
  type Judged,
  type Seen,
  type Stop,
  type StopDef,
  type StopDefinition,
  type StopMaker,
} from './stops/define.js'
export { type EarlyOptions, early, keepBest, type WatchOptions } from './stops/early.js'
export { skipped } from './stops/skipped.js'

/** Lists of rules under concatenation; the first reason to stop counts. */
export const MonoidStop: Monoid<readonly Stop[]> = { concat: (a, b) => [...a, ...b], empty: [] }

/** The rules with what they leave open filled in from the metrics of their recipe: whether larger is better. */
export const bind = (rules: readonly Stop[], metrics: readonly Metric<Target>[]): readonly Stop[] => {
  const rises = (name: string): boolean => metrics.some(m => m.def.name === name && m.def.rising)
  return rules.map(r => ({ ...r, config: r.def.bind(r.config, rises) }))
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

/** One epoch: the rules' next states, and whether the first rule that restores saw its best. */
export const step = (rules: readonly Stop[], running: Running, seen: Seen): Judged<Running> => {
  const judged = rules.map((r, i) => r.def.step(r.config, running[i], seen))
  const keeper = rules.findIndex(r => r.def.restoreBest(r.config))
  return { state: judged.map(v => v.state), best: judged[keeper]?.best ?? false }
}

/** The first reason to stop after so many epochs, or null. */
export const stop = (rules: readonly Stop[], running: Running, epoch: number): string | null => {
  for (const [i, { def, config }] of rules.entries()) {
    const reason = def.stop(config, running[i], epoch)
    if (reason !== null) return reason
  }
  return null
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

/** The definitions that come with the library, for decoding. */
export const definitions: readonly StopDefinition[] = [...watching.definitions, ...guarding.definitions]
