import { describe, expect, it } from 'vitest'
import type { Shift } from '@/api/duty'
import {
  addDays,
  dayName,
  isOn,
  localDay,
  onCall,
  shiftsOn,
  spanOf,
  timeFromText,
  weekOf,
} from './week'

const shift = (change: Partial<Shift> = {}): Shift => ({
  id: 1,
  username: 'an',
  step: 0,
  area_code: '',
  starts_at: '2026-11-27T15:00:00Z',
  ends_at: '2026-11-27T23:00:00Z',
  ...change,
})

describe('a day', () => {
  it('is the one in Việt Nam: eighteen o’clock UTC is tomorrow', () => {
    expect(localDay('2026-11-27T18:00:00Z')).toBe('2026-11-28')
  })
  it('goes on over the end of a month and of a year', () => {
    expect(addDays('2026-11-30', 1)).toBe('2026-12-01')
    expect(addDays('2027-01-01', -1)).toBe('2026-12-31')
  })
  it('has its name in both languages', () => {
    expect(dayName('2026-11-30', 'vi')).toBe('Thứ Hai')
    expect(dayName('2026-11-30', 'en')).toBe('Monday')
  })
})

describe('a week', () => {
  it.each(['2026-11-23', '2026-11-26', '2026-11-29'])('of %s begins on Monday', (day) => {
    expect(weekOf(day)).toEqual([
      '2026-11-23',
      '2026-11-24',
      '2026-11-25',
      '2026-11-26',
      '2026-11-27',
      '2026-11-28',
      '2026-11-29',
    ])
  })
})

describe('a time that a person writes', () => {
  it.each([
    ['7:00', '07:00'],
    ['07:30', '07:30'],
    ['0730', '07:30'],
    ['22h00', '22:00'],
    [' 6.15 ', '06:15'],
    ['24:00', null],
    ['12:60', null],
    ['sáng', null],
    ['', null],
  ])('%s is %s', (text, time) => expect(timeFromText(text)).toBe(time))
})

describe('a shift', () => {
  it('by day ends the same day', () => {
    expect(spanOf('2026-11-28', '06:00', '14:00')).toEqual({
      starts_at: '2026-11-27T23:00:00.000Z',
      ends_at: '2026-11-28T07:00:00.000Z',
    })
  })
  it('by night ends on the next morning, and one of a whole day at the same hour', () => {
    expect(spanOf('2026-11-28', '22:00', '06:00')?.ends_at).toBe('2026-11-28T23:00:00.000Z')
    expect(spanOf('2026-11-28', '07:00', '07:00')?.ends_at).toBe('2026-11-29T00:00:00.000Z')
  })
  it('needs a day and two times', () => {
    expect(spanOf('', '06:00', '14:00')).toBeNull()
    expect(spanOf('2026-11-28', 'x', '14:00')).toBeNull()
    expect(spanOf('2026-11-28', '06:00', '25:00')).toBeNull()
  })
  it('of a night stands on both its days and on no other', () => {
    const night = shift()
    expect(shiftsOn('2026-11-27', [night])).toEqual([night])
    expect(shiftsOn('2026-11-28', [night])).toEqual([night])
    expect(shiftsOn('2026-11-26', [night])).toEqual([])
    expect(shiftsOn('2026-11-29', [night])).toEqual([])
  })
  it('begins with its first moment and is over with its last', () => {
    expect(isOn(shift(), new Date('2026-11-27T15:00:00Z'))).toBe(true)
    expect(isOn(shift(), new Date('2026-11-27T23:00:00Z'))).toBe(false)
  })
  it('counts for its own step alone', () => {
    const lead = shift({ id: 2, step: 1, username: 'binh' })
    const now = new Date('2026-11-27T20:00:00Z')
    expect(onCall([shift(), lead], 1, now)).toEqual([lead])
    expect(onCall([shift(), lead], 2, now)).toEqual([])
  })
})
