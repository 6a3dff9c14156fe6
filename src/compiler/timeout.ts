/** Bounds on waiting, in milliseconds. */
import * as E from '#fp/Either.js'
import { type CompileError, compileError } from './Compiler.js'

/** The longest that every host's timers can wait. */
const longest = 2_147_483_647

/** A bound that timers keep to, or what is wrong with it. */
export const checkTimeout = (name: string, ms: number): E.Either<CompileError, number> =>
  ms > 0 && ms <= longest
    ? E.right(ms)
    : E.left(compileError(`${name} must be milliseconds in (0, ${longest}], but it is ${ms}`))

export const late = Symbol('late')

/** What is asked for; null when that fails, and `late` when it takes longer than `ms`. */
export const within = async <A>(ms: number, ask: () => Promise<A>): Promise<A | null | typeof late> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const bell = new Promise<typeof late>(resolve => {
    timer = setTimeout(resolve, ms, late)
  })
  try {
    return await Promise.race([ask(), bell])
  } catch {
    return null
  } finally {
    clearTimeout(timer)
  }
}
