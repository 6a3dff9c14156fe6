import * as Optimizer from '../../src/optim/Optimizer.js'
import * as Schedule from '../../src/optim/Schedule.js'
import { assertBits } from '../support/assert.js'
import { type Bindings, type Leaf, trajectory } from './support.js'

/** The values of one name in a state. */
export const numbersOf = (s: Bindings | undefined, name: string): readonly number[] => Array.from(s?.get(name) ?? [])

export const paths = ['hidden/dense1/w', 'hidden/dense1/b', 'norm/gamma']
export const leaves: readonly Leaf[] = [
  { shape: [2, 2], data: [1, -2, 3, 0.5] },
  { shape: [2], data: [0.25, -4] },
  { shape: [2], data: [1, 2] },
]
export const wave = (t: number): readonly (readonly number[])[] =>
  leaves.map(({ data }, k) => data.map((_, i) => Math.fround(Math.sin(1.3 * t + i + k))))
export const waves = Array.from({ length: 24 }, (_, t) => wave(t))
/** The states after every gradient. */
export const run = (optimizer: Optimizer.Optimizer, gradients = waves, precision: 'f64' | 'f32' = 'f32') =>
  trajectory(optimizer, leaves, gradients, precision, undefined, { paths })
/** The values of all parameters. */
export const all = (s: Bindings | undefined): readonly number[] => ['p 0', 'p 1', 'p 2'].flatMap(n => numbersOf(s, n))
/** The values of all parameters after the last step. */
export const end = (states: readonly Bindings[]): readonly number[] => all(states[states.length - 1])
export const same = (a: readonly number[], b: readonly number[], message?: string) =>
  assertBits(Float64Array.from(a), Float64Array.from(b), message)
export const adam = Optimizer.adam({ rate: Schedule.exponential({ initial: 0.1, steps: 5, decay: 0.5 }) })
