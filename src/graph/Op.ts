/**
 * What an expression is (see Expr.ts for its constructors), and what an operation is: declared once, as a value, with everything the rest of the system asks of it.
 *
 * - `type`: the shape rule.
 * - `vjp`: given the gradient `g` of the output, the gradient of each argument, as expressions (so that it can be
 *   differentiated again); null where none flows.
 * - `reference`: float64, slow, obviously right.
 * - `lower`: how the compiler runs it.
 * - `samples`: where the tests may evaluate it.
 */
import type { Either } from '#fp/Either.js'
import type { ShapeError } from '../shape/ShapeError.js'
import type { TensorType } from '../shape/TensorType.js'

/** A named value bound when the program runs: state that a step may replace. */
export interface Param {
  readonly _tag: 'Param'
  readonly name: string
  readonly type: TensorType
}

/** A named value bound when the program runs: data of this call. */
export interface Input {
  readonly _tag: 'Input'
  readonly name: string
  readonly type: TensorType
}

/** A constant, row-major; a shape without rows. */
export interface Const {
  readonly _tag: 'Const'
  readonly values: readonly number[]
  readonly type: TensorType
}

export interface Apply {
  readonly _tag: 'Apply'
  readonly op: Op
  readonly attrs: Attrs
  readonly args: readonly Expr[]
  readonly type: TensorType
}

export interface Invalid {
  readonly _tag: 'Invalid'
  readonly error: ShapeError
  readonly type: TensorType
}

export type Expr = Param | Input | Const | Apply | Invalid

export type Attr = number | string | boolean | readonly number[]
export type Attrs = { readonly [name: string]: Attr }

/** A tensor of the reference evaluator: float64 whatever the dtype, row-major. */
export interface Nd {
  readonly shape: readonly number[]
  readonly values: Float64Array
}

/** Argument and result types; inside `lower` and `reference` every dimension is resolved to a number. */
export interface Typing {
  readonly attrs: Attrs
  readonly args: readonly TensorType[]
}

export interface Lowered extends Typing {
  readonly out: TensorType
  readonly rows: number
}

/** A word of a kernel's argument record: a number, a float's bits, or the address of a buffer known to the plan. */
export type Word =
  | number
  | { readonly f32: number }
  | { readonly arg: number; readonly offset?: number }
  | { readonly out: true; readonly offset?: number }
  | { readonly scratch: number }

/** A word that is an address, so many elements of 32 bits further on. */
export const shifted = (word: Word, elements: number): Word =>
  typeof word === 'number' || 'f32' in word
    ? word
    : 'scratch' in word
      ? { scratch: word.scratch + 4 * elements }
      : { ...word, offset: (word.offset ?? 0) + 4 * elements }

/** How a call can be cut: into up to `grains` pieces, each of which writes outputs of its own, and the same bits. */
export interface Parts {
  readonly grains: number
  /** about how long the whole call takes on one thread, in nanoseconds */
  readonly cost: number
  /** about how long that takes which every piece does anew; default 0 */
  readonly again?: number
  /**
   * whether grain by grain reads its own equal share of the first operand, in order, and the words are linear in `from`
   * and `to`: so it can end an epilogue
   */
  readonly local?: boolean
  /** the record of the grains from `from` up to `to` */
  readonly words: (from: number, to: number) => readonly Word[]
}

/** How an epilogue is told to a product's call (`assembly/epilogue.ts`): its address is a word of the record. */
export interface Lead {
  readonly word: number
  /** the result's row at which the piece from a grain on begins; null where pieces hold no whole rows */
  readonly row: ((grain: number) => number) | null
  /** whether rows of a result that the epilogue alone reads may take the place of rows that it has read; default false */
  readonly passes?: boolean
}

export interface Call {
  readonly kernel: string
  readonly words: readonly Word[]
  /** absent where the call runs whole; as with the number of calls, that may not depend on the rows */
  readonly parts?: Parts
  /** of a call that writes all of its result, row by row in order (a row is the last axis), and can run an epilogue */
  readonly leads?: Lead
}

export type Lowering =
  /** a function of `assembly/elementwise`, fused into regions */
  | { readonly _tag: 'Elementwise'; readonly fn: (c: Typing) => string }
  /** the same bytes under another type */
  | { readonly _tag: 'Alias' }
  /** a view with stride 0 inside a region, otherwise copied by `calls` */
  | { readonly _tag: 'Broadcast'; readonly calls: (c: Lowered) => readonly Call[] }
  /** the number of calls may not depend on the rows; `scratch` is in bytes; whether the calls may lead an epilogue, or end one */
  | {
      readonly _tag: 'Kernel'
      readonly epilogue?: 'leads' | 'ends'
      readonly calls: (c: Lowered) => readonly Call[]
      readonly scratch?: (c: Lowered) => number
    }

export interface Vjp {
  readonly attrs: Attrs
  readonly args: readonly Expr[]
  readonly out: Expr
  readonly g: Expr
}

/** An argument list for the table-driven tests: types, attributes, the domain of values and points to stay away from. */
export interface Sample {
  readonly args: readonly TensorType[]
  readonly attrs?: Attrs
  readonly domain?: readonly [number, number]
  readonly avoid?: readonly number[]
}

export interface Op {
  readonly name: string
  readonly type: (c: Typing) => Either<string, TensorType>
  readonly vjp: ((c: Vjp) => readonly (Expr | null)[]) | null
  readonly reference: (c: Lowered, args: readonly Nd[]) => Float64Array
  readonly lower: Lowering
  readonly samples: () => readonly Sample[]
}
