/** What an auditor looks for, as a form, an address and a request. Pure. */
import type { AuditFilter } from '@/api/audit'
import { dayEnd, dayStart } from '@/format'

/** `from` and `to` are Vietnamese days, `yyyy-mm-dd`, both included. */
export const NO_AUDIT_FILTER: AuditFilter = {
  actor: '',
  action: '',
  object_kind: '',
  object_id: '',
  from: '',
  to: '',
}
const KEYS = Object.keys(NO_AUDIT_FILTER) as (keyof AuditFilter)[]

/** The filter as the centre takes it. */
export function toRequest(filter: AuditFilter): AuditFilter {
  const trimmed = Object.fromEntries(KEYS.map((key) => [key, filter[key].trim()]))
  return {
    ...NO_AUDIT_FILTER,
    ...trimmed,
    from: filter.from && dayStart(filter.from).toISOString(),
    to: filter.to && dayEnd(filter.to).toISOString(),
  }
}

/** The filter as part of the address, empty fields left out. */
export function toQuery(filter: AuditFilter): Record<string, string> {
  return Object.fromEntries(KEYS.filter((key) => filter[key]).map((key) => [key, filter[key]]))
}

/** The filter an address asks for; what is not understood is left empty. */
export function fromQuery(query: Record<string, unknown>): AuditFilter {
  const text = (key: keyof AuditFilter) => (typeof query[key] === 'string' ? query[key] : '')
  const day = (key: 'from' | 'to') => (/^\d{4}-\d{2}-\d{2}$/.test(text(key)) ? text(key) : '')
  const found = Object.fromEntries(KEYS.map((key) => [key, text(key)]))
  return { ...NO_AUDIT_FILTER, ...found, from: day('from'), to: day('to') }
}
