import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { App } from 'vue'
import { withSetup } from '@/testing/mount'
import { paceFrom, useRotation } from './useRotation'

describe('the rotation of the wall', () => {
  let app: App
  function start(asked?: unknown) {
    const mounted = withSetup(() => useRotation(3, asked))
    app = mounted.app
    return mounted.result
  }
  const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000)
  beforeEach(() => {
    vi.useFakeTimers()
    localStorage.clear()
  })
  afterEach(() => {
    app.unmount()
    vi.useRealTimers()
  })

  it('goes from scene to scene and begins again', async () => {
    const wall = start('10')
    const seen: number[] = []
    for (let n = 0; n < 4; n += 1) {
      seen.push(wall.at.value)
      await pass(10)
    }
    expect(seen).toEqual([0, 1, 2, 0])
  })
  it('stands still while it is stopped, and a scene chosen by hand has its whole time', async () => {
    const wall = start('10')
    await pass(9)
    wall.show(-1)
    expect([wall.at.value, wall.ratio.value]).toEqual([2, 0])
    await pass(9)
    wall.toggle()
    await pass(100)
    expect(wall.at.value).toBe(2)
    wall.toggle()
    await pass(1)
    expect(wall.at.value).toBe(0)
  })
  it('keeps the pace chosen on this device; the address goes before it', () => {
    const wall = start()
    expect(wall.pace.value).toBe(20)
    wall.change(1)
    wall.change(1)
    expect(wall.pace.value).toBe(60)
    app.unmount()
    expect(start().pace.value).toBe(60)
    app.unmount()
    expect(start('15').pace.value).toBe(15)
  })
  it('takes the nearest pace and no nonsense', () => {
    expect([paceFrom('1'), paceFrom('22'), paceFrom('999')]).toEqual([10, 20, 120])
    expect([paceFrom('x'), paceFrom(null), paceFrom('-5'), paceFrom(undefined)]).toEqual([
      20, 20, 20, 20,
    ])
  })
  it('leaves no clock running behind', () => {
    start('10')
    app.unmount()
    expect(vi.getTimerCount()).toBe(0)
  })
})
