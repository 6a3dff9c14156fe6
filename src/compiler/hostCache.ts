/**
 * The host's own cache. Node, Deno and Bun: the folder that the variable GRADUS_CACHE names (`off`: none), else the
 * user's folder for caches, by the rules of the library env-paths. A page: its IndexedDB. A host that allows neither
 * has none, and is not asked for a permission.
 */
import type { Cache } from './Cache.js'
import { type FileSystem, filesIn } from './files.js'
import { inDatabase } from './indexedDb.js'

export interface Host {
  readonly process?: {
    readonly env?: Readonly<Record<string, string | undefined>>
    readonly platform?: string
    readonly pid?: number
    getBuiltinModule?(name: string): unknown
  }
  readonly Deno?: { readonly permissions: { query(descriptor: object): Promise<{ readonly state: string }> } }
  readonly indexedDB?: IDBFactory
}

type Environment = (name: string) => Promise<string | undefined>

const allowed = async (host: Host, descriptor: object): Promise<boolean> =>
  host.Deno === undefined || (await host.Deno.permissions.query(descriptor)).state === 'granted'

const userFolder = async (env: Environment, platform: string | undefined): Promise<string | null> => {
  if (platform === 'win32') {
    const local = await env('LOCALAPPDATA')
    return local ? `${local}\\gradus\\Cache` : null
  }
  /** One that is relative to wherever the process happens to be counts as none, as the XDG's rules have it. */
  const absolute = async (name: string): Promise<string | null> => {
    const path = await env(name)
    return path?.startsWith('/') ? path : null
  }
  const home = await absolute('HOME')
  if (platform === 'darwin') return home ? `${home}/Library/Caches/gradus` : null
  const caches = (await absolute('XDG_CACHE_HOME')) || (home && `${home}/.cache`)
  return caches ? `${caches}/gradus` : null
}

/** Deno asks its user for what was not granted, so folders above the cache's are made only where that was. */
const unasked = (host: Host, fs: FileSystem): FileSystem => ({
  ...fs,
  mkdir: async (path, options) => {
    if (await allowed(host, { name: 'write', path })) await fs.mkdir(path, options)
  },
})

/** The cache of a host, or null. */
export const cacheOf = async (host: Host): Promise<Cache | null> => {
  const { process, indexedDB } = host
  const fs = process?.getBuiltinModule?.('node:fs/promises') as FileSystem | undefined
  const random = process?.getBuiltinModule?.('node:crypto') as { readonly randomUUID: () => string } | undefined
  if (!fs || !random) return indexedDB ? inDatabase(indexedDB) : null
  const env: Environment = async variable =>
    (await allowed(host, { name: 'env', variable })) ? process?.env?.[variable] : undefined
  const chosen = await env('GRADUS_CACHE')
  const path = chosen === 'off' ? null : chosen || (await userFolder(env, process?.platform))
  if (!path) return null
  for (const name of ['read', 'write']) if (!(await allowed(host, { name, path }))) return null
  const slashed = process?.platform === 'win32' ? path.replaceAll('\\', '/') : path
  return filesIn(host.Deno ? unasked(host, fs) : fs, slashed, () => `${process?.pid}-${random.randomUUID()}`)
}

/** The cache of this host, or null. */
export const hostCache = (): Promise<Cache | null> => cacheOf(globalThis as Host)
