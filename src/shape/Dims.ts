/**
 * Shapes at the type level: tuples of literal sizes, per example. An unknown size is `number`; it fits everything here,
 * and the check of the values decides.
 *
 * A misfit is reported by intersecting the parameter with a string literal that says what is wrong: that text survives
 * `pipe`. The literal is chosen by an indexed lookup on the shape's length, not by a conditional type, so it also
 * resolves inside blocks that are generic in a size.
 */
import type { Add, Multiply } from './Count.js'

export type Shape = readonly number[]

/** The shape of a sole input, or the shapes of several by name. */
export type Inputs = Shape | { readonly [name: string]: Shape }

/** The ranks that are told apart. */
export type Rank = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8

type Dim<N> = N extends number ? (number extends N ? '?' : `${N}`) : never

interface Shown<S extends Shape> {
  0: '[]'
  1: `[${Dim<S[0]>}]`
  2: `[${Dim<S[0]>}, ${Dim<S[1]>}]`
  3: `[${Dim<S[0]>}, ${Dim<S[1]>}, ${Dim<S[2]>}]`
  4: `[${Dim<S[0]>}, ${Dim<S[1]>}, ${Dim<S[2]>}, ${Dim<S[3]>}]`
  5: `[${Dim<S[0]>}, ${Dim<S[1]>}, ${Dim<S[2]>}, ${Dim<S[3]>}, ${Dim<S[4]>}]`
  6: `[${Dim<S[0]>}, ${Dim<S[1]>}, ${Dim<S[2]>}, ${Dim<S[3]>}, ${Dim<S[4]>}, ${Dim<S[5]>}]`
  7: `[${Dim<S[0]>}, ${Dim<S[1]>}, ${Dim<S[2]>}, ${Dim<S[3]>}, ${Dim<S[4]>}, ${Dim<S[5]>}, ${Dim<S[6]>}]`
  8: `[${Dim<S[0]>}, ${Dim<S[1]>}, ${Dim<S[2]>}, ${Dim<S[3]>}, ${Dim<S[4]>}, ${Dim<S[5]>}, ${Dim<S[6]>}, ${Dim<S[7]>}]`
}

/** The shape as text, `[28, 28, ?]`. */
export type Show<S extends Shape> = Shown<S>[S['length'] & Rank]

/** `unknown` when the rank is the wanted one, otherwise the sentence `<Says> <shape>; <Fix>`. */
export type OfRank<S extends Shape, Want extends Rank, Says extends string, Fix extends string> = {
  [n in Rank]: n extends Want ? unknown : `${Says} ${Show<S>}; ${Fix}`
}[S['length'] & Rank]

/** `unknown` when the shapes agree as far as they are known, otherwise `<Says>: <A> is not <B>`. */
export type Same<A extends Shape, B extends Shape, Says extends string> = [A] extends [B]
  ? unknown
  : [B] extends [A]
    ? unknown
    : `${Says}: ${Show<A>} is not ${Show<B>}`

interface Products<S extends Shape> {
  0: 1
  1: S[0]
  2: Multiply<S[0], S[1]>
  3: Multiply<Multiply<S[0], S[1]>, S[2]>
  4: Multiply<Multiply<S[0], S[1]>, Multiply<S[2], S[3]>>
  5: Multiply<Multiply<Multiply<S[0], S[1]>, Multiply<S[2], S[3]>>, S[4]>
  6: number
  7: number
  8: number
}

/** The number of elements, computed up to rank 5. */
export type Size<S extends Shape> = Products<S>[S['length'] & Rank]

/** `unknown` when both have as many elements, as far as that is known, otherwise a sentence. */
export type SameSize<A extends Shape, B extends Shape, Says extends string> = [Size<A>] extends [Size<B>]
  ? unknown
  : [Size<B>] extends [Size<A>]
    ? unknown
    : `${Says}: ${Show<A>} has ${Size<A>} elements, but ${Show<B>} has ${Size<B>}`

interface JoinedBy<A extends Shape, B extends Shape> {
  0: readonly []
  1: readonly [Add<A[0], B[0]>]
  2: readonly [A[0], Add<A[1], B[1]>]
  3: readonly [A[0], A[1], Add<A[2], B[2]>]
  4: readonly [A[0], A[1], A[2], Add<A[3], B[3]>]
  5: readonly [A[0], A[1], A[2], A[3], Add<A[4], B[4]>]
  6: readonly [A[0], A[1], A[2], A[3], A[4], Add<A[5], B[5]>]
  7: readonly [A[0], A[1], A[2], A[3], A[4], A[5], Add<A[6], B[6]>]
  8: readonly [A[0], A[1], A[2], A[3], A[4], A[5], A[6], Add<A[7], B[7]>]
}

/** The shape of two tensors joined along the last axis. */
export type Joined<A extends Shape, B extends Shape> = JoinedBy<A, B>[A['length'] & Rank]

interface Fronts<S extends Shape> {
  0: readonly []
  1: readonly []
  2: readonly [S[0]]
  3: readonly [S[0], S[1]]
  4: readonly [S[0], S[1], S[2]]
  5: readonly [S[0], S[1], S[2], S[3]]
  6: readonly [S[0], S[1], S[2], S[3], S[4]]
  7: readonly [S[0], S[1], S[2], S[3], S[4], S[5]]
  8: readonly [S[0], S[1], S[2], S[3], S[4], S[5], S[6]]
}

/** All sizes but the last. */
type Front<S extends Shape> = Fronts<S>[S['length'] & Rank]

/** `unknown` when the shapes agree in all axes but the last, otherwise `<Says>: <A> and <B>`. */
export type Joins<A extends Shape, B extends Shape, Says extends string> = [Front<A>] extends [Front<B>]
  ? unknown
  : [Front<B>] extends [Front<A>]
    ? unknown
    : `${Says}: ${Show<A>} and ${Show<B>}`

/** What a loss, or a metric, compares the output with: a class number, or numbers of the output's shape. */
export type Target = 'class' | 'values'

/** `unknown` when a net that ends in shape O suits the target, otherwise a sentence. */
export type Ends<K extends Target, O extends Shape> = {
  values: unknown
  class: OfRank<
    O,
    1,
    'class labels: the net must end in a vector of logits, but it ends in',
    'end it with Layer.dense(classes)'
  >
}[K]
