import { describe, expect, it } from 'vitest'
import type { AreaValue } from '@/api/indicators'
import { component } from '@/testing/figures'
import {
  amount,
  countsInWords,
  lastChange,
  marksOf,
  oursFirst,
  periodHolding,
  sortedAreas,
} from './figures'

const NOW = new Date('2026-11-23T03:30:00Z')
const past = { example: false, quality: 'ok', period_end: '2026-11-22T17:00:00Z' } as const
const point = (value: number | null) => ({ period_start: '', value, quality: null, example: false })

describe('a number', () => {
  it('is written as the reader’s language writes it, with its own decimals', () => {
    expect(amount(1234.5, 1, 'vi')).toBe('1.234,5')
    expect(amount(1234.5, 1, 'en')).toBe('1,234.5')
    expect(amount(12, 2, 'vi')).toBe('12,00')
    expect(amount(0, 0, 'vi')).toBe('0')
  })
})

describe('the marks of a value', () => {
  it('are none for a plain value of a period that is over', () => {
    expect(marksOf(past, false, NOW)).toEqual([])
  })
  it('say that it is an example, and estimated', () => {
    const value = { ...past, example: true, quality: 'estimated' } as const
    expect(marksOf(value, false, NOW)).toEqual(['example', 'estimated'])
  })
  it('say that the period still runs', () => {
    const running = { ...past, period_end: '2026-11-23T17:00:00Z' }
    expect(marksOf(running, false, NOW)).toEqual(['running'])
  })
  it('say stale once, whoever found it so', () => {
    expect(marksOf({ ...past, quality: 'stale' }, true, NOW)).toEqual(['stale'])
  })
  it('are none where there is no value', () => expect(marksOf(null, false, NOW)).toEqual([]))
})

describe('what changed', () => {
  it('is good or bad by which way is better', () => {
    expect(lastChange([point(3), point(5)], 'up')).toEqual({ by: 2, tone: 'good' })
    expect(lastChange([point(3), point(5)], 'down')).toEqual({ by: 2, tone: 'critical' })
    expect(lastChange([point(5), point(3)], 'down')).toEqual({ by: -2, tone: 'good' })
    expect(lastChange([point(3), point(5)], 'neither')).toEqual({ by: 2, tone: '' })
    expect(lastChange([point(3), point(3)], 'up')).toEqual({ by: 0, tone: '' })
  })
  it('is not said across a gap', () => {
    expect(lastChange([point(3), point(null), point(5)], 'up')).toBeNull()
    expect(lastChange([point(5)], 'up')).toBeNull()
    expect(lastChange([], 'up')).toBeNull()
  })
})

describe('the period that holds a moment', () => {
  const series = ['20', '21', '22'].map((day) => ({
    ...point(1),
    period_start: `2026-11-${day}T17:00:00Z`,
  }))
  it('is the one it falls into', () => {
    expect(periodHolding(series, '2026-11-21T17:00:00Z')).toBe('2026-11-21T17:00:00Z')
    expect(periodHolding(series, '2026-11-21T20:00:00Z')).toBe('2026-11-21T17:00:00Z')
    expect(periodHolding(series, '2026-11-23T16:59:59Z')).toBe('2026-11-22T17:00:00Z')
  })
  it('is unknown outside the series', () => {
    expect(periodHolding(series, '2026-11-20T16:00:00Z')).toBe('')
    expect(periodHolding(series, '2026-11-23T17:00:00Z')).toBe('')
    expect(periodHolding([], '2026-11-23T17:00:00Z')).toBe('')
  })
})

describe('the tiles', () => {
  it('begin with traffic; the others keep the centre’s order', () => {
    const items = ['health', 'economy', 'traffic'].map((code, i) =>
      component({ code, order: [4, 1, 9][i]! }),
    )
    expect(oursFirst(items).map(({ code }) => code)).toEqual(['traffic', 'economy', 'health'])
  })
})

describe('the communes', () => {
  const row = (name: string, value: number | null): AreaValue => ({
    area_code: name,
    name,
    value,
    quality: 'ok',
    source: 'y-te',
    example: false,
  })
  const rows = [row('Đô Lương', 2), row('Anh Sơn', null), row('Vinh Phú', 9), row('Cửa Lò', 0)]
  const names = (sort: Parameters<typeof sortedAreas>[1], search?: string) =>
    sortedAreas(rows, sort, search).map(({ name }) => name)

  it('without a value come last, whichever way the values are sorted', () => {
    expect(names({ by: 'value', down: true })).toEqual([
      'Vinh Phú',
      'Đô Lương',
      'Cửa Lò',
      'Anh Sơn',
    ])
    expect(names({ by: 'value', down: false })).toEqual([
      'Cửa Lò',
      'Đô Lương',
      'Vinh Phú',
      'Anh Sơn',
    ])
  })
  it('are sorted by name as Vietnamese is', () => {
    expect(names({ by: 'name', down: false })).toEqual([
      'Anh Sơn',
      'Cửa Lò',
      'Đô Lương',
      'Vinh Phú',
    ])
  })
  it('are found without accents', () => {
    expect(names({ by: 'name', down: false }, 'do luong')).toEqual(['Đô Lương'])
  })
})

describe('the counts of telemetry', () => {
  it('carry the reader’s names of the classes', () => {
    expect(countsInWords('car: 3, motorcycle: 12', (name) => `<${name}>`)).toBe(
      '<car>: 3, <motorcycle>: 12',
    )
    expect(countsInWords('', String)).toBe('')
  })
})
