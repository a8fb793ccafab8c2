import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { box } from '@/testing/builders'
import { FakeCentre } from '@/testing/centre'
import { flushPromises } from '@/testing/flush'
import { type Drawn, draw } from '@/testing/page'
import BoxesPage from './BoxesPage.vue'

vi.mock('@/map/LazyMap', () => ({ default: { render: () => null } }))

let centre: FakeCentre
let page: Drawn
let depth = 0

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  centre = new FakeCentre().install()
  centre.answers.set('GET /api/v1/boxes', () =>
    Promise.resolve({ body: { items: [box({ box_id: 'n1', outbox_depth: depth })] } }),
  )
})
afterEach(() => {
  page.app.unmount()
  centre.remove()
  vi.restoreAllMocks()
  vi.useRealTimers()
})

const unsent = () => page.place.querySelector('.summary')?.textContent ?? ''

it('asks for the figures again while somebody looks', async () => {
  depth = 7
  page = await draw(BoxesPage)
  await flushPromises()
  expect(unsent()).toContain('7')
  depth = 9
  vi.advanceTimersByTime(31_000)
  await flushPromises()
  expect(unsent()).toContain('9')
})

it('asks for nothing while nobody looks', async () => {
  page = await draw(BoxesPage)
  await flushPromises()
  vi.spyOn(document, 'hidden', 'get').mockReturnValue(true)
  const asked = centre.requests.length
  vi.advanceTimersByTime(60_000)
  await flushPromises()
  expect(centre.requests).toHaveLength(asked)
})
