/** Alerts with their history, and what duty is about: shifts, contacts, silences, handovers. */
import type { Role } from './accounts'
import type { AlertItem, StepNumber } from './alerts'
import { del, get, post } from './client'
import type { Severity, Stage } from './incidents'

export const STEPS: readonly StepNumber[] = [0, 1, 2]

/** What became of an incident as news. */
export type Verdict = 'opened' | 'joined' | 'silenced' | 'inhibited' | 'quiet' | 'late'
export type DeliveryState = 'waiting' | 'retrying' | 'sent' | 'refused' | 'given_up' | 'unneeded'

export interface AlertDelivery {
  step: StepNumber
  username: string
  channel: string
  state: DeliveryState
  tries: number
  created_at: string
  next_try_at: string | null
  sent_at: string | null
  /** Why the last try failed, in English. */
  error: string
}

export interface AlertEvent {
  at: string
  kind: 'opened' | 'told_again' | 'escalated' | 'acknowledged' | 'ended'
  step: StepNumber
  actor: string
  /** Who was on call for the step; nobody: it passed on at once. */
  people: string[]
}

export interface AlertDetail extends AlertItem {
  incident_ids: string[]
  events: AlertEvent[]
  deliveries: AlertDelivery[]
}

export interface IncidentAlert {
  /** Null while nothing is decided. */
  verdict: Verdict | null
  decided_at: string | null
  alert: AlertDetail | null
}

/** A colleague: what is needed to name one and to choose one. */
export interface Person {
  username: string
  display_name: string
  role: Role
  areas: string[]
}

export interface NewShift {
  username: string
  step: StepNumber
  /** One commune; empty: the whole province. */
  area_code: string
  starts_at: string
  ends_at: string
}
export interface Shift extends NewShift {
  id: number
}

export interface Contact {
  id: number
  username: string
  channel: string
  address: string
}

export interface NewSilence {
  /** Empty fields match everything. */
  rule: string
  camera_id: string
  area_code: string
  reason: string
  expires_at: string
}
export interface Silence extends NewSilence {
  id: number
  author: string
  created_at: string
  ended_at: string | null
  ended_by: string | null
}

export interface OpenCase {
  incident_id: string
  rule: string
  name_vi: string
  name_en: string
  severity: Severity
  stage: Stage
  area_code: string
  camera_id: string
  occurred_at: string
  due_at: string | null
}
/** How many there are, and the first of them. */
export interface Section<T> {
  total: number
  items: T[]
}
export interface OpenItems {
  taken_at: string
  incidents: Section<OpenCase>
  verification: Section<OpenCase>
  deadlines: Section<OpenCase>
  alerts: Section<AlertItem>
  silences: Section<Silence>
}

export interface HandoverItem {
  id: number
  created_at: string
  from_username: string
  to_username: string
  /** Codes of communes, or `*`. */
  areas: string[]
  note: string
  acceptance: { accepted_at: string; accepted_by: string; note: string } | null
}
export interface Handover extends HandoverItem {
  items: OpenItems
}

const alert = (code: string) => `/alerts/${encodeURIComponent(code)}`
export const getAlert = (code: string) => get<AlertDetail>(alert(code))
export const acknowledgeAlert = (code: string) => post<AlertDetail>(`${alert(code)}/acknowledge`)
export const getAlertOfIncident = (id: string) =>
  get<IncidentAlert>(`/incidents/${encodeURIComponent(id)}/alert`)

export const listPeople = () => get<{ items: Person[] }>('/people')

/** Those of a span of time; without one, those that have not ended. */
export const listShifts = (span: { from?: string; to?: string } = {}) =>
  get<{ items: Shift[] }>('/shifts', span)
export const addShift = (shift: NewShift) => post<Shift>('/shifts', shift)
/** One under way ends now, one to come is deleted. */
export const removeShift = (id: number) => del<null>(`/shifts/${id}`)

export const listContacts = () => get<{ items: Contact[]; channels: string[] }>('/contacts')
export const addContact = (contact: Omit<Contact, 'id'>) => post<Contact>('/contacts', contact)
export const removeContact = (id: number) => del<null>(`/contacts/${id}`)

/** Those in force, and the rules that cannot be silenced. */
export const listSilences = () => get<{ items: Silence[]; never: string[] }>('/silences')
export const addSilence = (silence: NewSilence) => post<Silence>('/silences', silence)
export const endSilence = (id: number) => del<Silence>(`/silences/${id}`)

export const listOpenItems = () => get<OpenItems>('/handovers/open-items')
export const listHandovers = (before: number | null = null) =>
  get<{ items: HandoverItem[]; next_cursor: number | null }>('/handovers', { before })
export const listWaitingHandovers = () => get<{ items: HandoverItem[] }>('/handovers/waiting')
export const getHandover = (id: number) => get<Handover>(`/handovers/${id}`)
export const handOver = (to_username: string, note: string) =>
  post<Handover>('/handovers', { to_username, note })
export const acceptHandover = (id: number, note: string) =>
  post<Handover>(`/handovers/${id}/accept`, { note })
