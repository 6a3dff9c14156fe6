/**
 * The epochs of a run: bounded runs of steps over the resident data set, each epoch evaluated and judged.
 *
 * How long a bounded run is depends on the clock, so that progress is shown and a signal is heard in time, and on the
 * steps after which monitors want to see it; what is computed does not.
 */
import * as E from '#fp/Either.js'
import type { Audience } from './audience.js'
import { averaged } from './average.js'
import { clock, pause } from './clock.js'
import { type Aborted, type FitError, nonFinite, type StateError } from './errors.js'
import type { Epoch, FitEvent } from './events.js'
import type { AnyData } from './feed.js'
import { judge } from './judge.js'
import { gateName } from './programs.js'
import { type Metrics, meansOf } from './reported.js'
import type { Session } from './Session.js'
import * as State from './State.js'
import * as Stop from './Stop.js'
import { type Run, saveRun } from './saved.js'
import { noSums, type Sums } from './sums.js'
import type { Supply } from './supply.js'
import { evaluate } from './Trainer.js'
import { reportedMetrics } from './weighting.js'

/** Milliseconds that a bounded run should take. */
const slice = 40

/** The error of a run that ends before its time, with the run so far. */
const aborted = (run: Run, why: string): E.Either<StateError | Aborted, never> => {
  const { step } = run.state
  const checkpoint = saveRun(run)
  if (E.isLeft(checkpoint)) return checkpoint
  return E.left({
    _tag: 'Aborted',
    step,
    checkpoint: checkpoint.right,
    message: `the run was stopped after step ${step}: ${why}`,
  })
}

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

/** What stays the same from epoch to epoch. */
interface Course {
  readonly session: Session
  readonly validation: AnyData | undefined
  readonly sizes: readonly number[]
  readonly supply: Supply
  readonly audience: Audience
}

/** Where an epoch's steps led: to its end, or to where a monitor stopped it. */
interface Trained {
  readonly run: Run
  readonly train: Metrics
  readonly rate: number | null
  readonly samplesPerSecond: number
  readonly stop: string | null
}

/** Milliseconds that a step took, once that is known, and when the host was last let do what else there is. */
interface Pace {
  step: number | null
  paused: number
}

/** Lets the host go on, if it has waited for long. */
const rest = async (pace: Pace): Promise<void> => {
  if (clock() - pace.paused < slice / 2) return
  await pause()
  pace.paused = clock()
}

/** An epoch's sums after some steps more, from the machine's: its gate sums the rows of the steps that count. */
const after = (before: Sums, totals: Sums['of'], rows: number, steps: number): Sums => {
  const { [gateName]: counted = before.rows + rows * steps, ...of } = totals
  return { of, rows: counted, skipped: before.skipped + steps - (counted - before.rows) / rows }
}

/** The batches of one epoch that are still to be trained. */
const trainEpoch = async (
  { session: s, supply, sizes, audience: { tell, patience, signal } }: Course,
  before: Run,
  epoch: number,
  pace: Pace,
): Promise<E.Either<FitError, Trained>> => {
  const { machine } = s
  const adopted = s.adopt(before.state)
  if (E.isLeft(adopted)) return adopted
  const skip = before.state.step - (epoch - 1) * sizes.length
  const skippedRows = sizes.slice(0, skip).reduce((n, rows) => n + rows, 0)
  supply.begin(machine, epoch - 1, skippedRows)
  machine.resetTotals({ ...before.sums.of, [gateName]: before.sums.rows })
  let { state, sums } = before // local mutation: the state threaded through the epoch's runs, and their sums
  let [batch, rowsDone] = [skip, 0]
  const started = clock()
  const now = (): Run => ({ ...before, state, sums })
  const means = (): Metrics => meansOf(sums.of, sums.rows)
  const speed = (): number => (1000 * rowsDone) / Math.max(clock() - started, 1e-3)
  let rate: number | null = null
  for (const { rows, count } of runsOf(sizes.slice(skip))) {
    for (let left = count; left > 0; ) {
      const fast = pace.step === null ? 1 : Math.max(1, Math.floor(slice / pace.step))
      const steps = Math.min(left, fast, patience(state.step), supply.most)
      const from = clock()
      supply.next(machine, rows)
      machine.repeat('train', 'train', rows, steps)
      const whole = s.whole()
      if (E.isLeft(whole)) return whole
      pace.step = (clock() - from) / steps
      state = s.advance(state, steps)
      left -= steps
      batch += steps
      rowsDone += rows * steps
      rate = machine.read('train', rows)['rate']?.[0] ?? null
      const { sums: totals, nonFinite: bad } = machine.totals('train')
      sums = after(sums, totals, rows, steps)
      if (bad !== null) return E.left(nonFinite(bad, bad === state.step && rate !== null ? rate : undefined))
      if (batch < sizes.length) {
        const said = await tell({
          _tag: 'Progress',
          epoch,
          batch,
          batches: sizes.length,
          step: state.step,
          train: means(),
          rate,
          skipped: sums.skipped,
          samplesPerSecond: speed(),
          checkpoint: () => saveRun(now()),
        })
        if (E.isLeft(said)) return aborted(now(), said.left)
        if (said.right !== null)
          return E.right({ run: now(), train: means(), rate, samplesPerSecond: speed(), stop: said.right })
      }
      await rest(pace)
      if (signal?.aborted) return aborted(now(), 'its signal went off')
    }
  }
  return E.right({ run: now(), train: means(), rate, samplesPerSecond: speed(), stop: null })
}

/** The run after an epoch that was trained to its end, evaluated and judged by the rules. */
const judgeEpoch = (
  { session: s, validation }: Course,
  { run, train, rate, samplesPerSecond }: Trained,
  rules: readonly Stop.Stop[],
  epoch: number,
): E.Either<FitError, { readonly run: Run; readonly seen: Epoch }> => {
  const { state: trained } = run
  const shown: E.Either<FitError, State.State> = s.recipe.average ? averaged(s, trained) : E.right(trained)
  if (E.isLeft(shown)) return shown
  const judged = validation ? evaluate(s, shown.right, validation) : E.right(null)
  if (E.isLeft(judged)) return judged
  const values = judged.right ?? train
  const told = judge(s, trained, values)
  if (E.isLeft(told)) return told
  const { right: state } = told
  const { skipped } = run.sums
  const verdict = Stop.step(rules, run.running, { epoch, values, skipped })
  const kept = verdict.best
    ? E.map((best: State.State) => ({ state: best, epoch }))(State.fork(state))
    : E.right(run.best)
  return E.map((best: Run['best']) => ({
    run: { state, running: verdict.state, best, sums: noSums },
    seen: {
      epoch,
      step: state.step,
      train,
      validation: judged.right,
      rate,
      skipped,
      best: verdict.best,
      samplesPerSecond,
    },
  }))(kept)
}

/** The epochs from a run on: the run where it ended, by the recipe, a rule or a monitor. */
export const train = async (
  course: Course,
  first: Run,
  started: FitEvent,
): Promise<E.Either<FitError, { readonly run: Run; readonly history: readonly Epoch[] }>> => {
  const {
    session: s,
    sizes,
    audience: { tell, signal },
  } = course
  const rules = Stop.bind(s.recipe.stop, reportedMetrics(s.recipe))
  const history: Epoch[] = [] // local mutation: the fold over the epochs, and the pace of the steps
  const pace: Pace = { step: null, paused: Number.NEGATIVE_INFINITY }
  let run = first
  let epoch = Math.floor(run.state.step / sizes.length)
  const opened = await tell(started)
  if (E.isLeft(opened)) return aborted(run, opened.left)
  let stop = Stop.stop(rules, run.running, epoch) ?? opened.right
  while (stop === null && run.state.step < s.recipe.epochs * sizes.length) {
    if (signal?.aborted) return aborted(run, 'its signal went off')
    epoch = Math.floor(run.state.step / sizes.length) + 1
    const trained = await trainEpoch(course, run, epoch, pace)
    if (E.isLeft(trained)) return trained
    run = trained.right.run
    stop = trained.right.stop
    if (stop !== null) break
    const judged = judgeEpoch(course, trained.right, rules, epoch)
    if (E.isLeft(judged)) return judged
    const { seen } = judged.right
    run = judged.right.run
    history.push(seen)
    const at = run
    const said = await tell({ _tag: 'Epoch', ...seen, checkpoint: () => saveRun(at) })
    if (E.isLeft(said)) return aborted(run, said.left)
    stop = Stop.stop(rules, run.running, epoch) ?? said.right
    await rest(pace)
  }
  if (stop !== null) {
    const said = await tell({ _tag: 'Stopped', epoch, reason: stop, restored: run.best?.epoch ?? null })
    if (E.isLeft(said)) return aborted(run, said.left)
  }
  return E.right({ run, history })
}
