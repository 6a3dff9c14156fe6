/** For those who dislike `Either`. */
import * as E from '#fp/Either.js'

/** The value, or an exception with the error's message. */
export const orThrow = <A>(result: E.Either<{ readonly message: string }, A>): A => {
  if (E.isRight(result)) return result.right
  throw Object.assign(new Error(result.left.message), { cause: result.left })
}
