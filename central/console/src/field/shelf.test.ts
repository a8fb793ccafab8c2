import { describe, expect, it } from 'vitest'
import { type Kept, MemoryShelf, type Shelf, openShelf } from './shelf'

interface Thing extends Kept {
  word: string
}
/** Both shelves keep this promise; the browser's database is held to it by the browser test too. */
const SHELVES: [string, () => Promise<Shelf<Thing>>][] = [
  ['memory', async () => new MemoryShelf<Thing>()],
  ['what this browser has', () => openShelf<Thing>('reports')],
]

describe.each(SHELVES)('a shelf (%s)', (_name, make) => {
  it('gives back what was put on it, and the newer of two with one key', async () => {
    const shelf = await make()
    await shelf.put({ key: 'a', word: 'một' })
    await shelf.put({ key: 'b', word: 'hai' })
    await shelf.put({ key: 'a', word: 'ba' })
    const words = (await shelf.all()).map((thing) => thing.word)
    expect(words.sort()).toEqual(['ba', 'hai'])
  })
  it('keeps copies', async () => {
    const shelf = await make()
    const thing = { key: 'c', word: 'trước' }
    await shelf.put(thing)
    thing.word = 'sau'
    const found = (await shelf.all()).find((each) => each.key === 'c')
    expect(found?.word).toBe('trước')
  })
  it('forgets one and only that one; forgetting it again is nothing', async () => {
    const shelf = await make()
    await shelf.put({ key: 'd', word: '' })
    await shelf.put({ key: 'e', word: '' })
    await shelf.remove('d')
    await shelf.remove('d')
    const keys = (await shelf.all()).map((each) => each.key)
    expect([keys.includes('d'), keys.includes('e')]).toEqual([false, true])
  })
})

it('a browser without a database says that nothing lasts', async () => {
  expect((await openShelf<Thing>('reports')).lasting).toBe(typeof indexedDB !== 'undefined')
})
