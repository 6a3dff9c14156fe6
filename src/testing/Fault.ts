/** What a check found: where, and what, in one sentence. `orThrow(check)` makes an exception of it. */
import * as E from '#fp/Either.js'
import { type Explainable, explain } from '../train/result.js'

export interface Fault {
  readonly _tag: 'Fault'
  /** the layer, parameter, loss or operation */
  readonly path: string
  readonly message: string
}

/** The result of a check: nothing is wrong, or the first thing that is. */
export type Checked = E.Either<Fault, void>

export const fault = (path: string, message: string): E.Either<Fault, never> => E.left({ _tag: 'Fault', path, message })

export const passed: Checked = E.right(undefined)

/** An error of the library as a fault of what is checked. */
export const orFault =
  (path: string) =>
  <A>(result: E.Either<Explainable, A>): E.Either<Fault, A> =>
    E.mapLeft((error: Explainable): Fault => ({ _tag: 'Fault', path, message: explain(error) }))(result)

/** Runs checks in order up to the first fault. */
export const inOrder = (...checks: readonly (() => Checked)[]): Checked => {
  for (const check of checks) {
    const found = check()
    if (E.isLeft(found)) return found
  }
  return passed
}

/** Checks every element in order up to the first fault. */
export const every = <A>(all: Iterable<A>, check: (a: A) => Checked): Checked =>
  inOrder(...Array.from(all, a => () => check(a)))

/** Where the element at `i` stands: `[2, 1]`. */
export const place = (i: number, shape: readonly number[]): string => {
  let rest = i
  const at = [...shape].reverse().map(d => {
    const k = rest % d
    rest = (rest - k) / d
    return k
  })
  return `[${at.reverse().join(', ')}]`
}
