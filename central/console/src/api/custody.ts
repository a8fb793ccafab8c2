/** Custody of evidence: integrity, holds, chains of boxes, retention and records of deletion. */
import { API, type Page, del, get, getFile, post, withQuery } from './client'
import type { Box } from './fleet'
import type { IncidentItem } from './incidents'

export interface Fault {
  code: 'manifest' | 'hash' | 'disputed' | 'damaged' | 'other_incident'
  evidence_id: string
  /** For an expert, in English. */
  text: string
}

export interface Integrity {
  state: 'verified' | 'waiting' | 'broken' | 'unsigned'
  faults: Fault[]
  /** Ids of files on their way, or not covered by a manifest yet. */
  waiting: string[]
  public_key: string
  signed_at: string | null
}

export interface Hold {
  placed_at: string
  placed_by: string
  reason: string
  released_at: string | null
  released_by: string
  release_reason: string
}

export interface Chain {
  state: 'ok' | 'key_changed' | 'bad_signature' | 'went_back' | 'forked'
  state_since: string
  length: number
  signed_at: string | null
  public_key: string
  pinned_at: string
  pinned_by: string
  /** Another key that the box uses now; empty while it uses the pinned one. */
  proposed_key: string
}

export interface DeletionRecord {
  seq: number
  at: string
  rule: string
  days: number
  incidents: number
  files: number
  size_bytes: number
  sha256: string
}

export interface Retention {
  rules: { name: string; days: number }[]
  due: number
  held: number
  public_key: string
}

/** What the centre itself has lost since it started, by name. */
export interface CentreLoss {
  code: string
  count: number
}

const incident = (id: string) => `/incidents/${encodeURIComponent(id)}`

export const placeHold = (id: string, reason: string) =>
  post<IncidentItem>(`${incident(id)}/hold`, { reason })
export const releaseHold = (id: string, reason: string) =>
  del<IncidentItem>(withQuery(`${incident(id)}/hold`, { reason }))
/** Address of an evidence package; the browser downloads it, the centre records why. */
export const exportUrl = (id: string, purpose: string) =>
  API + withQuery(`${incident(id)}/export`, { purpose })
/** The sheet about an incident as PDF, in one language; the centre records why. */
export const getSheet = (id: string, purpose: string, locale: string) =>
  getFile(`${incident(id)}/sheet`, { purpose, locale })
export const acceptChain = (box: string, reason: string) =>
  post<Box>(`/boxes/${encodeURIComponent(box)}/chain/accept`, { reason })
export const getRetention = () => get<Retention>('/retention')
export const listDeletions = (cursor: string | null) =>
  get<Page<DeletionRecord>>('/deletions', { cursor })
export const listCentreLosses = () => get<Page<CentreLoss>>('/losses')
export const deletionUrl = (seq: number) => `${API}/deletions/${seq}`
export const LEDGER_URL = `${API}/deletions/ledger.jsonl`
export const CHECKPOINT_URL = `${API}/deletions/checkpoint.json`
