/**
 * What may be said of a figure: its number in words, its marks, what changed. Pure.
 *
 * A missing value is "no data" and never 0; every doubt about a value is a text beside it.
 */
import type {
  AreaValue,
  ComponentItem,
  IndicatorItem,
  IndicatorValue,
  Quality,
  TrendPoint,
} from '@/api/indicators'
import { plain } from '@/format'
import type { Locale } from '@/state/preferences'

/** Component that stands first and largest. */
export const OURS = 'traffic'

/** `1.234,50` in Vietnamese, `1,234.50` in English: always the indicator's own decimals. */
export function amount(value: number, decimals: number, locale: Locale): string {
  return new Intl.NumberFormat(locale === 'vi' ? 'vi-VN' : 'en-GB', {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  }).format(value)
}

export function unitOf(item: Pick<IndicatorItem, 'unit_vi' | 'unit_en'>, locale: Locale): string {
  return locale === 'vi' ? item.unit_vi : item.unit_en
}

/** The text of `note_vi`, `note_en`. */
export function noteOf(item: Pick<IndicatorItem, 'note_vi' | 'note_en'>, locale: Locale): string {
  return locale === 'vi' ? item.note_vi : item.note_en
}

export type Mark = 'example' | 'stale' | 'running' | Exclude<Quality, 'ok'>

/** The marks of a value, in the order they are shown. */
export function marksOf(
  value: Pick<IndicatorValue, 'example' | 'quality' | 'period_end'> | null,
  stale: boolean,
  now: Date,
): Mark[] {
  if (!value) return []
  const marks: Mark[] = []
  if (value.example) marks.push('example')
  if (stale) marks.push('stale')
  else if (new Date(value.period_end) > now) marks.push('running')
  if (value.quality === 'estimated' || value.quality === 'manual') marks.push(value.quality)
  return marks
}

export interface Change {
  by: number
  tone: 'good' | 'critical' | ''
}

/**
 * The step from the period before to the last one of a trend; null where either has no value. It
 * is not for a period that still runs: half a day is no fall.
 */
export function lastChange(
  trend: readonly TrendPoint[],
  better: IndicatorItem['better'],
): Change | null {
  const [before, last] = trend.slice(-2)
  if (!last || before?.value == null || last.value === null) return null
  const by = last.value - before.value
  if (by === 0 || better === 'neither') return { by, tone: '' }
  return { by, tone: by > 0 === (better === 'up') ? 'good' : 'critical' }
}

/**
 * The start of the period of a series that holds a moment; "" where the series does not reach it.
 * What a series does not hold is unknown, and not without data.
 */
export function periodHolding(series: readonly TrendPoint[], moment: string): string {
  const starts = series.map(({ period_start }) => period_start)
  const [last, before] = [starts.at(-1), starts.at(-2)]
  if (!last || !before) return starts.includes(moment) ? moment : ''
  // The last period is about as long as the one before it: months differ by days only.
  const end = 2 * Date.parse(last) - Date.parse(before)
  if (Date.parse(moment) >= end) return ''
  return starts.findLast((start) => Date.parse(start) <= Date.parse(moment)) ?? ''
}

/** The components as shown: ours first, the others in the centre's order. */
export function oursFirst(items: readonly ComponentItem[]): ComponentItem[] {
  return [...items].sort(
    (a, b) => Number(b.code === OURS) - Number(a.code === OURS) || a.order - b.order,
  )
}

export type AreaSort = { by: 'name' | 'value'; down: boolean }

/** Communes whose name holds `search`, in order; those without a value are always last. */
export function sortedAreas(rows: readonly AreaValue[], sort: AreaSort, search = ''): AreaValue[] {
  const wanted = plain(search.trim())
  const sign = sort.down ? -1 : 1
  const byName = (a: AreaValue, b: AreaValue) => a.name.localeCompare(b.name, 'vi')
  return rows
    .filter((row) => plain(row.name).includes(wanted))
    .sort((a, b) => {
      if (sort.by === 'name') return sign * byName(a, b)
      if (a.value === null || b.value === null) {
        return Number(a.value === null) - Number(b.value === null) || byName(a, b)
      }
      return sign * (a.value - b.value) || byName(a, b)
    })
}

/** "car: 3, bus: 1" of the centre's records with the names of classes put in by `name`. */
export function countsInWords(raw: string, name: (objectClass: string) => string): string {
  return raw.replace(
    /([a-z_]+): (\d+)/g,
    (_, known: string, count: string) => `${name(known)}: ${count}`,
  )
}
