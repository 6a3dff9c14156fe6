/** What a machine is made of: programs, the state they share, and data kept in memory. */
import type { Expr } from '../graph/Expr.js'
import type { TensorType } from '../shape/TensorType.js'
import type { Winograd } from '../transform/Winograd.js'

export interface Slot {
  readonly name: string
  readonly type: TensorType
}

/** What a program computes: values to look at, and new values of state slots. */
export interface Wanted {
  readonly results: Readonly<Record<string, Expr>>
  /** the name of a result (rank 0, f32) that is 0 where a turn of `repeat` does not count in the totals */
  readonly gate?: string
  readonly updates: Readonly<Record<string, Expr>>
}

/** One input of a data set kept in linear memory, `width` elements a row; bytes are widened when they are fetched. */
export interface Column {
  readonly input: string
  readonly width: number
  readonly values: Uint8Array | Float32Array | Int32Array
}

export interface Resident {
  readonly rows: number
  readonly columns: readonly Column[]
}

/** So many threads, or as many as suit the host if the work on so many rows is worth starting them. */
export type ThreadCount = number | { readonly worthFor: number }

export interface MachineSpec {
  /** the largest number of rows of one run */
  readonly rows: number
  readonly state: readonly Slot[]
  readonly programs: Readonly<Record<string, Wanted>>
  /** names of the inputs that runs are given; a program that uses another one is refused; any if absent */
  readonly inputs?: readonly string[]
  readonly resident?: Readonly<Record<string, Resident>>
  /** whether regions run fused where there is a kernel for them; the bits are the same; default true */
  readonly fused?: boolean
  /** whether a generated module may take over, which runs every region as a whole; the bits are the same; default false */
  readonly generated?: boolean
  /** the algorithm of convolutions with 3 x 3 filters whose weights are not kept; default 'F(2x2)' */
  readonly winograd?: Winograd
  /** how many threads share the work; the bits are the same; default 1 */
  readonly threads?: ThreadCount
  /** whether products and convolutions are computed with relaxed SIMD: faster, with bits that depend on the host; default false */
  readonly relaxed?: boolean
  /** how short a thread's share of a step may be, in nanoseconds; default 10,000 */
  readonly leastTile?: number
}
