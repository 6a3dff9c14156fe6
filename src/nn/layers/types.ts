/** The types that layers show to their users. */
import type { Inputs, OfRank, Shape } from '../../shape/Dims.js'
import type { Net } from '../Node.js'

export interface Named {
  /** names the parameters; layers of one name share them */
  readonly name?: string
}

/** A layer that keeps the shape, whatever it is. */
export type Keeps = <I extends Inputs, S extends Shape>(x: Net<I, S>) => Net<I, S>

/** A layer that gives shape T, whatever it is put on. */
export type To<T extends Shape> = <I extends Inputs>(x: Net<I, Shape>) => Net<I, T>

/** What a layer called L that takes vectors says to other shapes. */
export type Vector<S extends Shape, L extends string> = OfRank<
  S,
  1,
  `${L}: expects a vector, but the input is`,
  'put Layer.flatten() before it'
>
