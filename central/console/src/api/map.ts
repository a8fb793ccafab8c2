/** The incidents of the map: the few fields of an incident that place, draw and filter it. */
import { get } from './client'
import type {
  IncidentClass,
  IncidentItem,
  LatLon,
  Phase,
  ReviewStatus,
  Severity,
  Stage,
} from './incidents'

export interface IncidentPoint {
  incident_id: string
  revision: number
  version: number
  phase: Phase
  rule: string
  incident_class: IncidentClass
  severity: Severity
  status: ReviewStatus
  stage: Stage
  box_id: string
  camera_id: string
  area_code: string
  occurred_at: string
  level: number
  clip_ready: boolean
  historical: boolean
  location: LatLon | null
}

export interface PointList {
  items: IncidentPoint[]
  /** How many there are; more than the items when the centre cut the answer. */
  total: number
  /** Where the window begins, by the centre's clock. */
  since: string
}

/** What a live event says of an incident, as a point. */
export function pointOf(item: IncidentItem): IncidentPoint {
  const { incident_id, revision, version, phase, rule, incident_class, severity } = item
  const { status, stage, box_id, camera_id, area_code, occurred_at, level } = item
  const { clip_ready, historical, location } = item
  return {
    ...{ incident_id, revision, version, phase, rule, incident_class, severity },
    ...{ status, stage, box_id, camera_id, area_code, occurred_at, level },
    ...{ clip_ready, historical, location },
  }
}

/** Incidents of the last `hours`, newest first; `done`: also what is settled. */
export const listPoints = (hours: number, done: boolean) =>
  get<PointList>('/map/incidents', { hours, done })
