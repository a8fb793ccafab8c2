/** The period and filter of the quality page, as its address and as a request. Pure. */
import type { QualityFilter } from '@/api/quality'
import { dateOnly, dayFromText } from '@/format'
import { dayEnd, dayStart } from '@/format'

/** Days are `yyyy-mm-dd` in Việt Nam, both included. */
export interface QualityChoice {
  from: string
  to: string
  area_code: string
  rule: string
}
const USUAL_DAYS = 30

/** The day in Việt Nam, `yyyy-mm-dd`, so many days before `now`. */
export function dayBefore(now: Date, days = 0): string {
  return dayFromText(dateOnly(new Date(now.getTime() - days * 86_400_000))) ?? ''
}

/** The Monday of the week of a day, both `yyyy-mm-dd`. */
export function mondayOf(day: string): string {
  const at = new Date(`${day}T00:00:00Z`)
  at.setUTCDate(at.getUTCDate() - ((at.getUTCDay() + 6) % 7))
  return at.toISOString().slice(0, 10)
}

/** What an address asks for; the last thirty days where it does not say. */
export function fromQuery(query: Record<string, unknown>, now: Date): QualityChoice {
  const text = (key: string) => (typeof query[key] === 'string' ? query[key] : '')
  const day = (key: string, usual: string) =>
    /^\d{4}-\d{2}-\d{2}$/.test(text(key)) ? text(key) : usual
  return {
    from: day('from', dayBefore(now, USUAL_DAYS - 1)),
    to: day('to', dayBefore(now)),
    area_code: text('area_code'),
    rule: text('rule'),
  }
}

/** The choice as part of the address. */
export function toQuery(choice: QualityChoice): Record<string, string> {
  return Object.fromEntries(Object.entries(choice).filter(([, value]) => value))
}

/**
 * The choice as the centre takes it: from the first midnight to the one after the last day; no day
 * leaves that end to the centre.
 */
export function toRequest(choice: QualityChoice): QualityFilter {
  return {
    ...choice,
    from: choice.from && dayStart(choice.from).toISOString(),
    to: choice.to && dayEnd(choice.to).toISOString(),
  }
}
