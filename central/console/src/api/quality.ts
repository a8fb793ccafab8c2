/** Quality: figures from verdicts, samples for a second look, training data. */
import { API, type Page, get, post, withQuery } from './client'
import type { CatalogueEntry, ReviewStatus } from './incidents'

/** How many of those that were counted hit; the ends of the 95 % interval. */
export interface Share {
  hits: number
  trials: number
  low: number | null
  high: number | null
}

export interface RulePrecision extends CatalogueEntry {
  precision: Share
}

export interface CameraPrecision {
  box_id: string
  camera_id: string
  camera_name: string
  precision: Share
}

export interface DayPrecision {
  /** `yyyy-mm-dd`, in Việt Nam. */
  day: string
  precision: Share
}

export interface ReasonCount {
  code: string
  name_vi: string
  name_en: string
  count: number
}

export interface SampleList extends Page<SampleItem> {
  /** Null: nothing was ever drawn. */
  week: string | null
  weeks: SampleWeek[]
}

/** All that the page shows: one request, so that a visit is one line of the audit log. */
export interface QualityReport {
  starts_at: string
  ends_at: string
  precision: Share
  by_rule: RulePrecision[]
  by_camera: CameraPrecision[]
  by_day: DayPrecision[]
  reasons: ReasonCount[]
  decision_time: { median_s: number | null; p90_s: number | null }
  second_looks: SampleList
}

export interface SampleWeek {
  /** The Monday, `yyyy-mm-dd`. */
  week: string
  drawn: number
  agreement: Share
}

export interface SampleItem extends CatalogueEntry {
  incident_id: string
  week: string
  camera_name: string
  area_code: string
  occurred_at: string
  may_look: boolean
  looked_at: string | null
  looked_by: string | null
  /** Hidden until the second person has spoken. */
  first: ReviewStatus | null
  second: ReviewStatus | null
  reason_code: string | null
  note: string
}

export interface SecondLook {
  verdict: 'confirmed' | 'rejected'
  reason_code: string | null
  note: string
}

export type QualityFilter = Record<'from' | 'to' | 'area_code' | 'rule', string>

export const getQuality = (filter: QualityFilter, week: string) =>
  get<QualityReport>('/quality', { ...filter, week })
export const listSamples = (week: string) => get<SampleList>('/quality/samples', { week })
export const drawSamples = (week: string, size: number) =>
  post<SampleWeek>('/quality/samples', { week, size })
export const lookAgain = (id: string, said: SecondLook) =>
  post<SampleItem>(`/quality/samples/${encodeURIComponent(id)}/look`, said)
/** Address of training data; the browser downloads it, the centre records why. */
export const trainingUrl = (filter: QualityFilter, format: 'jsonl' | 'csv', purpose: string) =>
  API + withQuery('/quality/verdicts', { ...filter, format, purpose })
