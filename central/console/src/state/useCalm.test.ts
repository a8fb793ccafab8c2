import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { type App, nextTick, ref } from 'vue'
import { withSetup } from '@/testing/mount'
import { useCalm } from './useCalm'

let app: App
beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  app.unmount()
  vi.useRealTimers()
})

it('shows the first change at once and those that follow at its own pace', async () => {
  const source = ref(0)
  const seen: number[] = []
  const mounted = withSetup(() => useCalm(() => source.value, 100))
  app = mounted.app
  for (let n = 1; n <= 25; n += 1) {
    source.value = n
    await nextTick()
    if (seen.at(-1) !== mounted.result.value) seen.push(mounted.result.value)
    await vi.advanceTimersByTimeAsync(10)
  }
  await vi.advanceTimersByTimeAsync(100)
  expect(seen[0]).toBe(1)
  expect(seen.length).toBeLessThan(6)
  expect(mounted.result.value).toBe(25)
})

it('stops with its component', async () => {
  const source = ref(0)
  const mounted = withSetup(() => useCalm(() => source.value, 100))
  app = mounted.app
  source.value = 1
  await nextTick()
  source.value = 2
  await nextTick()
  app.unmount()
  await vi.advanceTimersByTimeAsync(200)
  expect(mounted.result.value).toBe(1)
})
