import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { type App } from 'vue'
import { startLive, stopLive } from '@/state/live'
import { box } from '@/testing/builders'
import { FakeCentre } from '@/testing/centre'
import { withSetup } from '@/testing/mount'
import { useBoxes } from './useBoxes'

const LOW = { code: 'disk_low', since: '2026-11-23T04:00:00Z' }
let centre: FakeCentre
let app: App
beforeEach(() => {
  centre = new FakeCentre().install()
})
afterEach(() => {
  app.unmount()
  stopLive()
  centre.remove()
})

it('keeps what a box told while the list was on its way', async () => {
  let answer: (value: { body: unknown }) => void = () => {}
  centre.answers.set('GET /api/v1/boxes', () => new Promise((resolve) => (answer = resolve)))
  const mounted = withSetup(useBoxes)
  app = mounted.app
  startLive(() => {})
  await vi.waitFor(() => expect(centre.lines).toHaveLength(1))
  centre.lines[0]!.send(1, 'box', box({ box_id: 'n1', alarms: [LOW] }))
  centre.lines[0]!.send(2, 'box', box({ box_id: 'n2' }))
  await new Promise((resolve) => setTimeout(resolve))
  answer({ body: { items: [box({ box_id: 'n1', alarms: [] })] } })

  await vi.waitFor(() => expect(mounted.result.value.value).toHaveLength(2))
  expect(mounted.result.value.value?.[0]?.alarms).toEqual([LOW])
})

it('shows a change that comes after the list', async () => {
  centre.answers.set('GET /api/v1/boxes', { body: { items: [box({ box_id: 'n1', alarms: [] })] } })
  const mounted = withSetup(useBoxes)
  app = mounted.app
  startLive(() => {})
  await vi.waitFor(() => expect(mounted.result.value.value).toHaveLength(1))
  await vi.waitFor(() => expect(centre.lines).toHaveLength(1))
  centre.lines[0]!.send(1, 'box', box({ box_id: 'n1', alarms: [LOW] }))

  await vi.waitFor(() => expect(mounted.result.value.value?.[0]?.alarms).toEqual([LOW]))
})
