/** Codecs of settings: values within bounds, and what is wrong with a setting in one sentence. */
import * as E from '#fp/Either.js'
import * as t from '#io/index.js'

const fewNumbers = (u: unknown): string | null =>
  Array.isArray(u) && u.length <= 4 && u.every(x => typeof x === 'number') ? `[${u.join(', ')}]` : null

export const show = (u: unknown): string => {
  if (u === undefined) return 'missing'
  if (Array.isArray(u)) {
    const pairs = u.length > 0 && u.length <= 4 ? u.map(fewNumbers) : [null]
    return fewNumbers(u) ?? (pairs.includes(null) ? 'a list' : `[${pairs.join(', ')}]`)
  }
  if (typeof u === 'object' && u !== null) return 'an object'
  const text = typeof u === 'string' ? JSON.stringify(u) : String(u)
  return text.length > 40 ? `${text.slice(0, 40)}...` : text
}

/** Values for which `holds`, with the error `must be ${expects}, but it is ...`. */
export const that = <A>(expects: string, holds: (u: unknown) => u is A): t.Type<A, unknown> =>
  new t.Type<A, unknown>(
    expects,
    holds,
    (u, c) => (holds(u) ? t.success(u) : t.failure(u, c, `must be ${expects}, but it is ${show(u)}`)),
    t.identity,
  )

/** Finite numbers for which `holds`. */
export const numberThat = (expects: string, holds: (x: number) => boolean): t.Type<number, unknown> =>
  that(expects, (u): u is number => typeof u === 'number' && Number.isFinite(u) && holds(u))

export const finite = numberThat('a finite number', () => true)
export const positive = numberThat('a number > 0', x => x > 0)
export const notNegative = numberThat('a number >= 0', x => x >= 0)
export const belowOne = numberThat('a number in [0, 1)', x => x >= 0 && x < 1)
export const withinOne = numberThat('a number in [0, 1]', x => x >= 0 && x <= 1)

/** The largest size of a dimension. */
export const maxSize = 1_073_741_824

/** A dimension's size. */
export const size = numberThat(
  `a whole number from 1 to ${maxSize}`,
  x => Number.isInteger(x) && x >= 1 && x <= maxSize,
)

export const flag = that('true or false', (u): u is boolean => typeof u === 'boolean')

export const nothing = that('null', (u): u is null => u === null)

export const oneOf = <const A extends string>(...names: readonly A[]): t.Type<A, unknown> =>
  that(names.map(n => `"${n}"`).join(' or '), (u): u is A => names.some(n => n === u))

/** null, or what `type` says. */
export const nullOr = <A>(type: t.Type<A, unknown>): t.Type<A | null, unknown> =>
  new t.Type<A | null, unknown>(
    `null or ${type.name}`,
    (u): u is A | null => u === null || type.is(u),
    (u, c) => (u === null ? t.success(null) : type.validate(u, c)),
    a => (a === null ? null : type.encode(a)),
  )

/** An object with all fields of `required` and some of `optional`; what is wrong is said as of one object. */
export const withOptional = <A extends object, B extends object>(
  required: t.Type<A, object>,
  optional: t.Type<B, object>,
): t.Type<A & B, unknown> =>
  new t.Type<A & B, unknown>(
    `${required.name} and maybe ${optional.name}`,
    (u): u is A & B => required.is(u) && optional.is(u),
    (u, c) => {
      const a = required.validate(u, c)
      if (E.isLeft(a)) return a
      const b = optional.validate(a.right, c)
      return E.isLeft(b) ? b : t.success({ ...a.right, ...b.right })
    },
    a => required.encode({ ...a, ...optional.encode(a) }),
  )

/** The same codec without its type, for a list of definitions. */
export const erase = <A>(type: t.Type<A, unknown>): t.Type<unknown, unknown> =>
  new t.Type<unknown, unknown>(
    type.name,
    (u): u is unknown => type.is(u),
    type.validate,
    a => type.encode(a as A),
  )

/** The first error in one sentence: where (`0.rate.initial`) and what it must be. */
export const explain = (errors: t.Errors): string => {
  const [first] = errors
  if (!first) return 'not valid'
  const path = first.context.flatMap(({ key }) => (key === '' ? [] : [key])).join('.')
  const last = first.context[first.context.length - 1]
  const message = first.message ?? `must be ${last?.type.name}, but it is ${show(first.value)}`
  if (path === '') return message
  return message.startsWith('must') ? `${path} ${message}` : `${path}: ${message}`
}

export const isRecord = (u: unknown): u is Readonly<Record<string, unknown>> =>
  typeof u === 'object' && u !== null && !Array.isArray(u)

/** Whether it is a Uint8Array, of whichever realm. */
export const isBytes = (u: unknown): u is Uint8Array => Object.prototype.toString.call(u) === '[object Uint8Array]'
