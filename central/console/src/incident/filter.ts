/**
 * What the queue shows: a filter as the operator thinks of it, and its three other forms (address,
 * request, test on one incident). Pure.
 */
import type { IncidentFilter, IncidentItem, ReviewStatus } from '@/api/incidents'
import { dayEnd, dayStart } from '@/format'

export type StatusGroup = 'open' | 'all' | ReviewStatus
export const STATUS_GROUPS: readonly StatusGroup[] = [
  'open',
  'new',
  'acknowledged',
  'confirmed',
  'rejected',
  'all',
]

export interface QueueFilter {
  status: StatusGroup
  rule: string
  camera_id: string
  area_code: string
  /** An incident's id or an alert's code. */
  code: string
  /** How a plate begins, as findings hold it. */
  plate: string
  /** Vietnamese days, `yyyy-mm-dd`, both included; empty for no limit. */
  from: string
  to: string
}

export const NO_FILTER: QueueFilter = {
  status: 'open',
  rule: '',
  camera_id: '',
  area_code: '',
  code: '',
  plate: '',
  from: '',
  to: '',
}

/** Statuses a group stands for; an empty list means every status. */
export function statusesOf(group: StatusGroup): readonly ReviewStatus[] {
  if (group === 'open') return ['new', 'acknowledged']
  return group === 'all' ? [] : [group]
}

/** The filter as the centre's list takes it. */
export function toRequest(filter: QueueFilter): Partial<IncidentFilter> {
  return {
    status: statusesOf(filter.status),
    rule: filter.rule,
    camera_id: filter.camera_id,
    area_code: filter.area_code,
    code: filter.code,
    plate: filter.plate,
    from: filter.from && dayStart(filter.from).toISOString(),
    to: filter.to && dayEnd(filter.to).toISOString(),
  }
}

/** The filter as part of the address, defaults left out. */
export function toQuery(filter: QueueFilter): Record<string, string> {
  const entries = Object.entries(filter) as [keyof QueueFilter, string][]
  return Object.fromEntries(entries.filter(([key, value]) => value !== NO_FILTER[key]))
}

/** The filter an address asks for; what it does not know is left at its default. */
export function fromQuery(query: Record<string, unknown>): QueueFilter {
  const text = (key: keyof QueueFilter) => (typeof query[key] === 'string' ? query[key] : '')
  const day = (key: 'from' | 'to') => (/^\d{4}-\d{2}-\d{2}$/.test(text(key)) ? text(key) : '')
  const status = text('status') as StatusGroup
  return {
    status: STATUS_GROUPS.includes(status) ? status : NO_FILTER.status,
    rule: text('rule'),
    camera_id: text('camera_id'),
    area_code: text('area_code'),
    code: text('code'),
    plate: platePart(text('plate')) ?? '',
    from: day('from'),
    to: day('to'),
  }
}

/** Whether an incident belongs on a list with this filter. */
export function matches(item: IncidentItem, filter: QueueFilter): boolean {
  const statuses = statusesOf(filter.status)
  const at = new Date(item.occurred_at)
  return (
    item.merged_into === null &&
    (statuses.length === 0 || (!item.second_look && statuses.includes(item.status))) &&
    (!filter.rule || item.rule === filter.rule) &&
    (!filter.camera_id || item.camera_id === filter.camera_id) &&
    (!filter.area_code || item.area_code === filter.area_code) &&
    (!filter.code || item.incident_id === filter.code) &&
    !filter.plate && // a row does not tell its plate
    (!filter.from || at >= dayStart(filter.from)) &&
    (!filter.to || at < dayEnd(filter.to))
  )
}

/** A part of a plate as findings hold it (`…123.45` is `12345`); empty for nothing, null: too short. */
export function platePart(text: string): string | null {
  const plate = text
    .replace(/[\s.…-]/g, '')
    .toUpperCase()
    .replace(/Đ/g, 'D')
  if (!plate) return ''
  return /^[A-Z0-9]{4,12}$/.test(plate) ? plate : null
}
