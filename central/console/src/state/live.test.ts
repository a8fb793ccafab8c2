import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FakeCentre } from '@/testing/centre'
import { liveLine, startLive, stopLive, subscribe } from './live'

describe('the live line', () => {
  let centre: FakeCentre
  const ends: (() => void)[] = []
  const heard = (kind: Parameters<typeof subscribe>[0]) => {
    const list: unknown[] = []
    ends.push(subscribe(kind, (data) => list.push(data)))
    return list
  }
  const start = async () => {
    startLive(() => {})
    await vi.waitFor(() => expect(centre.lines).toHaveLength(1))
    return centre.lines[0]!
  }
  beforeEach(() => {
    centre = new FakeCentre().install()
  })
  afterEach(() => {
    stopLive()
    for (const end of ends.splice(0)) end()
    centre.remove()
    vi.useRealTimers()
  })

  it('hands each event to those who asked for its kind', async () => {
    const incidents = heard('incident')
    const boxes = heard('box')
    const line = await start()
    line.send(1, 'incident', { incident_id: 'a' })
    await vi.waitFor(() => expect(incidents).toEqual([{ incident_id: 'a' }]))
    expect(boxes).toEqual([])
    expect(liveLine.state).toBe('live')
  })

  it('resumes after the last event seen when the line breaks', async () => {
    vi.useFakeTimers()
    startLive(() => {})
    await vi.advanceTimersByTimeAsync(10)
    centre.lines[0]!.send(41, 'incident', {})
    centre.lines[0]!.send(null, 'box', {})
    await vi.advanceTimersByTimeAsync(10)
    centre.lines[0]!.close()
    await vi.advanceTimersByTimeAsync(10)
    expect(liveLine.state).toBe('lost')
    await vi.advanceTimersByTimeAsync(2_000)
    expect(centre.lines[1]?.resumeAfter).toBe('41')
    expect(liveLine.state).toBe('live')
  })

  it('treats silence as a dead line: no heartbeat, no trust', async () => {
    vi.useFakeTimers()
    startLive(() => {})
    await vi.advanceTimersByTimeAsync(39_000)
    expect(liveLine.state).toBe('live')
    await vi.advanceTimersByTimeAsync(1_200)
    expect(liveLine.state).toBe('lost')
    await vi.advanceTimersByTimeAsync(1_000)
    expect(centre.lines).toHaveLength(2)
  })

  it('tells pages to reload where a fresh line begins and where events were lost', async () => {
    const resets = heard('reset')
    const line = await start()
    line.send(9, 'ready', {})
    line.send(12, 'reset', {})
    await vi.waitFor(() => expect(resets).toHaveLength(2))
  })

  it('gives up and says so when the session has ended', async () => {
    centre.liveStatus = 401
    let ended = 0
    startLive(() => (ended += 1))
    await vi.waitFor(() => expect(ended).toBe(1))
    expect(centre.lines).toHaveLength(0)
  })

  it('counts an event it cannot read and goes on', async () => {
    const before = liveLine.unreadable
    const incidents = heard('incident')
    const line = await start()
    line.send(1, 'incident', undefined)
    line.send(2, 'incident', { incident_id: 'b' })
    await vi.waitFor(() => expect(incidents).toContainEqual({ incident_id: 'b' }))
    expect(liveLine.unreadable).toBe(before + 1)
  })
})
