/** Boxes, cameras and the models they run. */
import { type Page, del, get, post, put, upload } from './client'
import type { Chain } from './custody'
import type { LatLon, ModelRef } from './incidents'

export interface CameraState {
  camera_id: string
  name: string
  status: 'online' | 'connecting' | 'offline'
  since: string
  reason: string
  last_frame_at: string | null
  codec: string
  width_px: number
  height_px: number
  fps: number
  processed_fps: number
  frames_dropped: number
  reconnects: number
  location: LatLon | null
  heading_deg: number | null
  area_code: string
  road: string
  rules: string[]
  /** The camera's clock minus the box's, seconds. */
  clock_offset_s: number | null
}

export type BoxStatus = 'online' | 'offline' | 'never_seen'

export interface CameraItem extends CameraState {
  box_id: string
  box_name: string
  box_status: BoxStatus
}

export type RolloutPhase =
  'downloading' | 'verifying' | 'warming_up' | 'testing' | 'active' | 'kept_old'

export interface Box {
  box_id: string
  name: string
  status: BoxStatus
  since: string
  last_seen_at: string | null
  registered_at: string
  software_version: string
  outbox_depth: number
  oldest_unsent_at: string | null
  disk_free_bytes: number | null
  memory_bytes: number | null
  counters: Record<string, number>
  cameras: CameraItem[]
  desired: { name: string; version: string } | null
  active: ModelRef | null
  rollout_phase: RolloutPhase | null
  rollout_reason: string
  /** 0..1 */
  rollout_progress: number
  alarms: Alarm[]
  /** Whether the box's own clock is held by NTP; null when it cannot say. */
  clock_synchronised: boolean | null
  video_bytes: number | null
  held_bytes: number | null
  /** Null for boxes of a release without a key. */
  chain: Chain | null
  suspensions: Suspension[]
}

/** A rule that rests by order, as the box last told. */
export interface Suspension {
  camera_id: string
  rule: string
  until: string
  reason: string
  author: string
}

export interface Alarm {
  code: string
  since: string
}

export interface ModelVersion {
  name: string
  version: string
  family: string
  size_bytes: number
  sha256: string
  licence: string
  source: string
  classes: string[]
  input_size_px: [number, number]
  uploaded_at: string
  uploaded_by: string
  signed: boolean
  in_use_by: string[]
}

/** The only time a secret is ever shown. */
export interface BoxToken {
  box_id: string
  token: string
}

const box = (id: string) => `/boxes/${encodeURIComponent(id)}`

export const listBoxes = () => get<Page<Box>>('/boxes')
export const listCameras = () => get<Page<CameraItem>>('/cameras')
export const registerBox = (box_id: string, name: string) =>
  post<BoxToken>('/boxes', { box_id, name })
export const renewToken = (id: string) => post<BoxToken>(`${box(id)}/token`)
export const deleteBox = (id: string) => del<null>(box(id))
const suspensions = (camera: CameraItem) =>
  `${box(camera.box_id)}/cameras/${encodeURIComponent(camera.camera_id)}/suspensions`
/** Let rules rest while an officer directs the traffic; the box tells when they do. */
export const suspendRules = (
  camera: CameraItem,
  order: { rules: string[]; minutes: number; reason: string },
) => post<null>(suspensions(camera), order)
export const resumeRules = (camera: CameraItem, rules: string[], reason: string) =>
  post<null>(`${suspensions(camera)}/end`, { rules, reason })
export const assignModel = (id: string, name: string, version: string) =>
  put<{ name: string; version: string }>(`${box(id)}/assignment`, { name, version })
export const unassignModel = (id: string) => del<null>(`${box(id)}/assignment`)

/** What a box must pin to trust this centre's models: the raw Ed25519 key in base64. */
export const getTrust = () => get<{ public_key: string }>('/trust')
export const listModels = () => get<Page<ModelVersion>>('/models')
export const uploadModel = (form: FormData, progress: (ratio: number) => void) =>
  upload<ModelVersion>('/models', form, progress)
