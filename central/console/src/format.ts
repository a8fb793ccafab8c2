/**
 * Times, numbers and sizes as the province writes them.
 *
 * Times arrive as UTC and are shown in Asia/Ho_Chi_Minh whatever the computer is set to: an
 * officer's tablet with a wrong zone must not show a wrong time of an offence. Pure functions.
 */
import type { Locale } from './state/preferences'

export const ZONE = 'Asia/Ho_Chi_Minh'

const parts = new Intl.DateTimeFormat('en-GB', {
  timeZone: ZONE,
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})

function fields(at: Date): Record<string, string> {
  return Object.fromEntries(parts.formatToParts(at).map((part) => [part.type, part.value]))
}

/** `dd/MM/yyyy HH:mm:ss`, the way Vietnamese documents write it; a dash for no time. */
export function dateTime(iso: string | Date | null | undefined): string {
  if (!iso) return '–'
  const f = fields(new Date(iso))
  return `${f.day}/${f.month}/${f.year} ${f.hour}:${f.minute}:${f.second}`
}

/** `HH:mm:ss`. */
export const timeOfDay = (iso: string | Date): string => dateTime(iso).slice(11)

/** `dd/MM/yyyy`. */
export const dateOnly = (iso: string | Date): string => dateTime(iso).slice(0, 10)

/** Whether two moments fall on the same Vietnamese day. */
export const sameDay = (a: string | Date, b: string | Date): boolean => dateOnly(a) === dateOnly(b)

/** `dd/MM/yyyy` for a day `yyyy-mm-dd`; empty stays empty. */
export function dayToText(day: string): string {
  return day.split('-').reverse().join('/')
}

/** The day a person wrote as d/m/yyyy, as `yyyy-mm-dd`; empty for nothing, null for no such day. */
export function dayFromText(text: string): string | null {
  if (!text.trim()) return ''
  const match = /^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})$/.exec(text.trim())
  if (!match) return null
  const [d, m, y] = [Number(match[1]), Number(match[2]), Number(match[3])]
  const at = new Date(Date.UTC(y, m - 1, d))
  return at.getUTCMonth() === m - 1 && at.getUTCDate() === d ? at.toISOString().slice(0, 10) : null
}

const DAY_MS = 86_400_000

/** Midnight in Việt Nam at the start of a day `yyyy-mm-dd`. No daylight saving there. */
export const dayStart = (day: string): Date => new Date(`${day}T00:00:00+07:00`)

/** Midnight in Việt Nam at the end of a day. */
export const dayEnd = (day: string): Date => new Date(dayStart(day).getTime() + DAY_MS)

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
]

/** "12 giây trước", "3 minutes ago"; a few seconds of clock difference count as now. */
export function ago(iso: string | Date, now: Date, locale: Locale): string {
  const seconds = (now.getTime() - new Date(iso).getTime()) / 1000
  const format = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  if (Math.abs(seconds) < 3) return format.format(0, 'second')
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return format.format(-Math.trunc(seconds / size), unit)
  }
  return format.format(0, 'second')
}

/** A length of time in words short enough for a table: "2 h 05 m", "45 s". */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds))
  const two = (n: number) => String(n).padStart(2, '0')
  if (s >= 86_400) return `${Math.floor(s / 86_400)} d ${two(Math.floor((s % 86_400) / 3600))} h`
  if (s >= 3600) return `${Math.floor(s / 3600)} h ${two(Math.floor((s % 3600) / 60))} m`
  if (s >= 60) return `${Math.floor(s / 60)} m ${two(s % 60)} s`
  return `${s} s`
}

const numberLocale = (locale: Locale) => (locale === 'vi' ? 'vi-VN' : 'en-GB')

/** `1.234,5` in Vietnamese, `1,234.5` in English. */
export function number(value: number, locale: Locale, digits = 1): string {
  return new Intl.NumberFormat(numberLocale(locale), { maximumFractionDigits: digits }).format(
    value,
  )
}

export function percent(ratio: number, locale: Locale): string {
  return new Intl.NumberFormat(numberLocale(locale), {
    style: 'percent',
    maximumFractionDigits: 0,
  }).format(ratio)
}

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB']

/** Bytes in decimal units, as disks are sold. */
export function bytes(count: number | null | undefined, locale: Locale): string {
  if (count === null || count === undefined) return '–'
  let value = count
  let unit = 0
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${number(value, locale, value < 10 && unit > 0 ? 1 : 0)} ${UNITS[unit]}`
}

/** The Vietnamese or English name of anything that carries both. */
export function nameOf(thing: { name_vi: string; name_en: string }, locale: Locale): string {
  return locale === 'vi' ? thing.name_vi : thing.name_en
}

/** Lower case without tone marks, đ as d: what a search compares. */
export function plain(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/đ/g, 'd')
    .replace(/Đ/g, 'd')
    .toLowerCase()
}
