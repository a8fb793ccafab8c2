/** The officer's page: what concerns one now, what the phone reports, and whether it rings. */
import type { AlertItem } from './alerts'
import { del, get, put, withQuery } from './client'
import type { IncidentItem } from './incidents'

export interface BoardAlert extends AlertItem {
  /** Its newest incidents. */
  news: IncidentItem[]
}

export interface Board {
  /** When the centre said so. */
  at: string
  /** Null: not on call. */
  on_call_until: string | null
  alerts: BoardAlert[]
  mine: IncidentItem[]
  /** Code → name of the communes in it. */
  areas: Record<string, string>
}

export interface ReportAnswer {
  incident: IncidentItem
  /** It had come before; nothing was done again. */
  repeated: boolean
}

export interface FieldReport {
  kind: 'acknowledge' | 'arrive' | 'note'
  /** The version the officer saw. */
  version: number
  /** By the phone's clock. */
  made_at: string
  note: string
}

export interface PushState {
  available: boolean
  public_key: string
  /** Whether this browser rings. */
  subscribed: boolean
}

const of = (incidentId: string, what: string, key: string) =>
  `/incidents/${encodeURIComponent(incidentId)}/${what}/${key}`

export const getBoard = (code: string) => get<Board>('/field/board', { code })
/** Send a report under its own key: sent again it counts once. */
export const putReport = (incidentId: string, key: string, report: FieldReport) =>
  put<ReportAnswer>(of(incidentId, 'reports', key), report)
/** Send a photo; `photo` is a JPEG and `told.sha256` its hash. */
export const putPhoto = (
  incidentId: string,
  key: string,
  told: { made_at: string; sha256: string; note: string },
  photo: Blob,
) => put<ReportAnswer>(withQuery(of(incidentId, 'photos', key), told), photo)

export const getPush = () => get<PushState>('/push')
export const putSubscription = (subscription: PushSubscriptionJSON) =>
  put<null>('/push/subscription', { endpoint: subscription.endpoint, keys: subscription.keys })
export const dropSubscription = () => del<null>('/push/subscription')
