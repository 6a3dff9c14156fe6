/**
 * A trainer: a recipe compiled, to be stepped by hand with the state threaded.
 *
 *     const trainer = orThrow(await Trainer.compile(recipe)())
 *     let state = trainer.init()
 *     for (const batch of batches) state = orThrow(trainer.step(state, batch)).state
 */

import * as E from '#fp/Either.js'
import type { TaskEither } from '#fp/TaskEither.js'
import type { Machine, Threads } from '../backend/machine.js'
import type { Data } from '../data/Dataset.js'
import type { Label } from '../data/Label.js'
import type { FileError } from '../io/FileError.js'
import type { StoredTensor } from '../io/safetensors.js'
import type { Inputs, Shape } from '../shape/Dims.js'
import type { ShapeError } from '../shape/ShapeError.js'
import type { Winograd } from '../transform/Winograd.js'
import { averaged } from './average.js'
import { type Engine, type EngineOptions, engage, mayGenerate } from './engine.js'
import { type FitError, nonFinite, type RecipeError, recipeError, type StateError, type StepError } from './errors.js'

import { type AnyData, accepts, batchOf, inputsOf } from './feed.js'
import { judge } from './judge.js'

import type { Target } from './Metric.js'
import * as Model from './Model.js'
import { type Given, type Gradients, phases, type Updates } from './phases.js'
import { gateName } from './programs.js'
import { check, type Recipe } from './Recipe.js'
import { type Metrics, meansOf, type Stepped, scalars } from './reported.js'
import { type Session, session, unasked } from './Session.js'
import * as State from './State.js'
import { type Statistics, type StatisticsOptions, statistics } from './Statistics.js'
import { restore, save } from './saved.js'
import type { Targets } from './targets.js'

export interface Trainer<I extends Inputs, O extends Shape, L extends Label> {
  /** the initial state, drawn from the recipe's seed: the same bits everywhere */
  readonly init: () => State.State
  /**
   * One step on a batch of 1 to `rows` rows. Consumes the state, except where it answers with an error before anything
   * was computed; a loss that is not finite is an error after which the state is gone, unless `Guard.skip` stands in
   * the recipe's optimizer.
   */
  readonly step: (state: State.State, batch: Data<I, L>) => E.Either<StepError, Stepped>
  /**
   * The first phase of a step: loss, metrics and the gradients of the parameters. The state is not consumed. Law:
   * `apply(state, gradients(state, batch))` is `step(state, batch)`, bit for bit.
   */
  readonly gradients: (state: State.State, batch: Data<I, L>) => E.Either<StepError, Gradients>
  /** the second: the updates that the recipe's stages make of gradients. The state is not consumed. */
  readonly transform: (state: State.State, given: Given) => E.Either<StepError, Updates>
  /** the second and third: the state after a step with these gradients. Consumes the state unless it is an error. */
  readonly apply: (state: State.State, given: Given) => E.Either<StepError, Stepped>
  /**
   * How activations, their gradients, parameters and updates are distributed in the next step on a batch, or with
   * `{ mode: 'infer' }` in the model over a data set of any size. The state is not consumed, the run not disturbed.
   */
  readonly statistics: (
    state: State.State,
    data: Data<I, L>,
    options?: StatisticsOptions,
  ) => E.Either<StepError, Statistics>
  /** means over a data set; the state is not consumed */
  readonly evaluate: (state: State.State, data: Data<I, L>) => E.Either<StepError, Metrics>
  /**
   * the state after an epoch was judged by these values, for the stages that listen (`Optimizer.plateau` with
   * `per: 'epoch'`); consumes the state where there are any; `fit` does it at every epoch's end
   */
  readonly judge: (
    state: State.State,
    values: Readonly<Record<string, number>>,
  ) => E.Either<StateError | RecipeError, State.State>
  /**
   * a copy of the state whose parameters are the averages that the optimizer keeps (`Optimizer.ema`, `swa`,
   * `lookahead`), to evaluate or to make a model of; the state is not consumed
   */
  readonly averaged: (state: State.State) => E.Either<StateError | RecipeError, State.State>
  /** the net with the state's parameters, to predict with; the state is not consumed */
  readonly model: (state: State.State) => E.Either<StateError | ShapeError, Model.Model<I, O>>
  /** the state as the bytes of a file; it is not consumed */
  readonly save: (state: State.State) => E.Either<StateError, Uint8Array<ArrayBuffer>>
  /** a state that was saved under a recipe with the same net and optimizer */
  readonly restore: (bytes: Uint8Array) => E.Either<FileError, State.State>
  /** the largest batch */
  readonly rows: number
  /** bytes of linear memory, which never grow */
  readonly memoryBytes: number
  /** how many threads share the work, and why there are no more */
  readonly threads: Threads
  /** who runs the steps */
  readonly engine: Engine
}

const step = (s: Session, state: State.State, batch: AnyData): E.Either<StepError, Stepped> => {
  const fitting = batchOf(s, batch)
  if (E.isLeft(fitting)) return fitting
  const adopted = s.adopt(state)
  if (E.isLeft(adopted)) return adopted
  const results = s.machine.run('train', batch.size, inputsOf(s, 'train', batch))
  const metrics = scalars(results)
  const next = s.advance(state, 1)
  const whole = s.whole()
  if (E.isLeft(whole)) return whole
  const skipped = results[gateName]?.[0] === 0
  return Number.isFinite(metrics['loss']) || skipped
    ? E.right({ state: next, metrics, skipped })
    : E.left(nonFinite(next.step, metrics['rate']))
}

/** Means over a data set, computed in the recipe's batches. */
export const evaluate = (s: Session, state: State.State, data: AnyData): E.Either<StepError, Metrics> => {
  const fitting = accepts(s, data)
  if (E.isLeft(fitting)) return fitting
  const adopted = s.adopt(state)
  if (E.isLeft(adopted)) return adopted
  const sums: Record<string, number> = {} // local mutation
  const most = Math.min(s.recipe.batch, s.rows)
  for (let from = 0; from < data.size; from += most) {
    const to = Math.min(from + most, data.size)
    const seen = s.machine.run('evaluate', to - from, inputsOf(s, 'infer', data, from, to))
    for (const [name, [value]] of Object.entries(seen)) sums[name] = (sums[name] ?? 0) + (to - from) * (value as number)
  }
  return E.map(() => meansOf(sums, data.size))(s.whole())
}

/** The model of a state, with names for its classes. */
export const modelOf = <I extends Inputs, O extends Shape>(
  recipe: Recipe<I, O, Target>,
  state: State.State,
  labels: readonly string[] | null,
): E.Either<StateError | ShapeError, Model.Model<I, O>> =>
  E.chain(
    (tensors: readonly StoredTensor[]): E.Either<StateError | ShapeError, Model.Model<I, O>> =>
      Model.of(recipe.net, recipe.loss.target, labels, tensors, {}, state.relaxed),
  )(State.tensors(state))

export interface CompileOptions extends EngineOptions {
  /** the largest batch; default 2 * batch - 1, the largest that `arraySplit` cuts */
  readonly rows?: number
  /** whether data may have weights of their own (`Data.withWeights`); rows without count 1. Default false */
  readonly weighted?: boolean
  /**
   * how many threads share the work of a step, the caller's among them: the bits are the same. Default: the host's
   * cores, at most 4, where a step of the recipe's batch has work enough to share. A page's main thread may not wait, so
   * there it is one; `trainer.threads` says how many there are, and why
   */
  readonly threads?: number
  /**
   * the algorithm of 3 x 3 convolutions of stride 1 and of their gradients of the images (Lavin & Gray 2016): 'F(2x2)',
   * the default, or 'F(4x4)', with fewer multiplications and other bits: up to 20 times the direct sum's error where
   * 'F(2x2)' has up to 4 times. A run goes on to the same bits only with the same algorithm
   */
  readonly winograd?: Winograd
  /**
   * whether products and convolutions use relaxed SIMD, whose multiplications and additions round once or twice as the
   * processor has it: faster on some, but states are no longer the same bits everywhere, and say so (`state.relaxed`,
   * `State.hash`, their files). A `Left` where the host has none (Node before 22 without a flag, WebKit). Default false
   */
  readonly relaxed?: boolean
}

/**
 * Compiles a recipe. The errors: a setting that is not possible, a shape that does not fit, a generated module that is a
 * must (`engine: 'generated'`) and cannot be built.
 */
export const compile =
  <I extends Inputs, O extends Shape, K extends Target>(
    recipe: Recipe<I, O, K>,
    options: CompileOptions = {},
  ): TaskEither<FitError, Trainer<I, O, Targets<O>[K] & Label>> =>
  async () => {
    const made = compileNow(recipe, options)
    if (E.isLeft(made)) return made
    const { machine, trainerOf } = made.right
    if (options.threads !== undefined) await machine.up
    return E.map(trainerOf)(await engage(machine, options)())
  }

interface Compiled<I extends Inputs, O extends Shape, K extends Target> {
  readonly machine: Machine
  readonly trainerOf: (engine: Engine) => Trainer<I, O, Targets<O>[K] & Label>
}

const compileNow = <I extends Inputs, O extends Shape, K extends Target>(
  recipe: Recipe<I, O, K>,
  options: CompileOptions,
): E.Either<RecipeError | ShapeError, Compiled<I, O, K>> => {
  const sound = check(recipe)
  if (E.isLeft(sound)) return sound
  const rows = options.rows ?? 2 * recipe.batch - 1
  if (!Number.isSafeInteger(rows) || rows < 1)
    return E.left(recipeError(`rows must be a whole number >= 1, but it is ${rows}`))
  const compiled = session(recipe, rows, {
    weighted: options.weighted ?? false,
    threads: options.threads ?? unasked(recipe),
    generated: mayGenerate(options),
    winograd: options.winograd,
    relaxed: options.relaxed ?? false,
  })
  if (E.isLeft(compiled)) return compiled
  const s = compiled.right
  const initial = s.init()
  return E.map((first: State.State): Compiled<I, O, K> => {
    const block = State.blockOf(first)
    const { gradients, transform, apply } = phases(s)
    const trainerOf = (engine: Engine): Trainer<I, O, Targets<O>[K] & Label> => ({
      engine,
      rows: s.rows,
      memoryBytes: s.machine.memoryBytes,
      get threads() {
        return s.machine.threads
      },
      init: () => (E.isRight(block) ? s.place(block.right) : first),
      step: (state, batch) => step(s, state, batch),
      gradients,
      transform,
      apply,
      statistics: statistics(s, transform),
      evaluate: (state, data) => evaluate(s, state, data),
      judge: (state, values) => judge(s, state, values),
      averaged: state => averaged(s, state),
      model: state => modelOf(recipe, state, recipe.labels),
      save,
      restore: restore(s),
    })
    return { machine: s.machine, trainerOf }
  })(initial)
}
