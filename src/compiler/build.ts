/** From the text of a generated module to its bytes, kept between runs. */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import * as E from '#fp/Either.js'
import { pipe } from '#fp/function.js'
import * as TE from '#fp/TaskEither.js'
import type { Cache } from './Cache.js'
import { type CompileError, type Compiler, compileError, library, onThisThread, reason, settings } from './Compiler.js'
import { decode, encode } from './entry.js'
import { hostCache } from './hostCache.js'
import { checkTimeout, late, within } from './timeout.js'

export interface Built {
  /** a WebAssembly module that imports `env.memory`, not shared, of at most 65,536 pages */
  readonly binary: Uint8Array<ArrayBuffer>
  /** whether it was found in the cache */
  readonly cached: boolean
}

export interface BuildOptions {
  /** where built modules are kept: the host's own cache unless given; null: nowhere */
  readonly cache?: Cache | null
  /** who compiles what the cache does not hold: the installed compiler on the calling thread unless given */
  readonly compiler?: Compiler
  /** milliseconds that the cache may take to answer, each time: then it is done without. Default 5,000 */
  readonly cacheTimeout?: number
}

/** What the bytes depend on, as 64 hexadecimal digits: the text, the library, the compiler and its settings. */
export const keyOf = (source: string): TE.TaskEither<CompileError, string> =>
  pipe(
    library,
    TE.map(({ version, files }) => bytesToHex(sha256(utf8ToBytes(JSON.stringify([source, files, version, settings]))))),
  )

type Outcome = E.Either<CompileError, Built>

/** Builds, or finds in the cache; a cache that hung is not written to. */
const make = async (key: string, source: string, wanted: Required<BuildOptions>): Promise<Outcome> => {
  const { cache, compiler, cacheTimeout } = wanted
  const found =
    cache &&
    (await within(cacheTimeout, async () => {
      const entry = await cache.get(key)
      return entry === null ? null : decode(key, entry)
    }))
  if (found && found !== late) return E.right({ binary: found, cached: true })
  const attempt = TE.tryCatch(
    () => compiler(source)(),
    error => compileError(`the compiler broke down (${reason(error)})`),
  )
  const compiled = E.flatten(await attempt())
  if (E.isLeft(compiled)) return compiled
  const binary = compiled.right
  if (cache && found !== late) await within(cacheTimeout, () => cache.put(key, encode(key, binary)))
  return E.right({ binary, cached: false })
}

interface Underway {
  readonly key: string
  readonly cache: Cache | null | undefined
  readonly compiler: Compiler
  readonly cacheTimeout: number
  readonly outcome: Promise<Outcome>
}

/** What is being built: who wants the same text built in the same way waits for it. */
const underway = new Set<Underway>()

/**
 * Builds one AssemblyScript module. It may import what `./elementwise` and `./tail` export (assembly/elementwise/ and
 * assembly/tail.ts) and declare functions of other modules with `@external`. The same text gives the same bytes, and
 * nothing that befalls the cache changes them: an entry that is not whole is built anew.
 */
export const build = (
  source: string,
  { cache, compiler = onThisThread, cacheTimeout = 5_000 }: BuildOptions = {},
): TE.TaskEither<CompileError, Built> =>
  pipe(
    TE.fromEither(checkTimeout('cacheTimeout', cacheTimeout)),
    TE.chain(() => keyOf(source)),
    TE.chain(key => async (): Promise<Outcome> => {
      for (const other of underway)
        if (
          other.key === key &&
          other.cache === cache &&
          other.compiler === compiler &&
          other.cacheTimeout === cacheTimeout
        )
          return E.map((built: Built): Built => ({ ...built, binary: built.binary.slice() }))(await other.outcome)
      const start = async (): Promise<Outcome> => {
        const store = cache === undefined ? await hostCache().catch(() => null) : cache
        return make(key, source, { cache: store, compiler, cacheTimeout })
      }
      const own: Underway = { key, cache, compiler, cacheTimeout, outcome: start() }
      underway.add(own)
      try {
        return await own.outcome
      } finally {
        underway.delete(own)
      }
    }),
  )
