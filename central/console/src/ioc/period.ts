/**
 * Periods of figures in words: "23/11/2026", "quý III/2026", "tháng 10/2026".
 *
 * A period is named by its start; days begin at midnight in Việt Nam. Pure.
 */
import type { Period } from '@/api/indicators'
import { dateTime } from '@/format'
import type { Locale } from '@/state/preferences'

const ROMAN = ['I', 'II', 'III', 'IV']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

interface Parts {
  day: string
  month: string
  year: string
  /** 1..12 */
  monthNumber: number
  /** 1..4 */
  quarter: number
  time: string
}

function parts(start: string): Parts {
  const text = dateTime(start)
  const monthNumber = Number(text.slice(3, 5))
  return {
    day: text.slice(0, 2),
    month: text.slice(3, 5),
    year: text.slice(6, 10),
    monthNumber,
    quarter: Math.floor((monthNumber - 1) / 3) + 1,
    time: text.slice(11, 16),
  }
}

/** A period as a reader says it, to stand alone. */
export function periodName(period: Period, start: string, locale: Locale): string {
  const p = parts(start)
  const vi = locale === 'vi'
  const day = `${p.day}/${p.month}/${p.year}`
  switch (period) {
    case 'minute':
    case 'hour':
      return `${p.time} ${day}`
    case 'day':
      return day
    case 'month':
      return vi ? `tháng ${p.month}/${p.year}` : `${MONTHS[p.monthNumber - 1]} ${p.year}`
    case 'quarter':
      return vi ? `quý ${ROMAN[p.quarter - 1]}/${p.year}` : `Q${p.quarter} ${p.year}`
    case 'year':
      return vi ? `năm ${p.year}` : p.year
  }
}

/** A period short enough for an axis. */
export function periodTick(period: Period, start: string, locale: Locale): string {
  const p = parts(start)
  switch (period) {
    case 'minute':
    case 'hour':
      return p.time
    case 'day':
      return `${p.day}/${p.month}`
    case 'month':
      return `${p.month}/${p.year}`
    case 'quarter':
      return locale === 'vi'
        ? `${ROMAN[p.quarter - 1]}/${p.year}`
        : `Q${p.quarter} ${p.year.slice(2)}`
    case 'year':
      return p.year
  }
}

/** Midnight in Việt Nam at the start of a day `yyyy-mm-dd`, in UTC; undefined for no day. */
export function dayToInstant(day: string): string | undefined {
  return /^\d{4}-\d{2}-\d{2}$/.test(day)
    ? new Date(`${day}T00:00:00+07:00`).toISOString()
    : undefined
}

/** An ISO time of an address, or undefined where it is none: addresses are typed by people too. */
export function instant(text: unknown): string | undefined {
  if (typeof text !== 'string' || !/^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/.test(text)) return undefined
  const at = new Date(text)
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString().replace('.000Z', 'Z')
}
