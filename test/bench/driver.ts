/** What the module of a library under measurement exports. */

import type { Traffic } from './traffic.js'

/** `run` does the workload's work `times` times and is done when the last result is there. */
export interface Task {
  readonly run: (times: number) => void | Promise<void>
  /** of gradus' own workloads */
  readonly work?: Work
}

export interface Work {
  /** floating-point operations of one run, counting convolutions as if they were direct */
  readonly flop: number
  /** the kernels of one run, and the milliseconds that each took */
  /** what one run moves through memory */
  readonly traffic: () => Traffic
  readonly kernels: () => readonly { readonly kernel: string; readonly time: number }[]
}

export interface Driver {
  readonly version: string
  /** by the workload's name; a workload that is not there is one that the library does not do */
  readonly tasks: Readonly<Record<string, () => Task | Promise<Task>>>
}

export interface Request {
  readonly workload: string
  readonly seconds: number
}

/** `samples` are milliseconds of one run; there are none when the library does not do the workload. */
export type Answer =
  | { readonly _tag: 'Ready'; readonly version: string }
  | { readonly _tag: 'Measured'; readonly samples: readonly number[] }
  | { readonly _tag: 'Failed'; readonly message: string }
