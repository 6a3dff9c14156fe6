/** Fitting a recipe to data, as one task or as a stream of events. */
import * as E from '#fp/Either.js'
import type { TaskEither } from '#fp/TaskEither.js'
import * as Batches from '../data/Batches.js'
import { type DataError, dataError, refuse } from '../data/DataError.js'
import type { Label } from '../data/Label.js'
import type { FileError } from '../io/FileError.js'
import type { Inputs, Shape } from '../shape/Dims.js'
import type { ShapeError } from '../shape/ShapeError.js'
import { sizeOf } from '../shape/TensorType.js'
import { audience } from './audience.js'
import { averaged } from './average.js'
import { engage, mayGenerate } from './engine.js'
import { train } from './epochs.js'
import { type FitError, nonFinite } from './errors.js'
import type { Epoch, FitEvent } from './events.js'
import { type AnyData, fits, fitsAsIs } from './feed.js'
import type { Target } from './Metric.js'
import { type AnyRecipe, check, type Recipe } from './Recipe.js'
import { type Session, session, unasked } from './Session.js'
import * as State from './State.js'
import { begin, type Run, restore, restoreRun, save, saveRun } from './saved.js'
import { supply } from './supply.js'
import { evaluate, modelOf } from './Trainer.js'
import type { Targets } from './targets.js'
import type { Fitted, RunEvent, Split, Watch } from './watch.js'

/**
 * Trains to the end of the recipe, or until a rule stops it. The model has the best epoch's parameters if a rule
 * restores them, otherwise the last; with `average: true` in the recipe, their averages.
 */
export const fit =
  <I extends Inputs, O extends Shape, K extends Target>(recipe: Recipe<I, O, K>, watch: Watch = {}) =>
  (split: Split<I, Targets<O>[K] & Label>): TaskEither<FitError, Fitted<I, O, Targets<O>[K] & Label>> =>
  async () => {
    const sound = check(recipe)
    if (E.isLeft(sound)) return sound
    const data = within('train', fits(recipe, split?.train))
    if (E.isLeft(data)) return data
    const labels = namesOf(recipe, split.train.label)
    const validation = split.validation
      ? within('validation', fitsAsIs({ ...recipe, labels }, split.validation))
      : E.right(undefined)
    if (E.isLeft(validation)) return validation
    const sizes = Batches.sizes(recipe.batching, data.right.size, recipe.batch)
    if (E.isLeft(sizes)) return sizes
    const rows = Math.max(recipe.batch, ...sizes.right)
    const weighted = [data.right, validation.right].some(d => d?.weights)
    const supplied = supply({ recipe, weighted }, data.right, Math.max(...sizes.right))
    const compiled = session(recipe, rows, {
      resident: { train: supplied.resident },
      weighted,
      threads: watch.threads ?? unasked(recipe),
      generated: mayGenerate(watch),
      winograd: watch.winograd,
      relaxed: watch.relaxed ?? false,
    })
    if (E.isLeft(compiled)) return compiled
    const s = compiled.right
    const engine = await engage(s.machine, watch)()
    if (E.isLeft(engine)) return engine
    const first = firstOf(s, watch)
    if (E.isLeft(first)) return first
    const { step } = first.right.state
    if (step > recipe.epochs * sizes.right.length)
      return refuse(`the state is at step ${step}, beyond the recipe's ${recipe.epochs} epochs`)
    const started: FitEvent = {
      _tag: 'Started',
      epochs: recipe.epochs,
      batches: sizes.right.length,
      rows: data.right.size,
      parameters: s.programs.variables.reduce((n, v) => n + (v.role === 'param' ? sizeOf(v.shape) : 0), 0),
    }
    const course = {
      session: s,
      supply: supplied,
      validation: validation.right,
      sizes: sizes.right,
      audience: audience(watch),
    }
    const trained = await train(course, first.right, started)
    if (E.isLeft(trained)) return trained
    return finish(s, recipe, trained.right, labels)
  }

/** Where the run begins: at a checkpoint, or at the initial state, or at what the caller makes of that. */
const firstOf = (s: Session, { from, start }: Watch): E.Either<FitError, Run> => {
  if (from && start) return refuse('a run goes on `from` a checkpoint or begins at a `start`; give one of them')
  if (from) return restoreRun(s)(from)
  return E.map(begin(s.recipe))(start ? E.chainW(start)(s.init()) : s.init())
}

/** What is wrong with one of the data sets, with its name. */
const within = <A>(set: string, result: E.Either<DataError, A>): E.Either<DataError, A> =>
  E.mapLeft(({ message }: DataError) => dataError(`${set}: ${message}`))(result)

/** The names of the classes: the recipe's, or else the data's. */
const namesOf = (recipe: AnyRecipe, label: Label): readonly string[] | null =>
  recipe.labels ?? (label.target === 'class' ? (label.names ?? null) : null)

const finish = <I extends Inputs, O extends Shape>(
  s: Session,
  recipe: Recipe<I, O, Target>,
  { run, history }: { readonly run: Run; readonly history: readonly Epoch[] },
  labels: readonly string[] | null,
): E.Either<FitError, Fitted<I, O>> => {
  const last = run.best?.state ?? run.state
  const given: E.Either<FitError, State.State> = recipe.average ? averaged(s, last) : E.right(last)
  if (E.isLeft(given)) return given
  const state = given.right
  const bad = State.firstNonFinite(state)
  if (E.isLeft(bad)) return bad
  if (bad.right !== null) return E.left(nonFinite(state.step, undefined, bad.right))
  const model = modelOf(recipe, state, labels)
  if (E.isLeft(model)) return model
  const bytes = save(state)
  if (E.isLeft(bytes)) return bytes
  const checkpoint = saveRun(run)
  if (E.isLeft(checkpoint)) return checkpoint
  const judges = new Map<boolean, ReturnType<typeof judgeOf>>()
  return E.map((hash: string) => ({
    ...model.right,
    history,
    state: bytes.right,
    hash,
    checkpoint: checkpoint.right,
    evaluate: (over: AnyData) => {
      const weighted = over.weights !== null
      const judge = judges.get(weighted) ?? judgeOf(s, { ...recipe, labels }, bytes.right, weighted)
      judges.set(weighted, judge) // local mutation: compiled when it is first wanted
      return E.isLeft(judge) ? judge : evaluate(judge.right.s, judge.right.state, over)
    },
  }))(State.hash(state))
}

interface Judge {
  readonly s: Session
  readonly state: State.State
}

/** What evaluates a saved state, by the algorithms that it was trained with. */
const judgeOf = (
  { winograd, relaxed }: Session,
  recipe: AnyRecipe,
  bytes: Uint8Array,
  weighted: boolean,
): E.Either<ShapeError | FileError, Judge> => {
  const compiled = session(recipe, recipe.batch, { weighted, winograd, relaxed })
  return E.isLeft(compiled)
    ? compiled
    : E.map((state: State.State) => ({ s: compiled.right, state }))(restore(compiled.right)(bytes))
}

/** `fit` as a stream: `for await (const event of Trainer.events(recipe)(split))`. Leaving the loop stops the run. */
export const events =
  <I extends Inputs, O extends Shape, K extends Target>(recipe: Recipe<I, O, K>, watch: Watch = {}) =>
  (split: Split<I, Targets<O>[K] & Label>): AsyncIterable<RunEvent<I, O, Targets<O>[K] & Label>> => ({
    async *[Symbol.asyncIterator]() {
      const left = new AbortController()
      const signal = watch.signal ? AbortSignal.any([watch.signal, left.signal]) : left.signal
      const queue: RunEvent<I, O, Targets<O>[K] & Label>[] = [] // local mutation: events between the run and its reader
      let wake = (): void => undefined
      const put = (event: RunEvent<I, O, Targets<O>[K] & Label>): void => {
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
