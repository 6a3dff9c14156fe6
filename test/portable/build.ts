/** Modules that every host builds at run time, from their text. */
import { type BuildOptions, build } from '../../src/compiler/build.js'
import { inDatabase } from '../../src/compiler/indexedDb.js'
import { inWorker } from '../../src/compiler/threads.js'
import { sum } from '../compiler/sum.js'

export interface Outcome {
  readonly error: string | null
  readonly cached: boolean
  readonly bytes: readonly number[]
}

/** Builds `sum(bias)` with the host's own cache; in a page, by the worker at an address if one is given. */
export const make = async (bias: number, worker?: string): Promise<Outcome> => {
  const options: BuildOptions =
    worker === undefined ? {} : { compiler: inWorker(() => new Worker(worker, { type: 'module' })) }
  const outcome = await build(sum(bias), options)()
  return outcome._tag === 'Left'
    ? { error: outcome.left.message, cached: false, bytes: [] }
    : { error: null, cached: outcome.right.cached, bytes: [...outcome.right.binary] }
}

/** Changes what a page's cache holds in place: every byte that `damage` says otherwise. */
export const damageDatabase = (damage: (bytes: Uint8Array) => unknown): Promise<number> =>
  new Promise((resolve, reject) => {
    const opening = indexedDB.open('gradus', 1)
    opening.onerror = () => reject(opening.error)
    opening.onsuccess = () => {
      let changed = 0
      const transaction = opening.result.transaction('modules', 'readwrite')
      const walk = transaction.objectStore('modules').openCursor()
      walk.onsuccess = () => {
        const cursor = walk.result
        if (cursor === null) return
        cursor.update(damage(cursor.value as Uint8Array))
        changed += 1
        cursor.continue()
      }
      transaction.oncomplete = () => {
        opening.result.close()
        resolve(changed)
      }
    }
  })

/** The lengths that a small cache of a page still has after entries of some lengths were put, each under its place. */
export const keptOf = async (lengths: readonly number[]): Promise<readonly (number | null)[]> => {
  const cache = inDatabase(indexedDB, { entries: 3, bytes: 1000 })
  for (const [i, length] of lengths.entries()) await cache.put(`place ${i}`, new Uint8Array(length))
  return Promise.all(lengths.map(async (_, i) => (await cache.get(`place ${i}`))?.length ?? null))
}
