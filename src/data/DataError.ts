/** Data that cannot be read or do not fit; the message is one sentence that names the place and what is wrong. */
import * as E from '#fp/Either.js'

export interface DataError {
  readonly _tag: 'DataError'
  readonly message: string
}

export const dataError = (message: string): DataError => ({ _tag: 'DataError', message })

/** A `Left` with the message. */
export const refuse = (message: string): E.Either<DataError, never> => E.left(dataError(message))

/** A complaint about a part, put under the name of the whole: `x` and `[2]: ...` give `x[2]: ...`. */
export const under = (name: string, complaint: string): string =>
  complaint.startsWith('[') ? `${name}${complaint}` : `${name}: ${complaint}`

const LONGEST = 40

/** A piece of somebody's data, quoted and shortened for a message. */
export const quote = (text: string): string =>
  JSON.stringify(text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text)
