/**
 * Shifts on the calendar of Việt Nam: days, weeks from Monday, and who is on call at a moment.
 *
 * A day is `yyyy-mm-dd`, a time `HH:mm`, both in Asia/Ho_Chi_Minh, which knows no summer time; what
 * goes to the centre is UTC. Pure.
 */
import type { StepNumber } from '@/api/alerts'
import type { Shift } from '@/api/duty'
import { dateOnly } from '@/format'
import { dayToInstant } from '@/ioc/period'
import type { Locale } from '@/state/preferences'

const DAY_MS = 86_400_000

/** The usual shifts, three or two a day. */
export const PRESETS = [
  { key: 'morning', from: '06:00', to: '14:00' },
  { key: 'afternoon', from: '14:00', to: '22:00' },
  { key: 'night', from: '22:00', to: '06:00' },
  { key: 'day12', from: '06:00', to: '18:00' },
  { key: 'night12', from: '18:00', to: '06:00' },
  { key: 'whole', from: '07:00', to: '07:00' },
] as const

/** The day of a moment. */
export const localDay = (at: string | Date): string => dateOnly(at).split('/').reverse().join('-')

export function addDays(day: string, count: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * DAY_MS).toISOString().slice(0, 10)
}

/** The seven days of a day's week, from Monday. */
export function weekOf(day: string): string[] {
  const sinceMonday = (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7
  return Array.from({ length: 7 }, (_, number) => addDays(day, number - sinceMonday))
}

/** "Thứ Hai", "Monday". */
export function dayName(day: string, locale: Locale): string {
  const name = new Intl.DateTimeFormat(locale === 'vi' ? 'vi-VN' : 'en-GB', {
    weekday: 'long',
    timeZone: 'UTC',
  })
  return name.format(new Date(`${day}T00:00:00Z`))
}

/** The time a person wrote as 7:00, 07.00 or 0700, as `HH:mm`; null for no such time. */
export function timeFromText(text: string): string | null {
  const match = /^(\d{1,2})[:.hg]?(\d{2})$/i.exec(text.trim())
  if (!match || Number(match[1]) > 23 || Number(match[2]) > 59) return null
  return `${match[1]!.padStart(2, '0')}:${match[2]}`
}

/** A shift from one time of a day to another; one that is not later is on the next day. */
export function spanOf(
  day: string,
  from: string,
  to: string,
): { starts_at: string; ends_at: string } | null {
  const [first, last] = [timeFromText(from), timeFromText(to)]
  if (!dayToInstant(day) || !first || !last) return null
  const at = (date: string, time: string) => new Date(`${date}T${time}:00+07:00`).toISOString()
  return { starts_at: at(day, first), ends_at: at(last > first ? day : addDays(day, 1), last) }
}

/** The shifts that touch a day, by their start. */
export function shiftsOn(day: string, shifts: readonly Shift[]): Shift[] {
  const [start, end] = [dayToInstant(day), dayToInstant(addDays(day, 1))]
  if (!start || !end) return []
  return shifts.filter(
    (shift) =>
      Date.parse(shift.starts_at) < Date.parse(end) &&
      Date.parse(shift.ends_at) > Date.parse(start),
  )
}

/** Whether a shift covers a moment. */
export const isOn = (shift: Shift, now: Date): boolean =>
  Date.parse(shift.starts_at) <= now.getTime() && Date.parse(shift.ends_at) > now.getTime()

/** Who is on call for a step at a moment. */
export const onCall = (shifts: readonly Shift[], step: StepNumber, now: Date): Shift[] =>
  shifts.filter((shift) => shift.step === step && isOn(shift, now))
