import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { type App, shallowRef } from 'vue'
import type { IncidentPoint } from '@/api/map'
import { detail, evidence, point } from '@/testing/builders'
import { FakeCentre } from '@/testing/centre'
import { withSetup } from '@/testing/mount'
import { useFootage } from './useFootage'

let centre: FakeCentre
let app: App
const wanted = shallowRef<IncidentPoint[]>([])
const one = (incident_id: string, change: Partial<IncidentPoint> = {}) =>
  point({ incident_id, ...change })
function answer(id: string, clip: boolean) {
  const body = detail({ incident_id: id, evidence: clip ? [evidence()] : [] })
  centre.answers.set(`GET /api/v1/incidents/${id}`, { body })
}
async function open() {
  const mounted = withSetup(() => useFootage(() => wanted.value))
  app = mounted.app
  await vi.advanceTimersByTimeAsync(100)
  return mounted.result
}
const asked = () => centre.requests.map(({ path }) => path.split('/').at(-1))
beforeEach(() => {
  vi.useFakeTimers()
  centre = new FakeCentre().install()
})
afterEach(() => {
  app.unmount()
  centre.remove()
  vi.useRealTimers()
})

it('asks for each once: every answer is a view in the audit log', async () => {
  for (const id of ['a', 'b']) answer(id, true)
  wanted.value = [one('a', { clip_ready: true }), one('b', { clip_ready: true })]
  const shown = await open()
  expect(shown.value.map((each) => each.incident_id)).toEqual(['a', 'b'])
  wanted.value = [...wanted.value].reverse()
  await vi.advanceTimersByTimeAsync(600_000)
  expect(asked()).toEqual(['a', 'b'])
  expect(shown.value.map((each) => each.incident_id)).toEqual(['b', 'a'])
})

it('asks again when the clip comes, and meanwhile once a minute', async () => {
  answer('a', false)
  wanted.value = [one('a')]
  await open()
  await vi.advanceTimersByTimeAsync(61_000)
  expect(asked()).toHaveLength(2)
  answer('a', true)
  wanted.value = [one('a', { clip_ready: true })]
  await vi.advanceTimersByTimeAsync(600_000)
  expect(asked()).toHaveLength(3)
})

it('forgets what is not wanted any more, and one that is gone stops nothing', async () => {
  answer('b', true)
  wanted.value = [one('gone'), one('b', { clip_ready: true })]
  const shown = await open()
  expect(shown.value.map((each) => each.incident_id)).toEqual(['b'])
  wanted.value = []
  await vi.advanceTimersByTimeAsync(100)
  expect(shown.value).toEqual([])
})
