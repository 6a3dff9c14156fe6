/**
 * Monitors: what looks at a run from outside of its recipe, with effects or by the clock. A Mealy machine over the
 * events of the run:
 *
 *     see : Event -> why to stop, or null; what to do before the run goes on; the monitor from then on
 *
 * Monitors form a monoid, up to what they say: all see every event, the first reason to stop counts, and what they want
 * done is done in their order. How many `Progress` events there are depends on the clock, except that there is one (or
 * an `Epoch`) after every step that a monitor asked for by `next`.
 *
 *     Trainer.fit(recipe, { monitors: [Monitor.checkpoints({ every: { steps: 500 } }, sink), Monitor.timeBudget(60_000)] })
 */
import * as E from '#fp/Either.js'
import { concatAll, type Monoid } from '#fp/Monoid.js'
import type { TaskEither } from '#fp/TaskEither.js'
import { clock } from './clock.js'
import type { FitEvent } from './events.js'

/** Something to be done; a `Left` ends the run, as an `Aborted` with its message and a checkpoint. */
export type Act = TaskEither<{ readonly message: string }, void>

/** What a monitor says of an event. */
export interface Said {
  /** why the run should stop, or null */
  readonly stop: string | null
  /** what the run waits for */
  readonly act: Act | null
  /** what sees the next event */
  readonly monitor: Monitor
}

export interface Monitor {
  readonly see: (event: FitEvent) => Said
  /** the next step after `step` after which it must see the run; Infinity for none */
  readonly next: (step: number) => number
}

const inTurn = (a: Act | null, b: Act | null): Act | null =>
  a && b
    ? async () => {
        const done = await a()
        return E.isLeft(done) ? done : b()
      }
    : (a ?? b)

const empty: Monitor = {
  see: () => ({ stop: null, act: null, monitor: empty }),
  next: () => Number.POSITIVE_INFINITY,
}

const concat = (a: Monitor, b: Monitor): Monitor => ({
  see: event => {
    const [x, y] = [a.see(event), b.see(event)]
    return { stop: x.stop ?? y.stop, act: inTurn(x.act, y.act), monitor: concat(x.monitor, y.monitor) }
  },
  next: step => Math.min(a.next(step), b.next(step)),
})

/** Monitors side by side; the unit says nothing. */
export const MonoidMonitor: Monoid<Monitor> = { concat, empty }

/** Several monitors as one. */
export const all: (monitors: readonly Monitor[]) => Monitor = concatAll(MonoidMonitor)

/** What `fold` takes. */
export interface Fold<S> {
  readonly start: S
  readonly step: (
    state: S,
    event: FitEvent,
  ) => { readonly state: S; readonly stop?: string | null; readonly act?: Act | null }
  /** the next step after `step` that it must see; default none */
  readonly next?: (state: S, step: number) => number
}

/** A monitor of one's own: a fold over the events of a run, which may say why to stop and what to do. */
export const fold = <S>({ start, step, next }: Fold<S>): Monitor => {
  const from = (state: S): Monitor => ({
    see: event => {
      const { state: after, stop = null, act = null } = step(state, event)
      return { stop, act, monitor: from(after) }
    },
    next: at => next?.(state, at) ?? Number.POSITIVE_INFINITY,
  })
  return from(start)
}

/** A monitor with settings that are not possible: stops the run before its first step. */
const refusing = (message: string): Monitor =>
  fold({ start: null, step: state => ({ state, act: async () => E.left({ message }) }) })

const isCount = (n: number): boolean => Number.isSafeInteger(n) && n >= 1

/** A run after some step, as bytes to go on from (`Watch.from`). */
export interface Checkpoint {
  /** steps taken since the beginning */
  readonly step: number
  /** the epoch that the step belongs to, counted from 1 */
  readonly epoch: number
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** Where checkpoints go; what is kept of them is the sink's business. */
export type Sink = (checkpoint: Checkpoint) => Act

/** After every N-th step, every N-th epoch (N whole, >= 1), or every epoch that is the best so far. */
export type Every = { readonly steps: number } | { readonly epochs: number } | 'best'

const count = (every: Every): number => (every === 'best' ? 1 : 'steps' in every ? every.steps : every.epochs)

const isDue = (every: Every, event: FitEvent & { readonly _tag: 'Progress' | 'Epoch' }): boolean => {
  if (every !== 'best' && 'steps' in every) return event.step % every.steps === 0
  return event._tag === 'Epoch' && (every === 'best' ? event.best : event.epoch % every.epochs === 0)
}

/**
 * Hands a checkpoint to the sink at exactly the steps or epochs that are due, counted from the beginning of the run;
 * the run waits until the sink is done. A run that goes on from any of them ends in the bits of one that was never
 * stopped. A sink that fails stops the run: with `Aborted`, which has a checkpoint.
 */
export const checkpoints = ({ every }: { readonly every: Every }, sink: Sink): Monitor => {
  const n = count(every)
  if (!isCount(n)) return refusing(`checkpoints: every must be a whole number >= 1, but it is ${n}`)
  return fold({
    start: null,
    step: (state, event) => {
      if ((event._tag !== 'Progress' && event._tag !== 'Epoch') || !isDue(every, event)) return { state }
      const { step, epoch } = event
      const bytes = event.checkpoint()
      return { state, act: E.isLeft(bytes) ? async () => bytes : sink({ step, epoch, bytes: bytes.right }) }
    },
    next: (_, step) =>
      every !== 'best' && 'steps' in every ? (Math.floor(step / n) + 1) * n : Number.POSITIVE_INFINITY,
  })
}

/** A sink in memory that keeps the last `keep` checkpoints (>= 1), and those it keeps, the oldest first. */
export const inMemory = (keep: number): { readonly sink: Sink; readonly kept: () => readonly Checkpoint[] } => {
  let kept: readonly Checkpoint[] = [] // local mutation: what the sink was given
  return {
    kept: () => kept,
    sink: checkpoint => async () => {
      if (!isCount(keep)) return E.left({ message: `inMemory: keep must be a whole number >= 1, but it is ${keep}` })
      kept = [...kept, checkpoint].slice(-keep)
      return E.right(undefined)
    },
  }
}

/**
 * Stops the run cleanly once it has taken so many milliseconds, with the model as far as it came: the best parameters
 * so far if a rule restores them, otherwise the last. Looked at every few steps; an epoch's evaluation is not
 * interrupted. Where the run stops depends on the clock, what it has computed by then does not:
 * `fitted.checkpoint` goes on to the bits of a run without a budget.
 *
 * @param milliseconds - counted from the run's first event
 * @param now - a clock in milliseconds; default `performance.now`
 */
export const timeBudget = (milliseconds: number, now: () => number = clock): Monitor =>
  milliseconds >= 0
    ? fold<number | null>({
        start: null,
        step: began => {
          const time = now()
          const from = began ?? time
          return { state: from, stop: time - from >= milliseconds ? `its ${milliseconds} ms are over` : null }
        },
      })
    : refusing(`timeBudget: the budget must be a number of milliseconds >= 0, but it is ${milliseconds}`)
