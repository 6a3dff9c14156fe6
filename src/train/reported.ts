/** What a run of a program reports. */
import type { Bits } from '../backend/machine.js'
import type { State } from './State.js'

/** Loss, metrics and, of a step, the learning rate, by name. */
export type Metrics = { readonly loss: number } & Readonly<Record<string, number>>

export interface Stepped {
  readonly state: State
  /** of the batch, before the update */
  readonly metrics: Metrics
}

/** Entries by name, of which the loss is one. */
export const metricsOf = (entries: readonly (readonly [string, number])[]): Metrics => ({
  loss: Number.NaN,
  ...Object.fromEntries(entries),
})

/** The scalars that a run left. */
export const scalars = (results: Readonly<Record<string, Bits>>): Metrics =>
  metricsOf(Object.entries(results).map(([name, bits]) => [name, bits[0] as number]))
