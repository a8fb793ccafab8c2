/** Components, indicators and feeds to test with: complete and valid, each field may be set. */
import type { Feed } from '@/api/feeds'
import type {
  ComponentItem,
  IndicatorDetail,
  IndicatorItem,
  IndicatorRecord,
  IndicatorValue,
} from '@/api/indicators'

export function value(change: Partial<IndicatorValue> = {}): IndicatorValue {
  return {
    value: 12,
    period_start: '2026-11-21T17:00:00Z',
    period_end: '2026-11-22T17:00:00Z',
    received_at: '2026-11-23T01:00:00Z',
    source: 'y-te',
    quality: 'ok',
    example: false,
    coverage: null,
    ...change,
  }
}

export function indicator(change: Partial<IndicatorItem> = {}): IndicatorItem {
  return {
    code: 'health.infectious_cases',
    name_vi: 'Ca bệnh truyền nhiễm',
    name_en: 'Infectious disease cases',
    unit_vi: 'ca',
    unit_en: 'cases',
    component: 'health',
    period: 'day',
    kind: 'sum',
    origin: 'feed',
    area_level: 'commune',
    decimals: 0,
    better: 'down',
    note_vi: '',
    note_en: '',
    area_code: '40',
    latest: value(),
    trend: [],
    freshness: 'fresh',
    stale_since: null,
    ...change,
  }
}

export const indicatorDetail = (change: Partial<IndicatorDetail> = {}): IndicatorDetail => ({
  ...indicator(),
  series: [],
  ...change,
})

export function component(change: Partial<ComponentItem> = {}): ComponentItem {
  return {
    code: 'health',
    name_vi: 'Y tế',
    name_en: 'Health',
    order: 4,
    indicator_count: 8,
    fresh_count: 8,
    stale_count: 0,
    missing_count: 0,
    example: false,
    headline: [indicator()],
    ...change,
  }
}

export function indicatorRecord(change: Partial<IndicatorRecord> = {}): IndicatorRecord {
  return {
    kind: 'webhook',
    record_id: '1',
    area_code: '16690',
    period_start: '2026-11-21T17:00:00Z',
    value: 5,
    raw_value: '5',
    quality: 'ok',
    source: 'y-te',
    received_at: '2026-11-23T01:00:00Z',
    superseded_at: null,
    delivery_id: 3,
    row_number: 2,
    file_name: null,
    actor: null,
    incident_id: null,
    box_id: null,
    camera_id: null,
    occurred_at: null,
    label: '',
    label_en: '',
    ...change,
  }
}

export function feed(change: Partial<Feed> = {}): Feed {
  return {
    code: 'y-te',
    name: 'Sở Y tế',
    component: 'health',
    created_at: '2026-11-01T00:00:00Z',
    created_by: 'admin',
    last_delivery_at: null,
    last_accepted: null,
    last_rejected: null,
    example: false,
    freshness: 'missing',
    stale_since: null,
    indicator_count: 0,
    stale_count: 0,
    ...change,
  }
}
