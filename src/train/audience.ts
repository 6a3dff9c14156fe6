/** Those who look at a run: its listener, its monitors and its signal. */
import * as E from '#fp/Either.js'
import type { FitEvent } from './events.js'
import * as Monitor from './Monitor.js'
import type { Watch } from './watch.js'

export interface Audience {
  /** tells what happened: the reason to stop, or null; a `Left` says what could not be done */
  readonly tell: (event: FitEvent) => Promise<E.Either<string, string | null>>
  /** how many steps may be run before it wants to see the next one */
  readonly patience: (step: number) => number
  readonly signal: AbortSignal | undefined
}

export const audience = ({ on, monitors = [], signal }: Watch): Audience => {
  let monitor = Monitor.all(monitors) // local mutation: the monitor after the last event
  return {
    signal,
    tell: async event => {
      on?.(event)
      const said = monitor.see(event)
      monitor = said.monitor
      const done = said.act ? await said.act() : E.right(undefined)
      return E.isLeft(done) ? E.left(done.left.message) : E.right(said.stop)
    },
    patience: step => {
      const steps = monitor.next(step) - step
      return steps >= 1 ? Math.floor(steps) : Number.POSITIVE_INFINITY
    },
  }
}
