import { describe, expect, it } from 'vitest'
import { dayToInstant, instant, periodName, periodTick } from './period'

describe('the name of a period', () => {
  it.each([
    ['hour', '2026-11-23T03:00:00Z', '10:00 23/11/2026', '10:00 23/11/2026'],
    ['day', '2026-11-22T17:00:00Z', '23/11/2026', '23/11/2026'],
    ['month', '2026-09-30T17:00:00Z', 'tháng 10/2026', 'Oct 2026'],
    ['quarter', '2026-06-30T17:00:00Z', 'quý III/2026', 'Q3 2026'],
    ['year', '2025-12-31T17:00:00Z', 'năm 2026', '2026'],
  ] as const)('%s: begins at midnight in Việt Nam, not in Greenwich', (period, start, vi, en) => {
    expect(periodName(period, start, 'vi')).toBe(vi)
    expect(periodName(period, start, 'en')).toBe(en)
  })
  it.each([
    ['minute', '10:05'],
    ['hour', '10:05'],
    ['day', '23/11'],
    ['month', '11/2026'],
    ['quarter', 'IV/2026'],
    ['year', '2026'],
  ] as const)('%s: is short on an axis', (period, tick) => {
    expect(periodTick(period, '2026-11-23T03:05:00Z', 'vi')).toBe(tick)
  })
})

describe('what an address says', () => {
  it('is taken where it is a time or a day', () => {
    expect(instant('2026-11-22T17:00:00Z')).toBe('2026-11-22T17:00:00Z')
    expect(instant('2026-11-22T17:00:00.000Z')).toBe('2026-11-22T17:00:00Z')
    expect(dayToInstant('2026-11-23')).toBe('2026-11-22T17:00:00.000Z')
  })
  it.each(['', 'yesterday', '2026-11-22', '2026-99-99T00:00:00Z', undefined, ['a']])(
    'is left out where it is none: %s',
    (text) => expect(instant(text)).toBeUndefined(),
  )
  it('is left out where it is no day', () => expect(dayToInstant('23/11')).toBeUndefined())
})
