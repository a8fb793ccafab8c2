import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { App } from 'vue'
import { startLive, stopLive } from '@/state/live'
import { alert } from '@/testing/builders'
import { FakeCentre } from '@/testing/centre'
import { withSetup } from '@/testing/mount'
import { useOpenAlerts } from './useOpenAlerts'

const LIST = 'GET /api/v1/alerts'
let centre: FakeCentre
let app: App
let arrived: string[] = []
const list = (...codes: string[]) =>
  centre.answers.set(LIST, {
    body: { items: codes.map((code) => alert({ code })), next_cursor: null },
  })
const asks = () => centre.requests.filter(({ path }) => path.endsWith('/alerts')).length
async function open() {
  const mounted = withSetup(() => useOpenAlerts(({ code }) => arrived.push(code)))
  app = mounted.app
  await vi.advanceTimersByTimeAsync(50)
  return mounted.result
}
beforeEach(() => {
  vi.useFakeTimers()
  centre = new FakeCentre().install()
  arrived = []
})
afterEach(() => {
  app.unmount()
  stopLive()
  centre.remove()
  vi.useRealTimers()
})

it('tells of what is new, and never of what was there when the wall was switched on', async () => {
  list('A', 'B')
  const { load } = await open()
  expect(arrived).toEqual([])
  list('A', 'C')
  await load()
  await load()
  expect(arrived).toEqual(['C'])
})

it('a storm of news is one question', async () => {
  list('A')
  startLive(() => {})
  await open()
  const before = asks()
  for (let n = 0; n < 50; n += 1) {
    centre.lines[0]!.send(n + 1, 'alert', { code: 'A', area_code: '1', status: 'open', step: 1 })
  }
  await vi.advanceTimersByTimeAsync(3000)
  expect(asks() - before).toBeLessThanOrEqual(2)
  expect(asks()).toBeGreaterThan(before)
})

it('heals by itself after a time in which the centre did not answer', async () => {
  centre.answers.set(LIST, { status: 503, body: {} })
  const alerts = await open()
  expect(alerts.error.value?.status).toBe(503)
  list('A')
  await vi.advanceTimersByTimeAsync(61_000)
  expect(alerts.error.value).toBeNull()
  expect(alerts.value.value?.items).toHaveLength(1)
})
