/** Incidents as the console reads them, and what a reviewer may do to one. */
import { type Page, del, get, post, put, withQuery } from './client'
import type { Hold, Integrity } from './custody'

export type Severity = 'critical' | 'high' | 'medium' | 'low'
export type IncidentClass = 'violation' | 'incident' | 'security' | 'device'
export type ReviewStatus = 'new' | 'acknowledged' | 'confirmed' | 'rejected'
export type Stage =
  | 'new'
  | 'acknowledged'
  | 'confirmed'
  | 'dispatched'
  | 'on_scene'
  | 'resolved'
  | 'false_alarm'
  | 'closed'
  | 'detected'
  | 'in_verification'
  | 'needs_more'
  | 'verified'
  | 'approved'
  | 'rejected'
  | 'handed_over'
  | 'settled'
export type StepKind =
  | 'acknowledge'
  | 'confirm'
  | 'reject'
  | 'reopen'
  | 'dispatch'
  | 'arrive'
  | 'clear'
  | 'resolve'
  | 'close'
  | 'need_more'
  | 'approve'
  | 'send_back'
  | 'hand_over'
  | 'settle'
  | 'merge'
  | 'split'
  | 'escalate'
  | 'note'
  | 'photo'
/** Whether the capture time can be relied on, as the box says. */
export type TimeTrust = 'trusted' | 'doubtful' | 'untrusted' | 'unknown'
export type Phase = 'opened' | 'updated' | 'closed'
/** (latitude, longitude) in WGS-84 degrees. */
export type LatLon = [number, number]

export interface IncidentItem {
  incident_id: string
  revision: number
  phase: Phase
  rule: string
  code: string
  name_vi: string
  name_en: string
  incident_class: IncidentClass
  severity: Severity
  status: ReviewStatus
  stage: Stage
  camera_id: string
  camera_name: string
  box_id: string
  area_code: string
  occurred_at: string
  decided_at: string
  ended_at: string | null
  received_at: string
  acknowledged_at: string | null
  /** 0..1 */
  confidence: number
  object_class: string
  place: string
  /** How bad it is, for rules that grade (congestion: 1 to 3); else 0. */
  level: number
  location: LatLon | null
  thumbnail_url: string | null
  clip_ready: boolean
  historical: boolean
  time_trust: TimeTrust
  /** Whether a legal hold is on it. */
  held: boolean
  cleared_at: string | null
  merged_into: string | null
  /** When the next period of the law is over; violations only. */
  due_at: string | null
  /** The week whose sample waits for one's own verdict: the first is not told until then. */
  second_look: string | null
  /** For optimistic locking: a decision names the version it was made on. */
  version: number
}

/** (clip_s, x1, y1, x2, y2): seconds on the stream's clock, then source pixels. */
export type BoxAt = [number, number, number, number, number]

export type SpeedRefusal =
  | ''
  | 'no_geometry'
  | 'view_moved'
  | 'clock'
  | 'too_short'
  | 'too_few_points'
  | 'too_far'
  | 'outside_points'
  | 'too_uncertain'

export interface SignalChange {
  signal_id: string
  state: 'red' | 'yellow' | 'green' | 'unknown'
  clip_s: number
  at: string
}

export interface Evidence {
  evidence_id: string
  kind: 'clip' | 'still' | 'overlay' | 'playback' | 'thumbnail' | 'manifest' | 'photo'
  media_type: string
  label: string
  sha256: string
  size_bytes: number
  state: 'expected' | 'partial' | 'stored' | 'deleted'
  received_bytes: number
  url: string | null
  /** Whether browsers play this codec. */
  playable: boolean
  /** Stream seconds of the clip's first frame. */
  start_clip_s: number | null
  starts_at: string | null
  ends_at: string | null
  codec: string
  deleted_at: string | null
}

export interface IncidentEvent {
  at: string
  actor: string
  kind: StepKind
  from_stage: Stage
  to_stage: Stage
  version: number
  detail: Record<string, unknown>
  reason_code: string | null
  note: string
}

export interface ModelRef {
  name: string
  version: string
  sha256: string | null
}

export interface Findings {
  plate_state: 'read' | 'unreadable' | 'hidden' | 'absent'
  plate: string
  plate_colour: '' | 'white' | 'yellow' | 'blue' | 'red'
  vehicle_class: string
}

export interface Offence {
  code: string
  article: string
  source: string
  effective_from: string
  effective_to: string | null
  fine_min_dong: number | null
  fine_max_dong: number | null
  points: number
  note: string
  verified: boolean
}

export interface Deadline {
  code: string
  name_vi: string
  name_en: string
  starts_at: string
  ends_at: string | null
  met_at: string | null
}

export interface Authority {
  unit: 'pc08' | 'commune_police' | 'provincial_police'
  authority_vi: string
  authority_en: string
}

export interface Legal {
  object_class: string
  offence: Offence | null
  route: Authority | null
  deadlines: Deadline[]
}

export interface Requirement {
  code: string
  met: boolean
}

export interface IncidentDetail extends IncidentItem {
  /** Stream seconds at which it happened, and at which the rule became sure. */
  clip_s: number
  decided_clip_s: number
  boxes: BoxAt[]
  frame_size_px: [number, number]
  signal_log: SignalChange[]
  model: ModelRef | null
  software_version: string
  scene_version: string
  legal_source: 'A' | 'B' | 'C'
  time_source: 'rtcp' | 'arrival' | 'file'
  /** The camera's clock minus the box's, seconds. */
  clock_offset_s: number | null
  /** Standard deviation of the event's place; null where the location is the camera's. */
  location_error_m: number | null
  /** For reference only: no certified meter took it. */
  speed_kmh: number | null
  speed_error_kmh: number | null
  /** Length of a queue, metres; null where nobody measured one. */
  queue_m: number | null
  /** Why there is no speed; empty where there is one, or where nobody asked. */
  speed_refused: SpeedRefusal
  evidence_missing: string
  integrity: Integrity
  holds: Hold[]
  held_on_box: boolean
  evidence: Evidence[]
  events: IncidentEvent[]
  revisions: { revision: number; phase: Phase; received_at: string }[]
  findings: Findings | null
  legal: Legal
  requirements: Requirement[]
  merged: IncidentItem[]
  /** Whether a rejection of it can teach its box to leave that place alone. */
  may_teach: boolean
  /** Until when the box was told to; null: it was not, or not any more. */
  taught_until: string | null
}

export interface RejectReason {
  code: string
  name_vi: string
  name_en: string
  note_required: boolean
}

export interface CatalogueEntry {
  rule: string
  code: string
  name_vi: string
  name_en: string
  incident_class: IncidentClass
  severity: Severity
}

export interface IncidentFilter {
  status: readonly ReviewStatus[]
  stage: readonly Stage[]
  incident_class: IncidentClass | ''
  rule: string
  camera_id: string
  box_id: string
  area_code: string
  code: string
  plate: string
  from: string
  to: string
}

export const listIncidents = (filter: Partial<IncidentFilter>, cursor: string | null, limit = 60) =>
  get<Page<IncidentItem>>('/incidents', { ...filter, cursor, limit })
export const getIncident = (id: string) =>
  get<IncidentDetail>(`/incidents/${encodeURIComponent(id)}`)
export const listRejectReasons = () => get<Page<RejectReason>>('/incidents/reject-reasons')
export const listCatalogue = () => get<Page<CatalogueEntry>>('/catalogue')

export type Decision =
  | { verb: 'acknowledge' }
  | { verb: 'confirm'; note?: string; findings?: Findings }
  | { verb: 'reject'; reason_code: string; note?: string }
  | { verb: 'reopen' }
  | { verb: Exclude<StepKind, Reviewed | Recorded>; note?: string }
/** Steps with an address of their own; the others share one. */
type Reviewed = 'acknowledge' | 'confirm' | 'reject' | 'reopen'
/** What is written in the record otherwise than by a decision. */
type Recorded = 'merge' | 'escalate' | 'note' | 'photo'
const OWN_ADDRESS: readonly StepKind[] = ['acknowledge', 'confirm', 'reject', 'reopen', 'split']

/** Record a decision made on `version`; a 409 means somebody decided in between. */
export function decide(id: string, version: number, decision: Decision): Promise<IncidentItem> {
  const { verb, ...rest } = decision
  const step = OWN_ADDRESS.includes(verb) ? verb : `steps/${verb}`
  return post<IncidentItem>(`/incidents/${encodeURIComponent(id)}/${step}`, { version, ...rest })
}

export interface SavedFilter {
  name: string
  query: string
}
const filterPath = (name: string) => `/saved-filters/${encodeURIComponent(name)}`
export const listFilters = () => get<Page<SavedFilter>>('/saved-filters')
export const saveFilter = (name: string, query: string) =>
  put<SavedFilter>(filterPath(name), { query })
export const forgetFilter = (name: string) => del<null>(filterPath(name))

/** What became of one incident of several. */
export interface SortResult {
  item: IncidentItem
  /** Why it was left as it is; null: it was done. */
  problem: { code: string; message_vi: string; message_en: string } | null
}
const chosen = (items: readonly IncidentItem[]) =>
  items.map(({ incident_id, version }) => ({ incident_id, version }))

/** Make several incidents the same event as one; each has its own result. */
export const mergeIncidents = (into: string, parts: readonly IncidentItem[], note: string) =>
  post<Page<SortResult>>('/incidents/merges', { into, parts: chosen(parts), note })
/** Make each an incident of its own again. */
export const splitIncidents = (parts: readonly IncidentItem[], note = '') =>
  post<Page<SortResult>>('/incidents/splits', { parts: chosen(parts), note })

/** A place that a box leaves alone because somebody said that its rule is wrong there. */
export interface LearnedException {
  incident_id: string
  expires_at: string
}
const exceptionPath = (id: string) => `/incidents/${encodeURIComponent(id)}/exception`
export const teachException = (id: string, reason: string, days: number) =>
  post<LearnedException>(exceptionPath(id), { reason, days })
export const forgetException = (id: string, reason: string) =>
  del<null>(withQuery(exceptionPath(id), { reason }))
