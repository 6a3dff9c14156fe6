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

type Less<
  A extends readonly Digit[],
  B extends readonly Digit[],
  Borrow extends readonly 1[] = [],
  Out extends readonly Digit[] = [],
> = A extends readonly [infer X extends Digit, ...infer As extends readonly Digit[]]
  ? B extends readonly [infer Y extends Digit, ...infer Bs extends readonly Digit[]]
    ? Borrowed<Ones[X], [...Ones[Y], ...Borrow], As, Bs, Out>
    : Borrowed<Ones[X], Borrow, As, [], Out>
  : B extends readonly []
    ? Borrow extends readonly []
      ? Out
      : never
    : never

type Borrowed<
  X extends readonly 1[],
  Y extends readonly 1[],
  A extends readonly Digit[],
  B extends readonly Digit[],
  Out extends readonly Digit[],
> = X extends readonly [...Y, ...infer Rest]
  ? Less<A, B, [], readonly [...Out, Text1<Rest>]>
  : [1, ...Ones['9'], ...X] extends readonly [...Y, ...infer Rest]
    ? Less<A, B, [1], readonly [...Out, Text1<Rest>]>
    : never

type Text1<T extends readonly unknown[]> = `${T['length'] & number}` extends infer D extends Digit ? D : never

/** A - B, or `number`; also where it would be negative. */
export type Subtract<A extends number, B extends number> = [DigitsOf<A>] extends [never]
  ? number
  : [DigitsOf<B>] extends [never]
    ? number
    : Value<Less<DigitsOf<A>, DigitsOf<B>>>

/** The larger of the two, or `number`. */
export type Larger<A extends number, B extends number> =
  number extends Subtract<A, B> ? (number extends Subtract<B, A> ? number : B) : A

/** A tuple of N elements, for N below 100. */
type Tuple<S extends string> = S extends `${infer A extends Digit}${infer B extends Digit}`
  ? Ones[A] extends infer T extends readonly 1[]
    ? [...Tens<T>, ...Ones[B]]
    : never
  : S extends Digit
    ? Ones[S]
    : never
type Tens<T extends readonly 1[]> = [...T, ...T, ...T, ...T, ...T, ...T, ...T, ...T, ...T, ...T]

/** Long division: what is left of the digits before, then ten times that and the next digit. */
type Division<
  S extends string,
  By extends readonly 1[],
  Left extends readonly 1[] = [],
  Out extends string = '',
> = S extends `${infer D extends Digit}${infer Rest}` ? Quotients<[...Tens<Left>, ...Ones[D]], By, Rest, Out> : Out

type Quotients<
  N extends readonly 1[],
  By extends readonly 1[],
  Rest extends string,
  Out extends string,
  Count extends readonly 1[] = [],
> = N extends readonly [...By, ...infer Less extends readonly 1[]]
  ? Quotients<Less, By, Rest, Out, [...Count, 1]>
  : Division<Rest, By, N, `${Out}${Count['length'] & number}`>

type Parsed<S extends string> = Trim<S> extends `${infer N extends number}` ? N : number

/** The whole part of A / B for a B from 1 to 99, or `number`. */
export type Quotient<A extends number, B extends number> = B extends 1
  ? A
  : [DigitsOf<A>] extends [never]
    ? number
    : [DigitsOf<B>] extends [never]
      ? number
      : [Tuple<`${B}`>] extends [infer By extends readonly [1, ...1[]]]
        ? [By] extends [never]
          ? number
          : Parsed<Division<`${A}`, By>>
        : number
