/**
 * A place on this device where things stay under their key: the browser's database, or memory where
 * the browser offers none (a private window), which says so in `lasting`.
 *
 * Both keep copies: what is changed afterwards is not changed on the shelf.
 */
export interface Kept {
  key: string
}

export interface Shelf<T extends Kept> {
  /** Whether what is put here survives the page. */
  readonly lasting: boolean
  all(): Promise<T[]>
  /** Resolves once it is kept; rejects where the device has no room. */
  put(thing: T): Promise<void>
  remove(key: string): Promise<void>
}

export class MemoryShelf<T extends Kept> implements Shelf<T> {
  readonly lasting = false
  private readonly things = new Map<string, T>()

  async all(): Promise<T[]> {
    return [...this.things.values()].map((thing) => ({ ...thing }))
  }
  async put(thing: T): Promise<void> {
    this.things.set(thing.key, { ...thing })
  }
  async remove(key: string): Promise<void> {
    this.things.delete(key)
  }
}

const DATABASE = 'songlam-field'
const STORES = ['reports', 'board'] as const
export type Store = (typeof STORES)[number]

export class IndexedDbShelf<T extends Kept> implements Shelf<T> {
  readonly lasting = true

  constructor(
    private readonly database: IDBDatabase,
    private readonly store: Store,
  ) {}

  all(): Promise<T[]> {
    return this.run('readonly', (store) => store.getAll() as IDBRequest<T[]>)
  }
  async put(thing: T): Promise<void> {
    await this.run('readwrite', (store) => store.put(thing))
  }
  async remove(key: string): Promise<void> {
    await this.run('readwrite', (store) => store.delete(key))
  }

  /** Run one request; done when its transaction is on disk, not before. */
  private run<R>(
    mode: IDBTransactionMode,
    ask: (store: IDBObjectStore) => IDBRequest<R>,
  ): Promise<R> {
    return new Promise((resolve, reject) => {
      const transaction = this.database.transaction(this.store, mode, { durability: 'strict' })
      const request = ask(transaction.objectStore(this.store))
      transaction.oncomplete = () => resolve(request.result)
      transaction.onabort = () => reject(transaction.error ?? new Error('not kept'))
      transaction.onerror = () => reject(transaction.error ?? new Error('not kept'))
    })
  }
}

let opened: Promise<IDBDatabase | null> | null = null

function open(): Promise<IDBDatabase | null> {
  return new Promise((resolve) => {
    if (typeof indexedDB === 'undefined') return resolve(null)
    const request = indexedDB.open(DATABASE, 1)
    request.onupgradeneeded = () => {
      for (const store of STORES) request.result.createObjectStore(store, { keyPath: 'key' })
    }
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => resolve(null)
    request.onblocked = () => resolve(null)
  })
}

/** Return a shelf of this device, as lasting as the browser allows. */
export async function openShelf<T extends Kept>(store: Store): Promise<Shelf<T>> {
  opened ??= open()
  const database = await opened
  return database ? new IndexedDbShelf<T>(database, store) : new MemoryShelf<T>()
}
