import { describe, expect, it } from 'vitest'
import type { BoxAt, SignalChange } from '@/api/incidents'
import { fit, groupByTime, phaseSpans, rectsAt, trail } from './overlay'

const track: BoxAt[] = [
  [10, 0, 0, 10, 20],
  [11, 20, 0, 30, 20],
  [12, 40, 0, 50, 20],
]

describe('boxes over the clip', () => {
  const groups = groupByTime(track)
  it('stand where the track was seen', () => {
    expect(rectsAt(groups, 11)).toEqual([[20, 0, 30, 20]])
  })
  it('move evenly between two sightings', () => {
    expect(rectsAt(groups, 10.5)).toEqual([[10, 0, 20, 20]])
  })
  it('vanish soon after the last sighting and are absent before the first', () => {
    expect(rectsAt(groups, 12.3)).toHaveLength(1)
    expect(rectsAt(groups, 12.5)).toEqual([])
    expect(rectsAt(groups, 9.5)).toEqual([])
  })
  it('are not invented across a gap in the track', () => {
    const broken = groupByTime([track[0]!, [15, 100, 0, 110, 20]])
    expect(rectsAt(broken, 12)).toEqual([])
  })
  it('of several objects at one time are all drawn, none interpolated', () => {
    const crowd = groupByTime([
      [1, 0, 0, 1, 1],
      [1, 5, 5, 6, 6],
      [1.2, 0, 0, 1, 1],
    ])
    expect(rectsAt(crowd, 1.05)).toHaveLength(2)
  })
  it('need not come in order', () => {
    expect(rectsAt(groupByTime([...track].reverse()), 11)).toEqual([[20, 0, 30, 20]])
  })
  it('leave a trail of foot points, oldest first', () => {
    expect(trail(groups, 11.5)).toEqual([
      [5, 20],
      [25, 20],
    ])
    expect(trail(groups, 12, 0.5)).toEqual([[45, 20]])
  })
})

it('a picture shown whole is centred in its frame', () => {
  expect(fit([640, 480], [1280, 720])).toEqual({ scale: 1.5, x: 160, y: 0 })
  expect(fit([1920, 1080], [960, 960])).toEqual({ scale: 0.5, x: 0, y: 210 })
})

describe('the signal’s phases', () => {
  const change = (
    clip_s: number,
    state: SignalChange['state'],
    signal_id = 's1',
  ): SignalChange => ({
    signal_id,
    state,
    clip_s,
    at: '2026-11-23T03:00:00Z',
  })
  it('fill the clip: the one before it reaches in, the last reaches its end', () => {
    const log = [change(0, 'green'), change(15, 'red')]
    expect(phaseSpans(log, 10, 20)).toEqual([
      {
        signal_id: 's1',
        spans: [
          { state: 'green', from: 0, to: 0.5 },
          { state: 'red', from: 0.5, to: 1 },
        ],
      },
    ])
  })
  it('of different signals stand apart', () => {
    const spans = phaseSpans([change(1, 'red'), change(2, 'green', 's2')], 0, 10)
    expect(spans.map((row) => row.signal_id)).toEqual(['s1', 's2'])
  })
  it('that were over before the clip do not show', () => {
    const spans = phaseSpans([change(0, 'green'), change(5, 'red')], 10, 20)
    expect(spans[0]?.spans.map((span) => span.state)).toEqual(['red'])
  })
})
