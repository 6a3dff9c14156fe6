/** Optimizers as lists of stages, and how they are put one after another. */
import { concatAll, type Monoid } from '#fp/Monoid.js'
import type { Stage } from './stages/define.js'

/** Stages in the order in which the gradients pass them. */
export type Optimizer = readonly Stage[]

/** Chaining: concatenation of lists; the unit is descent at rate 1. */
export const MonoidChain: Monoid<Optimizer> = { concat: (a, b) => [...a, ...b], empty: [] }

const listOf = (x: Stage | Optimizer): Optimizer => ('of' in x ? [x] : x)

/** Stages and optimizers one after another: `chain(Clip.byGlobalNorm(1), adam())`. */
export const chain = (...parts: readonly (Stage | Optimizer)[]): Optimizer => concatAll(MonoidChain)(parts.map(listOf))
