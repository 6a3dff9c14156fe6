/** Test values as a function of a seed and a name: the same on every machine, so a failure repeats. */
import { type Expr, input } from '../graph/Expr.js'
import type { Node, Program } from '../graph/Program.js'
import { keyOf } from '../random/Key.js'
import { words } from '../random/Philox.js'
import { resolveDim, sizeOf, type TensorType } from '../shape/TensorType.js'

export type Values = Readonly<Record<string, ArrayLike<number>>>

/** Where values may be taken from. */
export interface Domain {
  /** the interval of values; default [-2, 2] */
  readonly domain?: readonly [low: number, high: number]
  /** points to stay 0.05 away from: kinks, poles */
  readonly avoid?: readonly number[]
}

const margin = 0.05

/** n numbers of the domain, each a float32. */
export const draw = (
  n: number,
  seed: number,
  name: string,
  { domain = [-2, 2], avoid = [] }: Domain = {},
): Float32Array => {
  const [low, high] = domain
  return Float32Array.from(words(keyOf(seed, name, 'testing'), 0, 0, n), word => {
    const x = low + (high - low) * ((word >>> 8) / 16777216)
    const near = avoid.find(a => Math.abs(a - x) < margin)
    if (near === undefined) return x
    return near + 2 * margin <= high ? near + 2 * margin : near - 2 * margin
  })
}

export type Leaf = Extract<Expr, { readonly name: string }>

/** What a program must be given, in the order of its first use. */
export const leavesOf = (program: Program): readonly Leaf[] =>
  program.nodes.flatMap(({ expr }: Node) => (expr._tag === 'Param' || expr._tag === 'Input' ? [expr] : []))

export const isReal = ({ type }: Expr): boolean => type.dtype === 'f32' || type.dtype === 'f64'

/** Values of a leaf: numbers of the domain, whole ones of an i32, masks of a bool. */
export const fill = ({ name, type }: Leaf, rows: number, seed: number, where: Domain = {}): ArrayLike<number> => {
  const x = draw(resolveDim(sizeOf(type.shape), rows), seed, name, where)
  if (type.dtype === 'i32') return Int32Array.from(x, v => Math.floor(v))
  return type.dtype === 'bool' ? x.map(v => (v < 0 ? -1 : 0)) : x
}

/** Tensors that weigh the elements of a result, so that each matters. */
export const weightOf = (name: string, type: TensorType): Leaf => input(`/weight ${name}`, type) as Leaf
