import { describe, expect, it } from 'vitest'
import { dayBefore, fromQuery, mondayOf, toQuery, toRequest } from './period'

/** Half past one at night of the 24th in Việt Nam. */
const now = new Date('2026-11-23T18:30:00Z')

describe('the period of the quality page', () => {
  it('is the last thirty days in Việt Nam where the address does not say', () => {
    expect(fromQuery({}, now)).toEqual({
      from: '2026-10-26',
      to: '2026-11-24',
      area_code: '',
      rule: '',
    })
  })
  it('comes back from the address as it went there', () => {
    const choice = { from: '2026-11-01', to: '2026-11-07', area_code: '16681', rule: 'red_light' }
    expect(fromQuery(toQuery(choice), now)).toEqual(choice)
    expect(fromQuery({ from: 'x', to: ['2026-11-01'] }, now).from).toBe('2026-10-26')
  })
  it('is asked for from midnight to the midnight after its last day', () => {
    const asked = toRequest({ from: '2026-11-01', to: '2026-11-01', area_code: '', rule: '' })
    expect(asked).toMatchObject({
      from: '2026-10-31T17:00:00.000Z',
      to: '2026-11-01T17:00:00.000Z',
    })
    expect(toRequest({ from: '', to: '', area_code: '', rule: '' }).from).toBe('')
  })
  it('counts weeks from Monday', () => {
    expect(['2026-11-23', '2026-11-29', '2026-11-30'].map(mondayOf)).toEqual([
      '2026-11-23',
      '2026-11-23',
      '2026-11-30',
    ])
    expect(dayBefore(now, 7)).toBe('2026-11-17')
  })
})
