/** What can go wrong in training: every error is a value with one sentence that says what, where and what to do. */

import type { CompileError } from '../compiler/Compiler.js'
import type { DataError } from '../data/DataError.js'
import type { FileError } from '../io/FileError.js'
import type { ShapeError } from '../shape/ShapeError.js'

/** A setting of the recipe itself that is not possible. Those of layers, losses and stages are `ShapeError`s with a path. */
export interface RecipeError {
  readonly _tag: 'RecipeError'
  readonly message: string
}

/** A state that was stepped already, that belongs to another trainer, or that a thread left void when it was lost. */
export interface StateError {
  readonly _tag: 'StateConsumed' | 'StateForeign' | 'StateVoid'
  readonly message: string
}

/** The loss, or what was trained, is no longer finite; `step` counts from 1. */
export interface NonFinite {
  readonly _tag: 'NonFinite'
  readonly step: number
  readonly message: string
}

/** The caller's signal stopped the run, or a monitor failed. */
export interface Aborted {
  readonly _tag: 'Aborted'
  /** steps taken */
  readonly step: number
  /** the run up to there, to go on from (`Watch.from`) to the bits of one that was not stopped */
  readonly checkpoint: Uint8Array<ArrayBuffer>
  readonly message: string
}

export type StepError = ShapeError | DataError | StateError | NonFinite
export type FitError = StepError | RecipeError | FileError | CompileError | Aborted

/** A setting that is not possible, in one sentence. */
export const recipeError = (message: string): RecipeError => ({ _tag: 'RecipeError', message })

/** The error after a thread has ended in the middle of a step. */
export const stateVoid: StateError = {
  _tag: 'StateVoid',
  message:
    'a thread ended in the middle of a step, which leaves the state void; compile a new trainer and go on from the last saved state',
}

/** The error of those who want averages that nobody keeps. */
export const noAverage: RecipeError = recipeError(
  'the optimizer keeps no average of the parameters; put Optimizer.ema, Optimizer.swa or Optimizer.lookahead into it',
)

/** Divergence at a step, and what to do; `what` is the loss or a parameter. */
export const nonFinite = (step: number, rate: number | undefined, what = 'the loss'): NonFinite => ({
  _tag: 'NonFinite',
  step,
  message:
    `${what} is not a finite number at step ${step}` +
    `${rate === undefined ? '' : ` (rate ${rate.toPrecision(3)})`}; lower the rate, clip the gradients or scale the inputs`,
})
