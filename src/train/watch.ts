/** What a training run takes and gives. */

import type * as E from '#fp/Either.js'
import type { Data } from '../data/Dataset.js'
import type { Label } from '../data/Label.js'
import type { FileError } from '../io/FileError.js'
import type { Inputs, Shape } from '../shape/Dims.js'
import type { ShapeError } from '../shape/ShapeError.js'
import type { Winograd } from '../transform/Winograd.js'
import type { EngineOptions } from './engine.js'
import type { FitError, StateError, StepError } from './errors.js'
import type { Epoch, FitEvent } from './events.js'
import type { Model } from './Model.js'
import type { Monitor } from './Monitor.js'
import type { Metrics } from './reported.js'
import type { State } from './State.js'

/** Training data, and validation data to judge each epoch by. */
export interface Split<I extends Inputs, L> {
  readonly train: Data<I, L>
  readonly validation?: Data<I, L>
}

/** What looks at a run without a part in what it computes. */
export interface Watch extends EngineOptions {
  /** stops the run, which gives `Aborted` with a checkpoint */
  readonly signal?: AbortSignal
  readonly on?: (event: FitEvent) => void
  /** how many threads share the work of a step, as in `Trainer.compile`: the bits are the same */
  readonly threads?: number
  /** the algorithm of 3 x 3 convolutions, as in `Trainer.compile`: the bits differ */
  readonly winograd?: Winograd
  /** whether products and convolutions use relaxed SIMD, as in `Trainer.compile`: the bits depend on the host */
  readonly relaxed?: boolean
  /** see every event after `on`; may stop the run, which gives the model then */
  readonly monitors?: readonly Monitor[]
  /** go on where a checkpoint was made, to the same bits; or from a saved state, with the rules to stop starting anew */
  readonly from?: Uint8Array
  /** other values than those drawn to begin with, made of the initial state: `Reuse.weights(model)`, `State.assign(...)` */
  readonly start?: (initial: State) => E.Either<StateError | ShapeError, State>
}

/** The model, how it came about, and the state to go on from. */
export interface Fitted<I extends Inputs, O extends Shape, L extends Label = Label> extends Model<I, O> {
  readonly history: readonly Epoch[]
  /** the state of the returned parameters, as the bytes of a file */
  readonly state: Uint8Array<ArrayBuffer>
  /** its SHA-256 */
  readonly hash: string
  /** the run where it ended, to go on from (`Watch.from`), e.g. after a time budget */
  readonly checkpoint: Uint8Array<ArrayBuffer>
  /** loss and metrics of the model, as means over a data set */
  readonly evaluate: (data: Data<I, L>) => E.Either<StepError | FileError, Metrics>
}

/** What `events` yields: the events of `fit`, then how it ended. */
export type RunEvent<I extends Inputs, O extends Shape, L extends Label = Label> =
  | FitEvent
  | { readonly _tag: 'Fitted'; readonly model: Fitted<I, O, L> }
  | { readonly _tag: 'Failed'; readonly error: FitError }
