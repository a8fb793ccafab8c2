import { describe, expect, it } from 'vitest'
import {
  ago,
  bytes,
  dateTime,
  dayFromText,
  dayToText,
  duration,
  number,
  percent,
  plain,
  sameDay,
} from './format'

describe('times', () => {
  it('are shown in Việt Nam’s zone, day first, whatever this computer is set to', () => {
    expect(dateTime('2026-11-23T20:40:27.123Z')).toBe('24/11/2026 03:40:27')
  })
  it('show midnight as 00, not 24', () => {
    expect(dateTime('2026-11-23T17:00:00Z')).toBe('24/11/2026 00:00:00')
  })
  it('that are missing show a dash', () => {
    expect(dateTime(null)).toBe('–')
  })
  it('fall on the same day by the Vietnamese calendar', () => {
    expect(sameDay('2026-11-23T16:59:59Z', '2026-11-23T17:00:00Z')).toBe(false)
    expect(sameDay('2026-11-23T17:00:00Z', '2026-11-24T16:59:59Z')).toBe(true)
  })
})

describe('ago', () => {
  const now = new Date('2026-11-23T03:00:00Z')
  it.each([
    ['2026-11-23T02:59:48Z', '12 giây trước', '12 seconds ago'],
    ['2026-11-23T02:57:10Z', '2 phút trước', '2 minutes ago'],
    ['2026-11-23T01:30:00Z', '1 giờ trước', '1 hour ago'],
  ])('says %s in both languages', (at, vi, en) => {
    expect(ago(at, now, 'vi')).toBe(vi)
    expect(ago(at, now, 'en')).toBe(en)
  })
  it('does not show a slightly fast clock as the future', () => {
    expect(ago('2026-11-23T03:00:02Z', now, 'en')).toBe('now')
  })
})

describe('days written by people', () => {
  it.each([
    ['24/11/2026', '2026-11-24'],
    ['5/3/2026', '2026-03-05'],
    [' 5.3.2026 ', '2026-03-05'],
    ['', ''],
    ['29/02/2028', '2028-02-29'],
  ])('%j is read as %j', (text, day) => {
    expect(dayFromText(text)).toBe(day)
  })
  it.each(['31/02/2026', '24/13/2026', '2026-11-24', 'hôm nay', '29/02/2027'])(
    '%j is no day',
    (text) => {
      expect(dayFromText(text)).toBeNull()
    },
  )
  it('are written back the same way', () => {
    expect(dayToText('2026-11-24')).toBe('24/11/2026')
    expect(dayToText('')).toBe('')
  })
})

describe('numbers', () => {
  it('use the separators of the language', () => {
    expect(number(1234.56, 'vi')).toBe('1.234,6')
    expect(number(1234.56, 'en')).toBe('1,234.6')
    expect(percent(0.495, 'vi')).toBe('50%')
  })
  it('count bytes in decimal units', () => {
    expect(bytes(758_000, 'vi')).toBe('758 KB')
    expect(bytes(4_116_144, 'vi')).toBe('4,1 MB')
    expect(bytes(999, 'en')).toBe('999 B')
    expect(bytes(null, 'en')).toBe('–')
  })
  it('say lengths of time in two parts at most', () => {
    expect([45, 125, 7500, 90_061].map(duration)).toEqual([
      '45 s',
      '2 m 05 s',
      '2 h 05 m',
      '1 d 01 h',
    ])
  })
})

it('a search compares without tone marks and đ', () => {
  expect(plain('Đường Lê Mao, Phường Trường Vinh')).toBe('duong le mao, phuong truong vinh')
})
