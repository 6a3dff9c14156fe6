/** What a training run takes, tells and gives. */
import type * as E from '#fp/Either.js'
import type { Data } from '../data/Dataset.js'
import type { Label } from '../data/Label.js'
import type { FileError } from '../io/FileError.js'
import type { Inputs, Shape } from '../shape/Dims.js'
import type { ShapeError } from '../shape/ShapeError.js'
import type { FitError, StateError, StepError } from './errors.js'
import type { Model } from './Model.js'
import type { State } from './State.js'
import type { Metrics } from './Trainer.js'

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
  | ({
      readonly _tag: 'Epoch'
      /** the run up to here, for `Watch.from`; to be called before the handler returns */
      readonly checkpoint: () => E.Either<StateError, Uint8Array<ArrayBuffer>>
    } & Epoch)
  | { readonly _tag: 'Stopped'; readonly epoch: number; readonly reason: string; readonly restored: number | null }

export interface Watch {
  readonly signal?: AbortSignal
  readonly on?: (event: FitEvent) => void
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
  /** loss and metrics of the model, as means over a data set */
  readonly evaluate: (data: Data<I, L>) => E.Either<StepError | FileError, Metrics>
}

/** What `events` yields: the events of `fit`, then how it ended. */
export type RunEvent<I extends Inputs, O extends Shape, L extends Label = Label> =
  | FitEvent
  | { readonly _tag: 'Fitted'; readonly model: Fitted<I, O, L> }
  | { readonly _tag: 'Failed'; readonly error: FitError }
