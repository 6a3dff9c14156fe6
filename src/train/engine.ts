/** Who runs a trainer's steps. */
import * as E from '#fp/Either.js'
import type { TaskEither } from '#fp/TaskEither.js'
import type { Machine } from '../backend/machine.js'
import { type BuildOptions, build } from '../compiler/build.js'
import { type CompileError, type Compiler, compileError } from '../compiler/Compiler.js'
import { inBackground } from '../compiler/threads.js'

/**
 * `interpreter`: the kernels that come with the package, step by step. `generated`: a module that is generated for the
 * recipe and compiled before the first step; it needs the package `assemblyscript`. `auto`: the interpreter at once, the
 * generated module as soon as it is there, built on another thread, if it can be had. The bits are the same.
 */
export type EngineName = 'interpreter' | 'generated' | 'auto'

export interface EngineOptions {
  /** who runs the steps; default `interpreter` */
  readonly engine?: EngineName
  /** where a generated module is kept between runs, and who compiles it */
  readonly build?: BuildOptions
}

export interface Engine {
  /** who runs the steps now */
  readonly now: () => 'interpreter' | 'generated'
  /** settles when that changes no more: with null, or with why the generated module that was asked for is not there */
  readonly settled: Promise<string | null>
}

/** The interpreter alone. */
export const interpreting: Engine = { now: () => 'interpreter', settled: Promise.resolve(null) }

/** Whether a machine for these options is to be laid out for a generated module. */
export const mayGenerate = ({ engine = 'interpreter' }: EngineOptions): boolean => engine !== 'interpreter'

const takeOver =
  (machine: Machine, options: BuildOptions): TaskEither<CompileError, void> =>
  async () => {
    const module = machine.generated()
    if (!module) return E.left(compileError('the machine was not laid out for a generated module'))
    const built = await build(module.source, options)()
    if (E.isLeft(built)) return built
    const adopted = machine.adopt(built.right.binary)
    return E.isLeft(adopted) ? E.left(compileError(adopted.left)) : E.right(await adopted.right)
  }

let made: Compiler | undefined // local mutation: made when first asked for
/** One for all, so that engines for the same text share what it builds. */
const background: Compiler = source => {
  made ??= inBackground()
  return made(source)
}

/** Lets the wanted engine run a machine; a `Left` when a generated module is a must and cannot be had. */
export const engage =
  (
    machine: Machine,
    { engine = 'interpreter', build: options = {} }: EngineOptions,
  ): TaskEither<CompileError, Engine> =>
  async () => {
    if (!['interpreter', 'generated', 'auto'].includes(engine))
      return E.left(compileError(`engine must be 'interpreter', 'generated' or 'auto', but it is ${engine}`))
    if (engine === 'interpreter') return E.right(interpreting)
    const now = () => (machine.isGenerated() ? 'generated' : 'interpreter')
    const taken = takeOver(machine, engine === 'auto' ? { compiler: background, ...options } : options)()
    if (engine === 'generated') return E.map(() => ({ now, settled: Promise.resolve(null) }))(await taken)
    return E.right({
      now,
      settled: taken.then(
        E.match(
          e => e.message,
          () => null,
        ),
      ),
    })
  }
