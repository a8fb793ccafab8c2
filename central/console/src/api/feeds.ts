/** Feeds of figures: webhooks, uploaded tables and what became of each delivery. */
import { API, type Page, get, post, upload, withQuery } from './client'
import type { Freshness } from './indicators'

export interface Feed {
  code: string
  name: string
  /** The only component it may write to; null for all but the traffic component. */
  component: string | null
  created_at: string
  created_by: string
  last_delivery_at: string | null
  last_accepted: number | null
  last_rejected: number | null
  /** The example generator's feed. */
  example: boolean
  /** `missing`: no present figure rests on it. */
  freshness: Freshness
  stale_since: string | null
  indicator_count: number
  stale_count: number
}

/** The only time a secret is ever shown. */
export interface FeedSecret {
  code: string
  secret: string
}

export interface RejectedRow {
  /** Line of the file, or place in the list of records, from 1. */
  row: number
  column: string
  value: string
  message_vi: string
  message_en: string
}

export interface DeliveryResult {
  /** Null for a dry run. */
  delivery_id: number | null
  dry_run: boolean
  accepted: number
  stored: number
  corrected: number
  unchanged: number
  rejected: RejectedRow[]
}

export interface Delivery {
  delivery_id: number
  feed: string
  kind: 'webhook' | 'upload'
  file_name: string | null
  actor: string | null
  received_at: string
  sha256: string
  accepted: number
  rejected: number
}

export interface DeliveryDetail extends Delivery {
  stored: number
  corrected: number
  unchanged: number
  /** At most the first 200. */
  rejections: RejectedRow[]
}

const feed = (code: string) => `/feeds/${encodeURIComponent(code)}`

export const listFeeds = () => get<Page<Feed>>('/feeds')
export const registerFeed = (code: string, name: string, component: string | null) =>
  post<FeedSecret>('/feeds', { code, name, component })
export const renewSecret = (code: string) => post<FeedSecret>(`${feed(code)}/secret`)
export const listDeliveries = (code: string, cursor: string | null) =>
  get<Page<Delivery>>(`${feed(code)}/deliveries`, { cursor })
export const getDelivery = (code: string, id: number) =>
  get<DeliveryDetail>(`${feed(code)}/deliveries/${id}`)

/** Send a table; with `dryRun` the centre only says what would become of each row. */
export function uploadTable(
  code: string,
  table: File,
  dryRun: boolean,
  progress: (ratio: number) => void,
): Promise<DeliveryResult> {
  const form = new FormData()
  form.set('file', table, table.name)
  return upload<DeliveryResult>(
    withQuery(`${feed(code)}/upload`, { dry_run: dryRun }),
    form,
    progress,
  )
}

/** Where the table to fill in is downloaded. */
export const templateUrl = (component: string | null) =>
  API + withQuery('/feeds/template.csv', { component })
/** Where another system sends its figures. */
export const webhookUrl = (code: string) => `${window.location.origin}${API}${feed(code)}/webhook`
