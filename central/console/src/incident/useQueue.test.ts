import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type App, nextTick, ref } from 'vue'
import type { IncidentItem } from '@/api/incidents'
import { startLive, stopLive } from '@/state/live'
import { incident } from '@/testing/builders'
import { FakeCentre } from '@/testing/centre'
import { withSetup } from '@/testing/mount'
import { NO_FILTER, type QueueFilter } from './filter'
import { useQueue } from './useQueue'

describe('the queue on screen', () => {
  let centre: FakeCentre
  let app: App
  const list = 'GET /api/v1/incidents'
  const page = (items: IncidentItem[], next_cursor: string | null = null) => ({
    body: { items, next_cursor },
  })
  function open(filter = ref<QueueFilter>({ ...NO_FILTER })) {
    const mounted = withSetup(() => useQueue(filter))
    app = mounted.app
    return { ...mounted.result, filter }
  }
  const ids = (items: readonly IncidentItem[]) => items.map((item) => item.incident_id)
  beforeEach(() => {
    centre = new FakeCentre().install()
  })
  afterEach(() => {
    app.unmount()
    stopLive()
    centre.remove()
  })

  it('shows a new incident at once, set off from the others, and names it', async () => {
    centre.answers.set(list, page([incident({ incident_id: 'old' })]))
    const queue = open()
    await vi.waitFor(() => expect(queue.items).toHaveLength(1))
    startLive(() => {})
    await vi.waitFor(() => expect(centre.lines).toHaveLength(1))
    const news = incident({ incident_id: 'new', occurred_at: '2026-11-23T04:00:00Z' })
    centre.lines[0]!.send(1, 'incident', news)
    await vi.waitFor(() => expect(ids(queue.items)).toEqual(['new', 'old']))
    expect(queue.fresh.has('new')).toBe(true)
    expect(queue.arrived.value?.incident_id).toBe('new')
  })

  it('keeps an incident that arrives while the list is still loading', async () => {
    let answer: (value: { body: unknown }) => void = () => {}
    centre.answers.set(list, () => new Promise((resolve) => (answer = resolve)))
    const queue = open()
    await nextTick()
    queue.receive(incident({ incident_id: 'early', occurred_at: '2026-11-23T04:00:00Z' }))
    answer(page([incident({ incident_id: 'listed' })]))
    await vi.waitFor(() => expect(ids(queue.items)).toEqual(['early', 'listed']))
  })

  it('asks again when the filter changes and forgets the answer to the old question', async () => {
    let slow: (value: { body: unknown }) => void = () => {}
    centre.answers.set(list, () => new Promise((resolve) => (slow = resolve)))
    const queue = open()
    await vi.waitFor(() => expect(centre.requests).toHaveLength(1))
    const first = slow
    centre.answers.set(list, page([incident({ incident_id: 'right', rule: 'wrong_way' })]))
    queue.filter.value = { ...NO_FILTER, rule: 'wrong_way' }
    await vi.waitFor(() => expect(ids(queue.items)).toEqual(['right']))
    first(page([incident({ incident_id: 'late' })]))
    await nextTick()
    expect(ids(queue.items)).toEqual(['right'])
    expect(centre.requests[1]?.query.get('rule')).toBe('wrong_way')
    expect(centre.requests[1]?.query.getAll('status')).toEqual(['new', 'acknowledged'])
  })

  it('keeps what it has when reloading fails, and says why', async () => {
    centre.answers.set(list, page([incident()]))
    const queue = open()
    await vi.waitFor(() => expect(queue.items).toHaveLength(1))
    centre.answers.set(list, { status: 503, body: {} })
    await queue.load()
    expect(queue.items).toHaveLength(1)
    expect(queue.error.value?.status).toBe(503)
  })

  it('continues where the page before ended', async () => {
    centre.answers.set(list, page([incident({ incident_id: 'a' })], 'c1'))
    const queue = open()
    await vi.waitFor(() => expect(queue.cursor.value).toBe('c1'))
    const older = incident({ incident_id: 'b', occurred_at: '2026-11-22T00:00:00Z' })
    centre.answers.set(list, page([older]))
    await queue.more()
    expect(ids(queue.items)).toEqual(['a', 'b'])
    expect(centre.requests.at(-1)?.query.get('cursor')).toBe('c1')
  })
})
