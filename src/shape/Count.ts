/**
 * Addition and multiplication of literal sizes at the type level, by digits as on paper. Exact for whole numbers of up
 * to 12 digits; anything else (`number`, a fraction, a union) gives `number`.
 */

type Digit = '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9'

/** Tuples whose lengths are the digits. */
interface Ones {
  '0': []
  '1': [1]
  '2': [1, 1]
  '3': [1, 1, 1]
  '4': [1, 1, 1, 1]
  '5': [1, 1, 1, 1, 1]
  '6': [1, 1, 1, 1, 1, 1]
  '7': [1, 1, 1, 1, 1, 1, 1]
  '8': [1, 1, 1, 1, 1, 1, 1, 1]
  '9': [1, 1, 1, 1, 1, 1, 1, 1, 1]
}
type Carry = '0' | '1'

/** a + b + carry, as text of one or two digits */
type Column<
  A extends Digit,
  B extends Digit,
  C extends Carry,
> = `${[...Ones[A], ...Ones[B], ...Ones[C]]['length'] & number}`

/** Digits, the last first. */
type Digits<S extends string, Out extends readonly Digit[] = []> = S extends `${infer D extends Digit}${infer Rest}`
  ? Digits<Rest, readonly [D, ...Out]>
  : S extends ''
    ? Out
    : never

type Sum<
  A extends readonly Digit[],
  B extends readonly Digit[],
  C extends Carry = '0',
  Out extends readonly Digit[] = [],
> = A extends readonly [infer X extends Digit, ...infer As extends readonly Digit[]]
  ? B extends readonly [infer Y extends Digit, ...infer Bs extends readonly Digit[]]
    ? Put<Column<X, Y, C>, As, Bs, Out>
    : Put<Column<X, '0', C>, As, [], Out>
  : B extends readonly [infer Y extends Digit, ...infer Bs extends readonly Digit[]]
    ? Put<Column<'0', Y, C>, [], Bs, Out>
    : C extends '1'
      ? readonly [...Out, '1']
      : Out

type Put<
  Col extends string,
  A extends readonly Digit[],
  B extends readonly Digit[],
  Out extends readonly Digit[],
> = Col extends `1${infer D extends Digit}`
  ? Sum<A, B, '1', readonly [...Out, D]>
  : Col extends Digit
    ? Sum<A, B, '0', readonly [...Out, Col]>
    : never

/** A times a digit: as many additions. */
type Times<
  A extends readonly Digit[],
  N extends readonly unknown[],
  Out extends readonly Digit[] = [],
> = N extends readonly [unknown, ...infer Rest] ? Times<A, Rest, Sum<A, Out>> : Out

type Long<A extends readonly Digit[], B extends readonly Digit[]> = B extends readonly [
  infer Y extends Digit,
  ...infer Bs extends readonly Digit[],
]
  ? Sum<Times<A, Ones[Y]>, readonly ['0', ...Long<A, Bs>]>
  : []

type Text<D extends readonly Digit[], Out extends string = ''> = D extends readonly [
  infer X extends Digit,
  ...infer Rest extends readonly Digit[],
]
  ? Text<Rest, `${X}${Out}`>
  : Out

type Trim<S extends string> = S extends `0${infer Rest}` ? (Rest extends '' ? '0' : Trim<Rest>) : S

type Value<D extends readonly Digit[]> = [D] extends [never]
  ? number
  : D['length'] extends 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13
    ? Trim<Text<D>> extends `${infer N extends number}`
      ? N
      : number
    : number

type IsUnion<A, B = A> = A extends unknown ? ([B] extends [A] ? false : true) : never

/** The digits of a size, or never when it is not one literal whole number. */
type DigitsOf<N extends number> = number extends N ? never : true extends IsUnion<N> ? never : Digits<`${N}`>

/** A + B, or `number`. */
export type Add<A extends number, B extends number> = [DigitsOf<A>] extends [never]
  ? number
  : [DigitsOf<B>] extends [never]
    ? number
    : Value<Sum<DigitsOf<A>, DigitsOf<B>>>

/** A times B, or `number`. */
export type Multiply<A extends number, B extends number> = [DigitsOf<A>] extends [never]
  ? number
  : [DigitsOf<B>] extends [never]
    ? number
    : Value<Long<DigitsOf<A>, DigitsOf<B>>>
