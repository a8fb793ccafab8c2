import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { nextTick, ref } from 'vue'
import { get } from '@/api/client'
import { startLive, stopLive } from '@/state/live'
import { FakeCentre } from '@/testing/centre'
import { withSetup } from '@/testing/mount'
import { useFigures } from './useFigures'

describe('figures on screen', () => {
  let centre: FakeCentre
  let unmount = () => {}
  const asked = () => centre.requests.length
  beforeEach(() => {
    centre = new FakeCentre().install()
    centre.answers.set('GET /api/v1/components', { body: { n: 1 } })
  })
  afterEach(() => {
    unmount()
    stopLive()
    centre.remove()
  })

  async function open(component: string | null, question = ref('')) {
    startLive(() => {})
    await vi.waitFor(() => expect(centre.lines).toHaveLength(1))
    const { result, app } = withSetup(() =>
      useFigures(
        () => get<{ n: number }>('/components'),
        () => component,
        [question],
      ),
    )
    unmount = () => app.unmount()
    await vi.waitFor(() => expect(result.value.value).toEqual({ n: 1 }))
    return { ...result, question }
  }

  it('are loaded again on news of their component only', async () => {
    const { value } = await open('health')
    centre.answers.set('GET /api/v1/components', { body: { n: 2 } })
    centre.lines[0]!.send(1, 'indicator', { components: ['traffic'] })
    centre.lines[0]!.send(2, 'indicator', { components: ['tourism', 'health'] })
    await vi.waitFor(() => expect(value.value).toEqual({ n: 2 }))
    expect(asked()).toBe(2)
  })
  it('of all components are loaded again on any news', async () => {
    await open(null)
    centre.lines[0]!.send(1, 'indicator', { components: ['traffic'] })
    await vi.waitFor(() => expect(asked()).toBe(2))
  })
  it('are loaded again when the question changes, and stay until the answer is there', async () => {
    const { value, question } = await open('health')
    question.value = '16690'
    await nextTick()
    expect(value.value).toEqual({ n: 1 })
    await vi.waitFor(() => expect(asked()).toBe(2))
  })
  it('that cannot be loaded again stay, with the error said', async () => {
    const { value, error } = await open('health')
    centre.answers.set('GET /api/v1/components', { status: 503 })
    centre.lines[0]!.send(1, 'indicator', { components: ['health'] })
    await vi.waitFor(() => expect(error.value?.status).toBe(503))
    expect(value.value).toEqual({ n: 1 })
  })
})
