/**
 * Fitting a recipe to data: epochs of bounded runs over a resident data set, evaluated and judged after each, as a
 * stream of events.
 *
 * How long a bounded run is depends on the clock, so that progress is shown and a signal is heard in time; what is
 * computed does not.
 */
import * as E from '#fp/Either.js'
import type { TaskEither } from '#fp/TaskEither.js'
import * as Batches from '../data/Batches.js'
import { type DataError, dataError, refuse } from '../data/DataError.js'
import type { Data } from '../data/Dataset.js'
import type { Label } from '../data/Label.js'
import type { Inputs, Shape } from '../shape/Dims.js'
import { sizeOf } from '../shape/TensorType.js'
import { type Aborted, type FitError, nonFinite } from './errors.js'
import { type AnyData, fits, residentOf } from './feed.js'
import type { Target } from './Metric.js'
import type { Model } from './Model.js'
import { type AnyRecipe, check, type Recipe } from './Recipe.js'
import { type Session, session } from './Session.js'
import * as State from './State.js'
import * as Stop from './Stop.js'
import { restore, save } from './saved.js'
import { evaluate, type Metrics, modelOf } from './Trainer.js'
import type { Targets } from './targets.js'

/** Training data, and validation data to judge each epoch by. */
export interface Split<I extends Inputs, L> {
  readonly train: Data<I, L>
  readonly validation?: Data<I, L>
}

/** One epoch, counted from 1. */
export interface Epoch {
  readonly epoch: number
  /** steps taken since the beginning */
  readonly step: number
  /** means over the epoch, while it was trained */
  readonly train: Metrics
  readonly validation: Metrics | null
  /** the learning rate of the last step */
  readonly rate: number | null
  /** the best so far, by the rule that restores it */
  readonly best: boolean
  readonly samplesPerSecond: number
}

export type FitEvent =
  | {
      readonly _tag: 'Started'
      readonly epochs: number
      readonly batches: number
      readonly rows: number
      readonly parameters: number
    }
  /** within an epoch: the batches done and the means over them */
  | {
      readonly _tag: 'Progress'
      readonly epoch: number
      readonly batch: number
      readonly batches: number
      readonly train: Metrics
      readonly rate: number | null
      readonly samplesPerSecond: number
    }
  | ({ readonly _tag: 'Epoch' } & Epoch)
  | { readonly _tag: 'Stopped'; readonly epoch: number; readonly reason: string; readonly restored: number | null }

export interface Watch {
  readonly signal?: AbortSignal
  readonly on?: (event: FitEvent) => void
  /** go on from a state saved under this recipe, at the step it was saved at */
  readonly from?: Uint8Array
}

/** The model, how it came about, and the state to go on from. */
export interface Fitted<I extends Inputs, O extends Shape> extends Model<I, O> {
  readonly history: readonly Epoch[]
  /** the state of the returned parameters, as the bytes of a file */
  readonly state: Uint8Array<ArrayBuffer>
  /** its SHA-256 */
  readonly hash: string
}

/** Milliseconds that a bounded run should take. */
const slice = 40

const pause = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 0))
const aborted: Aborted = { _tag: 'Aborted', message: 'the run was stopped by its signal' }

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

/** The batches of one epoch from the `skip`-th on. */
const trainEpoch = async (
  s: Session,
  before: State.State,
  data: AnyData,
  sizes: readonly number[],
  epoch: number,
  skip: number,
  watch: Watch,
): Promise<E.Either<FitError, Trained>> => {
  const { machine, recipe } = s
  const adopted = s.adopt(before)
  if (E.isLeft(adopted)) return adopted
  const skipped = sizes.slice(0, skip).reduce((n, rows) => n + rows, 0)
  machine.order(Batches.order(recipe.seed, epoch - 1, data.size).subarray(skipped))
  machine.resetTotals()
  let state = before // local mutation: the state threaded through the epoch's runs
  let [batch, rowsDone, perBatch] = [skip, 0, 0]
  const started = performance.now()
  const means = (): Metrics =>
    Object.fromEntries(Object.entries(machine.totals('train').sums).map(([name, sum]) => [name, sum / rowsDone]))
  const speed = (): number => (1000 * rowsDone) / Math.max(performance.now() - started, 1e-3)
  let rate: number | null = null
  for (const { rows, count } of runsOf(sizes.slice(skip))) {
    for (let left = count; left > 0; ) {
      const now = Math.min(left, perBatch === 0 ? 1 : Math.max(1, Math.floor(slice / perBatch)))
      const from = performance.now()
      machine.repeat('train', 'train', rows, now)
      perBatch = (performance.now() - from) / now
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
      if (watch.signal?.aborted) return E.left(aborted)
    }
  }
  return E.right({ state, train: means(), rate, samplesPerSecond: speed() })
}

/** All epochs: the last state, or the best one if a rule restores it. */
const train = async (
  s: Session,
  first: State.State,
  data: AnyData,
  validation: AnyData | undefined,
  sizes: readonly number[],
  watch: Watch,
): Promise<E.Either<FitError, { readonly state: State.State; readonly history: readonly Epoch[] }>> => {
  const { recipe } = s
  const history: Epoch[] = []
  let state = first
  let best: { readonly state: State.State; readonly epoch: number } | null = null
  let running = Stop.start(recipe.stop)
  for (let epoch = Math.floor(first.step / sizes.length) + 1; epoch <= recipe.epochs; epoch++) {
    if (watch.signal?.aborted) return E.left(aborted)
    const skip = state.step - (epoch - 1) * sizes.length
    const trained = await trainEpoch(s, state, data, sizes, epoch, skip, watch)
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
    watch.on?.({ _tag: 'Epoch', ...now })
    if (verdict.stop !== null) {
      watch.on?.({ _tag: 'Stopped', epoch, reason: verdict.stop, restored: best?.epoch ?? null })
      break
    }
    await pause()
  }
  return E.right({ state: best?.state ?? state, history })
}

/**
 * Trains to the end of the recipe, or until a rule stops it. The model has the best epoch's parameters if a rule
 * restores them, otherwise the last.
 */
export const fit =
  <I extends Inputs, O extends Shape, K extends Target>(recipe: Recipe<I, O, K>, watch: Watch = {}) =>
  (split: Split<I, Targets<O>[K] & Label>): TaskEither<FitError, Fitted<I, O>> =>
  async () => {
    const sound = check(recipe)
    if (E.isLeft(sound)) return sound
    const data = within('train', fits(recipe, split.train))
    if (E.isLeft(data)) return data
    const labels = namesOf(recipe, split.train.label)
    const validation = split.validation
      ? within('validation', fits({ ...recipe, labels }, split.validation))
      : E.right(undefined)
    if (E.isLeft(validation)) return validation
    const sizes = Batches.sizes(recipe.batching, data.right.size, recipe.batch)
    if (E.isLeft(sizes)) return sizes
    const rows = Math.max(recipe.batch, ...sizes.right)
    const compiled = session(recipe, rows, { train: residentOf(recipe, data.right) })
    if (E.isLeft(compiled)) return compiled
    const s = compiled.right
    const first: E.Either<FitError, State.State> = watch.from ? restore(s)(watch.from) : s.init()
    if (E.isLeft(first)) return first
    if (first.right.step > recipe.epochs * sizes.right.length)
      return refuse(`the state is at step ${first.right.step}, beyond the recipe's ${recipe.epochs} epochs`)
    watch.on?.({
      _tag: 'Started',
      epochs: recipe.epochs,
      batches: sizes.right.length,
      rows: data.right.size,
      parameters: s.programs.variables.reduce((n, v) => n + (v.role === 'param' ? sizeOf(v.shape) : 0), 0),
    })
    const trained = await train(s, first.right, data.right, validation.right, sizes.right, watch)
    if (E.isLeft(trained)) return trained
    return finish(recipe, trained.right, labels)
  }

/** What is wrong with one of the data sets, with its name. */
const within = <A>(set: string, result: E.Either<DataError, A>): E.Either<DataError, A> =>
  E.mapLeft(({ message }: DataError) => dataError(`${set}: ${message}`))(result)

/** The names of the classes: the recipe's, or else the data's. */
const namesOf = (recipe: AnyRecipe, label: Label): readonly string[] | null =>
  recipe.labels ?? (label.target === 'class' ? (label.names ?? null) : null)

const finish = <I extends Inputs, O extends Shape>(
  recipe: Recipe<I, O, Target>,
  { state, history }: { readonly state: State.State; readonly history: readonly Epoch[] },
  labels: readonly string[] | null,
): E.Either<FitError, Fitted<I, O>> => {
  const bad = State.firstNonFinite(state)
  if (E.isLeft(bad)) return bad
  if (bad.right !== null) return E.left(nonFinite(state.step, undefined, bad.right))
  const model = modelOf(recipe, state, labels)
  if (E.isLeft(model)) return model
  const bytes = save(state)
  if (E.isLeft(bytes)) return bytes
  return E.map((hash: string) => ({ ...model.right, history, state: bytes.right, hash }))(State.hash(state))
}

/** What `events` yields: the events of `fit`, then how it ended. */
export type RunEvent<I extends Inputs, O extends Shape> =
  | FitEvent
  | { readonly _tag: 'Fitted'; readonly model: Fitted<I, O> }
  | { readonly _tag: 'Failed'; readonly error: FitError }

/** `fit` as a stream: `for await (const event of Trainer.events(recipe)(split))`. Leaving the loop stops the run. */
export const events =
  <I extends Inputs, O extends Shape, K extends Target>(recipe: Recipe<I, O, K>, watch: Watch = {}) =>
  (split: Split<I, Targets<O>[K] & Label>): AsyncIterable<RunEvent<I, O>> => ({
    async *[Symbol.asyncIterator]() {
      const left = new AbortController()
      const signal = watch.signal ? AbortSignal.any([watch.signal, left.signal]) : left.signal
      const queue: RunEvent<I, O>[] = [] // local mutation: events between the run and its reader
      let wake = (): void => undefined
      const put = (event: RunEvent<I, O>): void => {
        queue.push(event)
        wake()
      }
      const result = fit(recipe, {
        ...watch,
        signal,
        on: event => {
          watch.on?.(event)
          put(event)
        },
      })(split)()
      const run = result.then(
        E.match(
          error => put({ _tag: 'Failed', error }),
          model => put({ _tag: 'Fitted', model }),
        ),
      )
      run.catch(() => undefined) // what `watch.on` throws reaches the reader below, if one still waits
      try {
        for (;;) {
          const event = queue.shift()
          if (event) {
            yield event
            if (event._tag === 'Fitted' || event._tag === 'Failed') return
          } else
            await Promise.race([
              run,
              new Promise<void>(resolve => {
                wake = resolve
              }),
            ])
        }
      } finally {
        left.abort()
      }
    },
  })
