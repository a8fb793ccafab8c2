/** The audit log as auditors read it. */
import { API, type Page, get, post, withQuery } from './client'

export interface AuditLine {
  id: number
  at: string
  actor: string
  action: string
  object_kind: string
  object_id: string
  detail: Record<string, unknown>
  sha256: string
}

export interface AuditCheck {
  id: number
  requested_at: string
  requested_by: string
  /** Null while it waits or is under way. */
  finished_at: string | null
  lines: number
  checkpoints: number
  events: number
  fault_count: number
  /** The first of them, for an expert, in English. */
  faults: string[]
}

export interface AuditState {
  lines: number
  head: { line: number; sha256: string; signed_at: string } | null
  last_check: AuditCheck | null
  next_check: AuditCheck | null
  actions: string[]
  object_kinds: string[]
}

export interface AuditFilter {
  actor: string
  action: string
  object_kind: string
  object_id: string
  from: string
  to: string
}

export const listAudit = (filter: Partial<AuditFilter>, cursor: string | null) =>
  get<Page<AuditLine>>('/audit', { ...filter, cursor })
export const getAuditState = () => get<AuditState>('/audit/state')
export const requestAuditCheck = () => post<AuditCheck>('/audit/checks')
/** Address of the table; the browser downloads it, the centre records why. */
export const auditExportUrl = (filter: Partial<AuditFilter>, purpose: string) =>
  API + withQuery('/audit/export', { ...filter, purpose })
