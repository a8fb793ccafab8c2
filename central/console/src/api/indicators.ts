/** The nine components: their indicators, series, communes and the records behind a number. */
import { type Page, get } from './client'

export type Period = 'minute' | 'hour' | 'day' | 'month' | 'quarter' | 'year'
export type Kind = 'sum' | 'ratio' | 'level'
export type Origin = 'feed' | 'computed'
export type AreaLevel = 'province' | 'commune'
export type Quality = 'ok' | 'estimated' | 'manual' | 'stale'
export type Freshness = 'fresh' | 'stale' | 'missing'

/** The official code of the province. */
export const PROVINCE = '40'

export interface Coverage {
  reported: number
  expected: number
}

export interface IndicatorValue {
  /** Null: the source says that there is none. Never 0 for want of a value. */
  value: number | null
  period_start: string
  period_end: string
  received_at: string
  /** Code of the feed, or `songlam` for what the centre counted itself. */
  source: string
  quality: Quality
  example: boolean
  /** Set when summed from communes. */
  coverage: Coverage | null
}

export interface TrendPoint {
  period_start: string
  value: number | null
  quality: Quality | null
  example: boolean
}

export interface IndicatorItem {
  code: string
  name_vi: string
  name_en: string
  unit_vi: string
  unit_en: string
  component: string
  period: Period
  kind: Kind
  origin: Origin
  area_level: AreaLevel
  decimals: number
  better: 'up' | 'down' | 'neither'
  note_vi: string
  note_en: string
  area_code: string
  latest: IndicatorValue | null
  trend: TrendPoint[]
  freshness: Freshness
  stale_since: string | null
}

export interface IndicatorDetail extends IndicatorItem {
  series: TrendPoint[]
}

export interface ComponentItem {
  code: string
  name_vi: string
  name_en: string
  order: number
  indicator_count: number
  fresh_count: number
  stale_count: number
  missing_count: number
  example: boolean
  headline: IndicatorItem[]
}

export interface AreaValue {
  area_code: string
  name: string
  value: number | null
  quality: Quality | null
  source: string | null
  example: boolean
}

export interface ByArea {
  indicator: string
  /** Null when no commune ever sent a value. */
  period_start: string | null
  reported: number
  expected: number
  items: AreaValue[]
}

export type RecordKind = 'webhook' | 'upload' | 'incident' | 'telemetry' | 'camera'

/** One thing behind a number. */
export interface IndicatorRecord {
  kind: RecordKind
  record_id: string
  area_code: string
  period_start: string
  value: number | null
  raw_value: string
  quality: Quality
  source: string
  received_at: string
  superseded_at: string | null
  delivery_id: number | null
  row_number: number | null
  file_name: string | null
  actor: string | null
  incident_id: string | null
  box_id: string | null
  camera_id: string | null
  occurred_at: string | null
  label: string
  label_en: string
}

/** The data of the live event `indicator`: these components have new figures. */
export interface IndicatorNews {
  components: string[]
}

const of = (code: string) => `/indicators/${encodeURIComponent(code)}`

export const listComponents = () => get<Page<ComponentItem>>('/components')
export const listIndicators = (component: string, area_code: string) =>
  get<Page<IndicatorItem>>(`/components/${encodeURIComponent(component)}/indicators`, { area_code })
export const getIndicator = (
  code: string,
  query: { area_code: string; from?: string; to?: string },
) => get<IndicatorDetail>(of(code), query)
export const getByArea = (code: string, period_start: string) =>
  get<ByArea>(`${of(code)}/by-area`, { period_start })
export const listRecords = (
  code: string,
  query: { area_code: string; period_start: string; cursor?: string | null },
) => get<Page<IndicatorRecord>>(`${of(code)}/records`, query)
