/** A page's IndexedDB as the cache: the entries by key, and beside them what came when, to tell the oldest. */
import { type Bounds, bounds, type Cache, surplus } from './Cache.js'

const database = 'gradus'
const modules = 'modules'
const arrivals = 'arrivals'

interface Arrival {
  readonly order: number
  readonly key: string
  readonly size: number
}

const isArrival = (row: unknown): row is Arrival => {
  const { order, key, size } = Object(row) as Readonly<Record<string, unknown>>
  return typeof order === 'number' && typeof key === 'string' && typeof size === 'number' && size >= 0
}

const settled = <A>(request: IDBRequest<A>): Promise<A> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })

const complete = (transaction: IDBTransaction): Promise<void> =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(transaction.error)
  })

const open = (factory: IDBFactory): Promise<IDBDatabase> => {
  const request = factory.open(database, 1)
  request.onupgradeneeded = () => {
    request.result.createObjectStore(modules)
    request.result.createObjectStore(arrivals, { keyPath: 'order', autoIncrement: true })
  }
  return settled(request)
}

/** Runs one transaction on a connection of its own. */
const within = async <A>(
  factory: IDBFactory,
  mode: IDBTransactionMode,
  use: (transaction: IDBTransaction) => Promise<A>,
): Promise<A> => {
  const db = await open(factory)
  try {
    const transaction = db.transaction([modules, arrivals], mode)
    const done = complete(transaction)
    const [value] = await Promise.all([use(transaction), done])
    return value
  } finally {
    db.close()
  }
}

/** A cache in the database `gradus`. Where a row is not one of its own, a `put` begins anew. */
export const inDatabase = (factory: IDBFactory, limit: Bounds = bounds): Cache => ({
  get: key =>
    within(factory, 'readonly', async transaction => {
      const found: unknown = await settled(transaction.objectStore(modules).get(key))
      return found instanceof Uint8Array && found.length <= limit.bytes ? Uint8Array.from(found) : null
    }),
  put: async (key, bytes) => {
    if (bytes.length > limit.bytes) return
    await within(factory, 'readwrite', async transaction => {
      const entries = transaction.objectStore(modules)
      const order = transaction.objectStore(arrivals)
      const rows: readonly unknown[] = await settled(order.getAll())
      const known = rows.every(isArrival) ? rows : []
      if (known.length < rows.length) {
        entries.clear()
        order.clear()
      }
      for (const old of known.filter(a => a.key === key)) order.delete(old.order)
      entries.put(bytes, key)
      order.add({ key, size: bytes.length })
      const others = known.filter(a => a.key !== key).reverse()
      for (const old of surplus([{ order: 0, key, size: bytes.length }, ...others], limit)) {
        order.delete(old.order)
        entries.delete(old.key)
      }
    })
  },
})
