/** For those who dislike `Either`. */
import * as E from '#fp/Either.js'

/** An error as a sentence, after the path of the layer or operation where it has one. */
export const explain = ({ message, path }: { readonly message: string; readonly path?: string }): string =>
  path === undefined ? message : `${path}: ${message}`

/** The value, or an exception that explains the error. */
export const orThrow = <A>(result: E.Either<{ readonly message: string; readonly path?: string }, A>): A => {
  if (E.isRight(result)) return result.right
  throw new Error(explain(result.left), { cause: result.left })
}
