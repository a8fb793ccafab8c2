/** Alerts, shifts and handovers to test with: complete and valid, each field may be set. */
import type {
  AlertDelivery,
  AlertDetail,
  HandoverItem,
  OpenCase,
  OpenItems,
  Silence,
} from '@/api/duty'
import { alert } from './builders'

export function delivery(change: Partial<AlertDelivery> = {}): AlertDelivery {
  return {
    step: 0,
    username: 'an',
    channel: 'sms',
    state: 'sent',
    tries: 1,
    created_at: '2026-11-23T03:00:00Z',
    next_try_at: null,
    sent_at: '2026-11-23T03:00:01Z',
    error: '',
    ...change,
  }
}

export const alertDetail = (change: Partial<AlertDetail> = {}): AlertDetail => ({
  ...alert({ code: 'K7M2QX', rule: 'wrong_way', name_vi: 'Đi ngược chiều', name_en: 'Wrong way' }),
  escalate_at: '2026-11-23T03:01:00Z',
  incident_ids: ['i-1'],
  events: [],
  deliveries: [],
  ...change,
})

export function silence(change: Partial<Silence> = {}): Silence {
  return {
    id: 1,
    rule: 'congestion',
    camera_id: '',
    area_code: '16681',
    reason: 'Lễ hội',
    expires_at: '2026-11-23T09:00:00Z',
    author: 'an',
    created_at: '2026-11-23T03:00:00Z',
    ended_at: null,
    ended_by: null,
    ...change,
  }
}

export function openCase(change: Partial<OpenCase> = {}): OpenCase {
  return {
    incident_id: 'i-1',
    rule: 'obstacle',
    name_vi: 'Vật cản trên đường',
    name_en: 'Obstacle',
    severity: 'high',
    stage: 'on_scene',
    area_code: '16681',
    camera_id: 'cam-1',
    occurred_at: '2026-11-23T03:00:00Z',
    due_at: null,
    ...change,
  }
}

export function openItems(change: Partial<OpenItems> = {}): OpenItems {
  const none = { total: 0, items: [] }
  return {
    taken_at: '2026-11-23T03:00:00Z',
    incidents: none,
    verification: none,
    deadlines: none,
    alerts: none,
    silences: none,
    ...change,
  }
}

export function handoverItem(change: Partial<HandoverItem> = {}): HandoverItem {
  return {
    id: 1,
    created_at: '2026-11-23T03:00:00Z',
    from_username: 'an',
    to_username: 'binh',
    areas: ['*'],
    note: 'Đèn ngã tư nhấp nháy.',
    acceptance: null,
    ...change,
  }
}
