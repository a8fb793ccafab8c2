import { describe, expect, it } from 'vitest'
import type { AlertEvent } from '@/api/duty'
import { alertDetail, delivery } from '@/testing/duty'
import { chapters } from './history'

const event = (kind: AlertEvent['kind'], at: string, step: 0 | 1 | 2 = 0): AlertEvent => ({
  at,
  kind,
  step,
  actor: 'system',
  people: [],
})

describe('the history of an alert', () => {
  it('puts each text to the telling of its step', () => {
    const alert = alertDetail({
      events: [
        event('opened', '2026-11-23T03:00:00Z'),
        event('escalated', '2026-11-23T03:01:00Z', 1),
        event('acknowledged', '2026-11-23T03:02:00Z', 1),
        event('told_again', '2026-11-23T03:05:00Z'),
      ],
      deliveries: [
        delivery({ username: 'an', created_at: '2026-11-23T03:00:00Z' }),
        delivery({ username: 'binh', step: 1, created_at: '2026-11-23T03:01:00Z' }),
        delivery({ username: 'an', created_at: '2026-11-23T03:05:00Z', channel: 'email' }),
      ],
    })
    const told = chapters(alert).map((chapter) => chapter.deliveries.map((each) => each.channel))
    expect(told).toEqual([['sms'], ['sms'], [], ['email']])
  })
  it('keeps apart the steps that passed on within one moment', () => {
    const at = '2026-11-23T03:00:00Z'
    const alert = alertDetail({
      events: [event('opened', at), event('escalated', at, 1), event('escalated', at, 2)],
      deliveries: [delivery({ step: 2, created_at: at })],
    })
    expect(chapters(alert).map((chapter) => chapter.deliveries.length)).toEqual([0, 0, 1])
  })
  it('loses no text of an alert of before, whose steps are not known', () => {
    const alert = alertDetail({
      events: [event('opened', '2026-11-23T03:00:00.5Z')],
      deliveries: [
        delivery({ created_at: '2026-11-23T03:00:00.1Z' }),
        delivery({ step: 1, created_at: '2026-11-23T03:01:00Z' }),
      ],
    })
    expect(chapters(alert)[0]!.deliveries).toHaveLength(2)
  })
})

it('a step that nobody was on call for passed the alert on at once', () => {
  const at = '2026-11-23T03:00:00Z'
  const alert = alertDetail({
    events: [
      event('opened', at),
      { ...event('escalated', at, 1), people: ['an'] },
      event('escalated', '2026-11-23T03:05:00Z', 2),
    ],
  })
  expect(chapters(alert).map((chapter) => chapter.atOnce)).toEqual([false, true, false])
})
