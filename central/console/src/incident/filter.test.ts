import { describe, expect, it } from 'vitest'
import { incident } from '@/testing/builders'
import { NO_FILTER, fromQuery, matches, platePart, toQuery, toRequest } from './filter'

describe('the queue’s filter', () => {
  it('by default asks for what waits for a decision', () => {
    expect(toRequest(NO_FILTER).status).toEqual(['new', 'acknowledged'])
    expect(matches(incident({ status: 'confirmed' }), NO_FILTER)).toBe(false)
    expect(matches(incident({ status: 'acknowledged' }), NO_FILTER)).toBe(true)
  })
  it('by status holds nothing that waits for one’s own second look, as at the centre', () => {
    const owed = incident({ status: 'new', second_look: '2026-11-16' })
    expect(matches(owed, NO_FILTER)).toBe(false)
    expect(matches(owed, { ...NO_FILTER, status: 'all' })).toBe(true)
  })
  it('means Vietnamese days, both included', () => {
    const day = { ...NO_FILTER, from: '2026-11-23', to: '2026-11-23' }
    expect(toRequest(day)).toMatchObject({
      from: '2026-11-22T17:00:00.000Z',
      to: '2026-11-23T17:00:00.000Z',
    })
    const at = (occurred_at: string) => matches(incident({ occurred_at }), day)
    expect(at('2026-11-22T16:59:59Z')).toBe(false)
    expect(at('2026-11-22T17:00:00Z')).toBe(true)
    expect(at('2026-11-23T16:59:59Z')).toBe(true)
    expect(at('2026-11-23T17:00:00Z')).toBe(false)
  })
  it('takes a plate however it is written, and none too short to mean one', () => {
    expect(platePart(' 37a-123.45 ')).toBe('37A12345')
    expect(platePart('')).toBe('')
    expect(platePart('…123.45')).toBe('12345')
    expect(platePart('37-MĐ1')).toBe('37MD1')
    expect(platePart('37A')).toBeNull()
    expect(fromQuery({ plate: '37a-12' }).plate).toBe('37A12')
    expect(fromQuery({ plate: '%' }).plate).toBe('')
  })
  it('lets no live row into a search for one case but that case', () => {
    expect(matches(incident(), { ...NO_FILTER, code: 'i-2' })).toBe(false)
    expect(matches(incident(), { ...NO_FILTER, code: 'i-1' })).toBe(true)
    expect(matches(incident(), { ...NO_FILTER, plate: '37A12' })).toBe(false)
  })
  it('survives the way through the address', () => {
    const filter = { ...NO_FILTER, status: 'all' as const, rule: 'wrong_way', from: '2026-11-01' }
    expect(fromQuery(toQuery(filter))).toEqual(filter)
    expect(toQuery(NO_FILTER)).toEqual({})
  })
  it('ignores nonsense in the address', () => {
    expect(fromQuery({ status: 'everything', from: '1/2/2026', rule: ['a', 'b'] })).toEqual(
      NO_FILTER,
    )
  })
  it.each([
    ['rule', 'wrong_way'],
    ['camera_id', 'cam-2'],
    ['area_code', '17920'],
  ] as const)('by %s keeps only what matches', (key, value) => {
    const filter = { ...NO_FILTER, [key]: value }
    expect(matches(incident(), filter)).toBe(false)
    expect(matches(incident({ [key]: value }), filter)).toBe(true)
  })
})
