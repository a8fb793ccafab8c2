/** Things to test with: complete and valid, each field may be set. */
import type { AlertItem } from '@/api/alerts'
import type { Box, CameraItem } from '@/api/fleet'
import type { Evidence, IncidentDetail, IncidentItem } from '@/api/incidents'
import { pointOf } from '@/api/map'
import type { MapPoint } from '@/map/points'

export function incident(change: Partial<IncidentItem> = {}): IncidentItem {
  return {
    incident_id: 'i-1',
    revision: 1,
    phase: 'opened',
    rule: 'red_light',
    code: 'VP_DEN_DO',
    name_vi: 'Không chấp hành đèn tín hiệu',
    name_en: 'Red light',
    incident_class: 'violation',
    severity: 'high',
    status: 'new',
    stage: 'detected',
    camera_id: 'cam-1',
    camera_name: 'Quang Trung – Lê Mao',
    box_id: 'vinh-01',
    area_code: '16681',
    occurred_at: '2026-11-23T03:00:00Z',
    decided_at: '2026-11-23T03:00:01Z',
    ended_at: null,
    received_at: '2026-11-23T03:00:01.200Z',
    acknowledged_at: null,
    confidence: 0.8,
    object_class: 'motorcycle',
    place: 'vach-dung',
    level: 0,
    location: [18.67, 105.68],
    thumbnail_url: null,
    clip_ready: false,
    historical: false,
    time_trust: 'trusted',
    held: false,
    cleared_at: null,
    merged_into: null,
    due_at: null,
    second_look: null,
    version: 1,
    ...change,
  }
}

export function evidence(change: Partial<Evidence> = {}): Evidence {
  return {
    evidence_id: 'e-1',
    kind: 'clip',
    media_type: 'video/mp4',
    label: '',
    sha256: 'a'.repeat(64),
    size_bytes: 1000,
    state: 'stored',
    received_bytes: 1000,
    url: '/api/v1/evidence/e-1',
    playable: true,
    start_clip_s: 0,
    starts_at: '2026-11-23T02:59:54Z',
    ends_at: null,
    codec: 'h264',
    deleted_at: null,
    ...change,
  }
}

export function detail(change: Partial<IncidentDetail> = {}): IncidentDetail {
  return {
    ...incident(),
    clip_s: 6,
    decided_clip_s: 7,
    boxes: [],
    frame_size_px: [640, 480],
    signal_log: [],
    model: { name: 'deimv2', version: '1.0.0', sha256: null },
    software_version: '0.1.0',
    scene_version: 'abc',
    legal_source: 'B',
    time_source: 'rtcp',
    clock_offset_s: 0.02,
    location_error_m: null,
    speed_kmh: null,
    speed_error_kmh: null,
    queue_m: null,
    speed_refused: '',
    evidence_missing: '',
    integrity: {
      state: 'verified',
      faults: [],
      waiting: [],
      public_key: 'k',
      signed_at: '2026-11-23T03:00:20Z',
    },
    holds: [],
    held_on_box: false,
    evidence: [],
    events: [],
    revisions: [],
    findings: null,
    legal: { object_class: 'motorbike', offence: null, route: null, deadlines: [] },
    requirements: [],
    merged: [],
    may_teach: false,
    taught_until: null,
    ...change,
  }
}

export function camera(change: Partial<CameraItem> = {}): CameraItem {
  return {
    camera_id: 'cam-1',
    name: 'Quang Trung – Lê Mao',
    status: 'online',
    since: '2026-11-23T00:00:00Z',
    reason: '',
    last_frame_at: '2026-11-23T03:00:00Z',
    codec: 'h264',
    width_px: 1280,
    height_px: 720,
    fps: 25,
    processed_fps: 8,
    frames_dropped: 0,
    reconnects: 0,
    location: [18.67, 105.68],
    heading_deg: null,
    area_code: '16681',
    road: '',
    rules: ['red_light'],
    clock_offset_s: null,
    box_id: 'vinh-01',
    box_name: 'Vinh 01',
    box_status: 'online',
    ...change,
  }
}

export function box(change: Partial<Box> = {}): Box {
  return {
    box_id: 'vinh-01',
    name: 'Vinh 01',
    status: 'online',
    since: '2026-11-23T00:00:00Z',
    last_seen_at: '2026-11-23T03:00:00Z',
    registered_at: '2026-11-01T00:00:00Z',
    software_version: '0.1.0',
    outbox_depth: 0,
    oldest_unsent_at: null,
    disk_free_bytes: 1e9,
    memory_bytes: 1e8,
    counters: {},
    cameras: [camera()],
    desired: null,
    active: null,
    rollout_phase: null,
    rollout_reason: '',
    rollout_progress: 0,
    alarms: [],
    clock_synchronised: true,
    video_bytes: null,
    held_bytes: null,
    chain: null,
    suspensions: [],
    ...change,
  }
}

export function point(change: Partial<MapPoint> = {}): MapPoint {
  const { occurred_at = '2026-11-23T03:00:00Z' } = change
  return { ...pointOf(incident({ occurred_at })), at: Date.parse(occurred_at), ...change }
}

export function alert(change: Partial<AlertItem> = {}): AlertItem {
  return {
    code: 'A1B2C3D4',
    rule: 'crash',
    name_vi: 'Tai nạn giao thông',
    name_en: 'Crash',
    severity: 'critical',
    area_code: '16681',
    camera_id: 'cam-1',
    opened_at: '2026-11-23T03:00:00Z',
    last_at: '2026-11-23T03:00:00Z',
    incidents: 1,
    status: 'open',
    step: 0,
    escalate_at: null,
    acknowledged_by: null,
    acknowledged_at: null,
    ...change,
  }
}
