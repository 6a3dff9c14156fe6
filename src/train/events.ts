/** What a training run tells while it goes on. */
import type * as E from '#fp/Either.js'
import type { StateError } from './errors.js'
import type { Metrics } from './reported.js'

/** The run up to an event, for `Watch.from`; to be called before the handler returns. */
type TakeCheckpoint = () => E.Either<StateError, Uint8Array<ArrayBuffer>>

/** One epoch, counted from 1. */
export interface Epoch {
  readonly epoch: number
  /** steps taken since the beginning */
  readonly step: number
  /** means over the epoch, while it was trained; NaN where a guard skipped every step */
  readonly train: Metrics
  readonly validation: Metrics | null
  /** the learning rate of the last step */
  readonly rate: number | null
  /** steps that a guard skipped; they count in no mean */
  readonly skipped: number
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
      /** steps taken since the beginning */
      readonly step: number
      readonly train: Metrics
      readonly rate: number | null
      /** steps of the epoch that a guard skipped; they count in no mean */
      readonly skipped: number
      readonly samplesPerSecond: number
      readonly checkpoint: TakeCheckpoint
    }
  | ({ readonly _tag: 'Epoch'; readonly checkpoint: TakeCheckpoint } & Epoch)
  /** a rule or a monitor stopped the run, after an epoch or within it */
  | {
      readonly _tag: 'Stopped'
      readonly epoch: number
      readonly reason: string
      /** the epoch whose parameters are given back, where a rule restores the best; null: the last parameters are */
      readonly restored: number | null
    }
