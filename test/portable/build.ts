/** Modules that every host builds at run time, from their text. */
import { build } from '../../src/compiler/build.js'
import { type Compiler, compilerOf } from '../../src/compiler/Compiler.js'
import { inDatabase } from '../../src/compiler/indexedDb.js'
import { inWorker } from '../../src/compiler/threads.js'
import { sum } from '../compiler/sum.js'
import { fitted } from './job.js'

export interface Outcome {
  readonly error: string | null
  readonly cached: boolean
  readonly bytes: readonly number[]
}

/** The compiler as a bundler finds it. */
export const bundled: Compiler = compilerOf(async () => {
  const [compiler, asc] = await Promise.all([import('assemblyscript'), import('assemblyscript/asc')])
  return { compiler, asc }
})

const compilerAt = (worker?: string): Compiler =>
  worker === undefined ? bundled : inWorker(() => new Worker(worker, { type: 'module' }))

/** The hash of the state that a generated module trains, which every host is to give. */
export const trained = (csv: Uint8Array, threads: number, worker?: string): Promise<string> =>
  fitted(csv, threads, { engine: 'generated', build: { compiler: compilerAt(worker) } })

/** Builds `sum(bias)` with the host's own cache; in a page, by the worker at an address. */
export const make = async (bias: number, worker?: string): Promise<Outcome> => {
  const outcome = await build(sum(bias), { compiler: compilerAt(worker) })()
  return outcome._tag === 'Left'
    ? { error: outcome.left.message, cached: false, bytes: [] }
    : { error: null, cached: outcome.right.cached, bytes: [...outcome.right.binary] }
}

/** Changes what a page's cache holds in place, or the rows that tell what came when, as `damage` says. */
export const damageDatabase = (
  damage: (held: never) => unknown,
  store: 'modules' | 'arrivals' = 'modules',
): Promise<number> =>
  new Promise((resolve, reject) => {
    const opening = indexedDB.open('gradus', 1)
    opening.onerror = () => reject(opening.error)
    opening.onsuccess = () => {
      let changed = 0
      const transaction = opening.result.transaction(store, 'readwrite')
      const walk = transaction.objectStore(store).openCursor()
      walk.onsuccess = () => {
        const cursor = walk.result
        if (cursor === null) return
        cursor.update(damage(cursor.value as never))
        changed += 1
        cursor.continue()
      }
      transaction.oncomplete = () => {
        opening.result.close()
        resolve(changed)
      }
    }
  })

/** Puts a database of another in the place of the cache's, of some version and with a store of that name or none. */
export const replaceDatabase = (version: number, store: string | null): Promise<void> =>
  new Promise((resolve, reject) => {
    const deleting = indexedDB.deleteDatabase('gradus')
    deleting.onerror = () => reject(deleting.error)
    deleting.onsuccess = () => {
      const opening = indexedDB.open('gradus', version)
      opening.onupgradeneeded = () => {
        if (store !== null) opening.result.createObjectStore(store)
      }
      opening.onerror = () => reject(opening.error)
      opening.onsuccess = () => {
        opening.result.close()
        resolve()
      }
    }
  })

/** The lengths that a small cache of a page still has after entries of some lengths were put, each under its place. */
export const keptOf = async (lengths: readonly number[]): Promise<readonly (number | null)[]> => {
  const cache = inDatabase(indexedDB, { entries: 3, bytes: 1000 })
  for (const [i, length] of lengths.entries()) await cache.put(`place ${i}`, new Uint8Array(length))
  return Promise.all(lengths.map(async (_, i) => (await cache.get(`place ${i}`))?.length ?? null))
}

/** Whether a small cache of a page gives an entry of a length, which one with other bounds has put. */
export const gives = async (length: number): Promise<boolean> => {
  await inDatabase(indexedDB).put('large', new Uint8Array(length))
  return (await inDatabase(indexedDB, { entries: 3, bytes: 1000 }).get('large')) !== null
}
