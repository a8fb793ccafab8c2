/**
 * Addresses of figures: `/ioc/traffic/violations/records?area=16690&period=2026-11-22T17:00:00Z`.
 *
 * The province and the newest period are left out: they are what an address without them means.
 */
import type { LocationQuery, RouteLocationRaw } from 'vue-router'
import { PROVINCE } from '@/api/indicators'
import { instant } from './period'

export interface Spot {
  /** Code of the area; the province when left out. */
  area?: string
  /** Start of the period in UTC; the newest when left out. */
  period?: string
  /** Vietnamese days `yyyy-mm-dd` between which the trend is shown. */
  from?: string
  to?: string
}

function query(spot: Spot): Record<string, string> {
  const entries = Object.entries(spot).filter(
    ([key, value]) => value && !(key === 'area' && value === PROVINCE),
  )
  return Object.fromEntries(entries) as Record<string, string>
}

export const componentAt = (component: string, spot: Spot = {}): RouteLocationRaw => ({
  path: `/ioc/${component}`,
  query: query(spot),
})

/** The page of an indicator, or of the records behind its number. */
export const indicatorAt = (code: string, spot: Spot = {}, records = false): RouteLocationRaw => ({
  path: `/ioc/${code.replace('.', '/')}${records ? '/records' : ''}`,
  query: query(spot),
})

/** The spot that an address names; what it does not know is left out. */
export function spotOf(given: LocationQuery): Required<Spot> {
  const text = (key: string) => (typeof given[key] === 'string' ? given[key] : '')
  const day = (key: string) => (/^\d{4}-\d{2}-\d{2}$/.test(text(key)) ? text(key) : '')
  return {
    area: /^\d+$/.test(text('area')) ? text('area') : PROVINCE,
    period: instant(given.period) ?? '',
    from: day('from'),
    to: day('to'),
  }
}
