import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type App, reactive, watch } from 'vue'
import type { IncidentItem } from '@/api/incidents'
import { pointOf } from '@/api/map'
import { incident } from '@/testing/builders'
import { FakeCentre } from '@/testing/centre'
import { withSetup } from '@/testing/mount'
import { MAX_POINTS, usePoints } from './usePoints'

const NOON = Date.parse('2026-11-23T03:00:00Z')
const DAY_AGO = '2026-11-22T03:00:00Z'

describe('the incidents of the map', () => {
  let centre: FakeCentre
  let app: App
  const asked = reactive({ hours: 24, done: false })
  const page = (items: IncidentItem[], total = items.length) => ({
    body: { items: items.map(pointOf), total, since: DAY_AGO },
  })
  const minute = (n: number) => new Date(NOON - n * 60_000).toISOString()
  const named = (incident_id: string, change: Partial<IncidentItem> = {}) =>
    incident({ incident_id, ...change })
  async function open(answer: ReturnType<typeof page> | (() => Promise<{ body: unknown }>)) {
    centre.answers.set('GET /api/v1/map/incidents', answer)
    const mounted = withSetup(() => usePoints(() => asked))
    app = mounted.app
    await vi.advanceTimersByTimeAsync(500)
    return mounted.result
  }
  const ids = (shown: ReturnType<typeof usePoints>) =>
    shown.points.value.map((point) => point.incident_id)
  beforeEach(() => {
    vi.useFakeTimers({ now: NOON })
    centre = new FakeCentre().install()
    Object.assign(asked, { hours: 24, done: false })
  })
  afterEach(() => {
    app.unmount()
    centre.remove()
    vi.useRealTimers()
  })

  it('are asked for by age and shown newest first', async () => {
    const shown = await open(
      page([named('old', { occurred_at: minute(9) }), named('new', { occurred_at: minute(1) })]),
    )
    expect(ids(shown)).toEqual(['new', 'old'])
    expect(Object.fromEntries(centre.requests[0]!.query)).toEqual({ hours: '24', done: 'false' })
  })
  it('follow what the live line tells: new, changed, settled, merged', async () => {
    const shown = await open(page([named('a'), named('b')]))
    shown.receive(named('c', { occurred_at: minute(-1) }))
    shown.receive(named('a', { version: 2, stage: 'closed' }))
    shown.receive(named('b', { version: 2, merged_into: 'c' }))
    await vi.advanceTimersByTimeAsync(500)
    expect(ids(shown)).toEqual(['c'])
    shown.receive(named('c', { revision: 2, severity: 'critical' }))
    shown.receive(named('c', { severity: 'low' })) // an older word that came late
    await vi.advanceTimersByTimeAsync(500)
    expect(shown.points.value[0]?.severity).toBe('critical')
  })
  it('a hundred events in half a second are drawn a few times only', async () => {
    const shown = await open(page([]))
    let drawn = 0
    watch(shown.points, () => (drawn += 1), { flush: 'sync' })
    for (let n = 0; n < 100; n += 1) {
      shown.receive(named(`i-${n}`))
      await vi.advanceTimersByTimeAsync(5)
    }
    await vi.advanceTimersByTimeAsync(500)
    expect(shown.points.value).toHaveLength(100)
    expect(drawn).toBeLessThanOrEqual(4)
  })
  it('keep what arrives while the list is on its way, over what the list says', async () => {
    let answer: (value: { body: unknown }) => void = () => {}
    const shown = await open(() => new Promise((resolve) => (answer = resolve)))
    shown.receive(named('early'))
    shown.receive(named('settled', { version: 2, stage: 'closed' }))
    answer(page([named('listed'), named('settled')]))
    await vi.advanceTimersByTimeAsync(500)
    expect(ids(shown).sort()).toEqual(['early', 'listed'])
  })
  it('leave when they have grown too old, by the centre’s clock and not this computer’s', async () => {
    vi.setSystemTime(NOON + 3 * 3_600_000) // this computer is three hours fast
    const shown = await open(page([named('edge', { occurred_at: '2026-11-22T03:00:20Z' })]))
    expect(ids(shown)).toEqual(['edge'])
    await vi.advanceTimersByTimeAsync(31_000)
    expect(ids(shown)).toEqual([])
  })
  it('are bounded, and say how many are not shown', async () => {
    const shown = await open(page([named('a')], 5))
    expect(shown.cut.value).toBe(4)
    for (let n = 0; n < MAX_POINTS; n += 1) {
      shown.receive(named(`i-${n}`, { occurred_at: minute(-1) }))
    }
    await vi.advanceTimersByTimeAsync(31_000)
    expect(shown.points.value).toHaveLength(MAX_POINTS)
    expect(shown.cut.value).toBe(5)
    expect(ids(shown)).not.toContain('a') // the oldest left
  })
  it('are asked for again when the window changes; a failure keeps what was there', async () => {
    const shown = await open(page([named('a')]))
    centre.answers.set('GET /api/v1/map/incidents', { status: 503, body: {} })
    asked.hours = 6
    await vi.advanceTimersByTimeAsync(500)
    expect(shown.error.value?.status).toBe(503)
    expect(ids(shown)).toEqual(['a'])
    centre.answers.set('GET /api/v1/map/incidents', page([named('b')]))
    await shown.load()
    await vi.advanceTimersByTimeAsync(500)
    expect(shown.error.value).toBeNull()
    expect(ids(shown)).toEqual(['b'])
  })
})
