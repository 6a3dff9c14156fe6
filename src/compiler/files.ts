/** A folder as the cache, in Node, Deno and Bun: a file an entry, written whole or not at all. */
import { type Bounds, bounds, type Cache, surplus } from './Cache.js'

interface Stats {
  readonly size: number
  readonly mtimeMs: number
  isFile(): boolean
}

/** What is used of `node:fs/promises`. */
export interface FileSystem {
  mkdir(path: string, options: { mode: number }): Promise<unknown>
  readFile(path: string): Promise<Uint8Array>
  readdir(path: string): Promise<readonly string[]>
  rename(from: string, to: string): Promise<void>
  rm(path: string, options: { recursive?: boolean; force: true }): Promise<void>
  stat(path: string): Promise<Stats>
  writeFile(path: string, bytes: Uint8Array, options: { flag: 'wx'; mode: number }): Promise<void>
}

const entry = /^[0-9a-f]{64}[.]gradus$/
const unfinished = /^[0-9a-f]{64}[.][\w-]+[.]tmp$/
const hour = 3_600_000

/**
 * A cache in a folder, whose path has forward slashes, made when something is put there; nothing else in it is touched.
 * `unique` names a file that nobody else writes.
 */
export const filesIn = (fs: FileSystem, folder: string, unique: () => string, limit: Bounds = bounds): Cache => {
  const place = (key: string): string => `${folder}/${key}.gradus`

  /**
   * The folder and those above it: Node's own way (`recursive`) does not end where a file system lets nobody make one
   * (/proc). What could not be made shows when a file is written.
   */
  const makeFolder = async (): Promise<void> => {
    for (const { index } of folder.matchAll(/\/|$/g))
      await fs.mkdir(folder.slice(0, index), { mode: 0o700 }).catch(() => undefined)
  }

  const move = async (from: string, to: string): Promise<void> => {
    try {
      await fs.rename(from, to)
    } catch {
      await fs.rm(to, { recursive: true, force: true })
      await fs.rename(from, to)
    }
  }

  const remove = async (names: readonly string[]): Promise<void> => {
    for (const name of names) await fs.rm(`${folder}/${name}`, { recursive: true, force: true }).catch(() => undefined)
  }

  /** Makes room, and clears what writers that died left more than an hour ago. */
  const tidy = async (written: string): Promise<void> => {
    const { mtimeMs: now } = await fs.stat(written)
    const kept: { readonly name: string; readonly size: number; readonly age: number }[] = []
    for (const name of await fs.readdir(folder)) {
      if (!entry.test(name) && !unfinished.test(name)) continue
      const stats = await fs.stat(`${folder}/${name}`).catch(() => null)
      if (stats === null) continue
      const age = `${folder}/${name}` === written ? Number.NEGATIVE_INFINITY : now - stats.mtimeMs
      if (entry.test(name)) kept.push({ name, size: stats.size, age })
      else if (age > hour) await remove([name])
    }
    kept.sort((a, b) => (a.age < b.age ? -1 : a.age > b.age ? 1 : 0))
    await remove(surplus(kept, limit).map(e => e.name))
  }

  return {
    get: async key => {
      const stats = await fs.stat(place(key)).catch(() => null)
      // what calls itself empty may be a file of the kernel's (/proc/kmsg) that never ends
      if (!stats?.isFile() || stats.size === 0 || stats.size > limit.bytes) return null
      return new Uint8Array(await fs.readFile(place(key)))
    },
    put: async (key, bytes) => {
      if (bytes.length > limit.bytes) return
      await makeFolder()
      const beside = `${folder}/${key}.${unique()}.tmp`
      try {
        await fs.writeFile(beside, bytes, { flag: 'wx', mode: 0o600 })
        await move(beside, place(key))
      } catch (error) {
        await fs.rm(beside, { force: true }).catch(() => undefined)
        throw error
      }
      await tidy(place(key))
    },
  }
}
