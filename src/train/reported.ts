/** What a run of a program reports. */
import type { Bits } from '../backend/numbers.js'
import type { State } from './State.js'

/** Loss, metrics and, of a step, the learning rate, by name. */
export type Metrics = { readonly loss: number } & Readonly<Record<string, number>>

export interface Stepped {
  readonly state: State
  /** of the batch, before the update; where the step was skipped, maybe not finite */
  readonly metrics: Metrics
  /** whether a guard skipped the step */
  readonly skipped: boolean
}

/** Entries by name, of which the loss is one. */
export const metricsOf = (entries: readonly (readonly [string, number])[]): Metrics => ({
  loss: Number.NaN,
  ...Object.fromEntries(entries),
})

/**
 * Results that are not for users to see, but that weighted means over batches are made of: the mean weight of a row, of
 * each such mean its numerator over the number of rows, and the penalty in the loss. No metric's name begins so.
 */
export const [totalName, penaltyName] = ['/weight', '/penalty']
export const partName = (name: string): string => `/weighted/${name}`
export const isShown = (name: string): boolean => !name.startsWith('/')

/** The scalars that a run left, as users see them. */
export const scalars = (results: Readonly<Record<string, Bits>>): Metrics =>
  metricsOf(
    Object.keys(results)
      .filter(isShown)
      .map(name => [name, results[name]?.[0] as number]),
  )

/** Means over rows from sums over batches of rows times value: plain ones, and weighted ones as quotients of sums. */
export const meansOf = (sums: Readonly<Record<string, number>>, rows: number): Metrics =>
  metricsOf(
    Object.keys(sums)
      .filter(isShown)
      .map(name => {
        const [part, total] = [sums[partName(name)], sums[totalName]]
        if (part === undefined || total === undefined) return [name, (sums[name] as number) / rows]
        const mean = total === 0 ? 0 : part / total
        return [name, name === 'loss' ? mean + (sums[penaltyName] ?? 0) / rows : mean]
      }),
  )
