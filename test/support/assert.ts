/** Assertions over arrays of numbers, bits and `Either`, which uvu's own compare slowly or not at all. */
import { inspect } from 'node:util'
import * as E from '#fp/Either.js'

export interface Tolerance {
  /** allowed error per unit of |expected|; 0 when left out */
  readonly rel?: number
  /** allowed error anywhere; 0 when left out */
  readonly abs?: number
}

type Bits = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array

const fail = (message: string | undefined, text: string): never => {
  throw new Error(message === undefined ? text : `${message}: ${text}`)
}

const sameLength = (actual: ArrayLike<unknown>, expected: ArrayLike<unknown>, message: string | undefined): void => {
  if (actual.length !== expected.length) fail(message, `${actual.length} elements, expected ${expected.length}`)
}

/** The error as a multiple of what is allowed: 0 when equal (NaN equals NaN), more than 1 when too far. */
const excess = (actual: number, expected: number, rel: number, abs: number): number => {
  if (Object.is(actual, expected) || actual === expected) return 0
  const error = Math.abs(actual - expected)
  if (!Number.isFinite(error)) return Infinity
  return error / (abs + rel * Math.abs(expected))
}

/**
 * Every |actual - expected| <= abs + rel * |expected|. NaN equals only NaN, an infinity only itself. Throws an error
 * that names the element furthest beyond its tolerance and counts the others.
 */
export const assertClose = (
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { rel = 0, abs = 0 }: Tolerance,
  message?: string,
): void => {
  sameLength(actual, expected, message)
  let worst = -1
  let worstExcess = 1
  let count = 0
  for (let i = 0; i < expected.length; i++) {
    const x = excess(actual[i] as number, expected[i] as number, rel, abs)
    if (x <= 1) continue
    count += 1
    if (worst < 0 || x > worstExcess) {
      worst = i
      worstExcess = x
    }
  }
  if (count === 0) return
  const a = actual[worst] as number
  const e = expected[worst] as number
  const error = Math.abs(a - e)
  fail(
    message,
    `${count} of ${expected.length} elements differ; the worst is [${worst}]: ${a}, expected ${e} ` +
      `(error ${error.toExponential(3)}, relative ${(error / Math.abs(e)).toExponential(3)}; rel ${rel}, abs ${abs})`,
  )
}

const hex = (x: Bits, i: number): string => {
  const bytes = new Uint8Array(x.buffer, x.byteOffset + i * x.BYTES_PER_ELEMENT, x.BYTES_PER_ELEMENT)
  return `0x${Array.from(bytes, b => b.toString(16).padStart(2, '0'))
    .reverse()
    .join('')}`
}

/** The same type, length and bits: 0 is not -0, and a NaN equals only a NaN of the same payload. */
export const assertBits = (actual: Bits, expected: Bits, message?: string): void => {
  if (actual.constructor !== expected.constructor)
    fail(message, `${actual.constructor.name}, expected ${expected.constructor.name}`)
  sameLength(actual, expected, message)
  const a = new Uint8Array(actual.buffer, actual.byteOffset, actual.byteLength)
  const e = new Uint8Array(expected.buffer, expected.byteOffset, expected.byteLength)
  const size = expected.BYTES_PER_ELEMENT
  let first = -1
  let count = 0
  for (let i = 0; i < expected.length; i++) {
    let same = true
    for (let b = i * size; b < (i + 1) * size; b++) same &&= a[b] === e[b]
    if (same) continue
    if (first < 0) first = i
    count += 1
  }
  if (count === 0) return
  fail(
    message,
    `${count} of ${expected.length} elements differ in their bits; the first is [${first}]: ` +
      `${actual[first]} (${hex(actual, first)}), expected ${expected[first]} (${hex(expected, first)})`,
  )
}

const show = (x: unknown): string => inspect(x, { depth: 4, maxArrayLength: 8, breakLength: 120 })

/** The value of a `Right`; throws an error that shows the `Left`. */
export const expectRight = <A>(either: E.Either<unknown, A>): A =>
  E.isRight(either) ? either.right : fail(undefined, `expected a Right, but it is Left ${show(either.left)}`)

/** The value of a `Left`; throws an error that shows the `Right`. */
export const expectLeft = <L>(either: E.Either<L, unknown>): L =>
  E.isLeft(either) ? either.left : fail(undefined, `expected a Left, but it is Right ${show(either.right)}`)
