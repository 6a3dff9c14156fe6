/** For those who dislike `Either`. */
import * as E from '#fp/Either.js'
import type * as t from '#io/index.js'
import { explain as explainErrors } from '../graph/settings.js'

/** What can be put into a sentence: an error of this library, or those that a codec gives. */
export type Explainable = { readonly message: string; readonly path?: string } | t.Errors

/** An error as a sentence, after the path of the layer, operation or setting where it has one. */
export const explain = (error: Explainable): string => {
  if (Array.isArray(error)) return explainErrors(error)
  return error.path === undefined ? error.message : `${error.path}: ${error.message}`
}

/** The value, or an exception that explains the error. */
export const orThrow = <A>(result: E.Either<Explainable, A>): A => {
  if (E.isRight(result)) return result.right
  throw new Error(explain(result.left), { cause: result.left })
}
