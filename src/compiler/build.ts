/** From the text of a generated module to its bytes, kept between runs. */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import * as E from '#fp/Either.js'
import { pipe } from '#fp/function.js'
import * as TE from '#fp/TaskEither.js'
import type { Cache } from './Cache.js'
import { type CompileError, type Compiler, library, onThisThread, settings } from './Compiler.js'
import { decode, encode } from './entry.js'
import { hostCache } from './hostCache.js'

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
}

/** What the bytes depend on, as 64 hexadecimal digits: the text, the library, the compiler and its settings. */
export const keyOf = (source: string): TE.TaskEither<CompileError, string> =>
  pipe(
    library,
    TE.map(({ version, files }) => bytesToHex(sha256(utf8ToBytes(JSON.stringify([source, files, version, settings]))))),
  )

const found = async (cache: Cache, key: string): Promise<Uint8Array<ArrayBuffer> | null> => {
  try {
    const entry = await cache.get(key)
    return entry === null ? null : decode(key, entry)
  } catch {
    return null
  }
}

const keep = async (cache: Cache, key: string, binary: Uint8Array): Promise<void> => {
  try {
    await cache.put(key, encode(key, binary))
  } catch {
    // built anew the next time
  }
}

/**
 * Builds one AssemblyScript module. It may import what `./elementwise` and `./tail` export (assembly/elementwise/ and
 * assembly/tail.ts) and declare functions of other modules with `@external`. The same text gives the same bytes, and
 * nothing that befalls the cache changes them: an entry that is not whole is built anew.
 */
export const build = (
  source: string,
  { cache, compiler = onThisThread }: BuildOptions = {},
): TE.TaskEither<CompileError, Built> =>
  pipe(
    keyOf(source),
    TE.chain(key => async (): Promise<E.Either<CompileError, Built>> => {
      const store = cache === undefined ? await hostCache().catch(() => null) : cache
      const kept = store && (await found(store, key))
      if (kept) return E.right({ binary: kept, cached: true })
      const compiled = await compiler(source)()
      if (E.isLeft(compiled)) return compiled
      const binary = compiled.right
      if (store) await keep(store, key, binary)
      return E.right({ binary, cached: false })
    }),
  )
