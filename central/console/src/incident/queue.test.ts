import { describe, expect, it } from 'vitest'
import { incident } from '@/testing/builders'
import { append, place } from './queue'

const at = (minute: number) => `2026-11-23T03:${String(minute).padStart(2, '0')}:00Z`
const ids = (list: { incident_id: string }[]) => list.map((item) => item.incident_id)

describe('the queue', () => {
  it('puts every incident where it belongs by the time it happened', () => {
    const list = [incident({ incident_id: 'b', occurred_at: at(20) })]
    place(list, incident({ incident_id: 'c', occurred_at: at(10) }), true)
    place(list, incident({ incident_id: 'a', occurred_at: at(30) }), true)
    expect(ids(list)).toEqual(['a', 'b', 'c'])
  })
  it('is the same whatever order the messages come in, and however often', () => {
    const news = [1, 2, 3].map((n) => incident({ incident_id: `i-${n}`, occurred_at: at(n) }))
    const orders = [
      [0, 1, 2],
      [2, 1, 0],
      [1, 1, 0, 2, 0],
    ]
    for (const order of orders) {
      const list: ReturnType<typeof incident>[] = []
      for (const n of order) place(list, news[n]!, true)
      expect(ids(list)).toEqual(['i-3', 'i-2', 'i-1'])
    }
  })
  it('never lets an older message replace a newer one', () => {
    const list = [incident({ version: 3, status: 'confirmed' })]
    expect(place(list, incident({ version: 2, status: 'acknowledged' }), true)).toBe('ignored')
    expect(list[0]?.status).toBe('confirmed')
  })
  it('takes news about the same version, such as a picture that has arrived', () => {
    const list = [incident()]
    expect(place(list, incident({ thumbnail_url: '/t.jpg' }), true)).toBe('replaced')
    expect(list[0]?.thumbnail_url).toBe('/t.jpg')
  })
  it('lets go of what no longer matches the filter', () => {
    const list = [incident()]
    expect(place(list, incident({ version: 2, status: 'rejected' }), false)).toBe('removed')
    expect(list).toEqual([])
  })
  it('ignores what never matched', () => {
    const list = [incident()]
    expect(place(list, incident({ incident_id: 'other' }), false)).toBe('ignored')
    expect(list).toHaveLength(1)
  })
  it('moves an incident whose time was corrected', () => {
    const list = [
      incident({ incident_id: 'a', occurred_at: at(30) }),
      incident({ incident_id: 'b', occurred_at: at(20) }),
    ]
    place(list, incident({ incident_id: 'a', occurred_at: at(10), revision: 2 }), true)
    expect(ids(list)).toEqual(['b', 'a'])
  })
  it('joins pages without doubles', () => {
    const list = [incident({ incident_id: 'a', occurred_at: at(30) })]
    append(list, [
      incident({ incident_id: 'a', occurred_at: at(30) }),
      incident({ incident_id: 'b', occurred_at: at(20) }),
    ])
    expect(ids(list)).toEqual(['a', 'b'])
  })
})
