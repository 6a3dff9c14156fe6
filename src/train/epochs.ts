/**
 * The epochs of a run: bounded runs of steps over the resident data set, each epoch evaluated and judged.
 *
 * How long a bounded run is depends on the clock, so that progress is shown and a signal is heard in time; what is
 * computed does not.
 */
import * as E from '#fp/Either.js'
import * as Batches from '../data/Batches.js'
import { type Aborted, type FitError, nonFinite } from './errors.js'
import type { Epoch, Watch } from './events.js'
import type { AnyData } from './feed.js'
import { type Metrics, metricsOf } from './reported.js'
import type { Session } from './Session.js'
import * as State from './State.js'
import * as Stop from './Stop.js'
import { type Run, saveRun } from './saved.js'
import { evaluate } from './Trainer.js'

/** Milliseconds that a bounded run should take. */
const slice = 40

const pause = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 0))
const aborted = (step: number): Aborted => ({
  _tag: 'Aborted',
  message: `the run was stopped by its signal after step ${step}`,
})

/** Consecutive batches of one size. */
const runsOf = (sizes: readonly number[]): readonly { readonly rows: number; readonly count: number }[] => {
  const runs: { rows: number; count: number }[] = []
  for (const rows of sizes) {
    const last = runs[runs.length - 1]
    if (last?.rows === rows) last.count++
    else runs.push({ rows, count: 1 })
  }
  return runs
}

interface Trained {
  readonly state: State.State
  readonly train: Metrics
  readonly rate: number | null
  readonly samplesPerSecond: number
}

/** Milliseconds that a step took, once that is known. */
interface Pace {
  step: number | null
}

/** The batches of one epoch from the `skip`-th on. */
const trainEpoch = async (
  s: Session,
  before: State.State,
  data: AnyData,
  sizes: readonly number[],
  epoch: number,
  skip: number,
  pace: Pace,
  watch: Watch,
): Promise<E.Either<FitError, Trained>> => {
  const { machine, recipe } = s
  const adopted = s.adopt(before)
  if (E.isLeft(adopted)) return adopted
  const skipped = sizes.slice(0, skip).reduce((n, rows) => n + rows, 0)
  machine.order(Batches.order(recipe.seed, epoch - 1, data.size).subarray(skipped))
  machine.resetTotals()
  let state = before // local mutation: the state threaded through the epoch's runs
  let [batch, rowsDone] = [skip, 0]
  const started = performance.now()
  const means = (): Metrics =>
    metricsOf(Object.entries(machine.totals('train').sums).map(([name, sum]) => [name, sum / rowsDone]))
  const speed = (): number => (1000 * rowsDone) / Math.max(performance.now() - started, 1e-3)
  let rate: number | null = null
  for (const { rows, count } of runsOf(sizes.slice(skip))) {
    for (let left = count; left > 0; ) {
      const now = Math.min(left, pace.step === null ? 1 : Math.max(1, Math.floor(slice / pace.step)))
      const from = performance.now()
      machine.repeat('train', 'train', rows, now)
      pace.step = (performance.now() - from) / now
      state = s.advance(state, now)
      left -= now
      batch += now
      rowsDone += rows * now
      rate = machine.read('train', rows)['rate']?.[0] ?? null
      const bad = machine.totals('train').nonFinite
      if (bad !== null) return E.left(nonFinite(bad, bad === state.step && rate !== null ? rate : undefined))
      if (batch < sizes.length)
        watch.on?.({
          _tag: 'Progress',
          epoch,
          batch,
          batches: sizes.length,
          train: means(),
          rate,
          samplesPerSecond: speed(),
        })
      if (performance.now() - from > slice / 2) await pause()
      if (watch.signal?.aborted) return E.left(aborted(state.step))
    }
  }
  return E.right({ state, train: means(), rate, samplesPerSecond: speed() })
}

/** The epochs from a run's state on: the last state, or the best one if a rule restores it. */
export const train = async (
  s: Session,
  first: Run,
  data: AnyData,
  validation: AnyData | undefined,
  sizes: readonly number[],
  watch: Watch,
): Promise<E.Either<FitError, { readonly state: State.State; readonly history: readonly Epoch[] }>> => {
  const { recipe } = s
  const history: Epoch[] = [] // local mutation: the fold over the epochs, and the pace of the steps
  const pace: Pace = { step: null }
  let { state, running, best } = first
  for (let epoch = Math.floor(state.step / sizes.length) + 1; epoch <= recipe.epochs; epoch++) {
    if (watch.signal?.aborted) return E.left(aborted(state.step))
    const skip = state.step - (epoch - 1) * sizes.length
    const trained = await trainEpoch(s, state, data, sizes, epoch, skip, pace, watch)
    if (E.isLeft(trained)) return trained
    state = trained.right.state
    const judged = validation ? evaluate(s, state, validation) : E.right(null)
    if (E.isLeft(judged)) return judged
    const { train: means, rate, samplesPerSecond } = trained.right
    const verdict = Stop.step(recipe.stop, running, { epoch, values: judged.right ?? means })
    running = verdict.state
    if (verdict.best) {
      const kept = State.fork(state)
      if (E.isLeft(kept)) return kept
      best = { state: kept.right, epoch }
    }
    const now: Epoch = {
      epoch,
      step: state.step,
      train: means,
      validation: judged.right,
      rate,
      best: verdict.best,
      samplesPerSecond,
    }
    history.push(now)
    const run: Run = { state, running, best }
    watch.on?.({ _tag: 'Epoch', ...now, checkpoint: () => saveRun(run) })
    if (verdict.stop !== null) {
      watch.on?.({ _tag: 'Stopped', epoch, reason: verdict.stop, restored: best?.epoch ?? null })
      break
    }
    await pause()
  }
  return E.right({ state: best?.state ?? state, history })
}
