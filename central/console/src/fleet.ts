/** Words and colours for the health of boxes, cameras and rollouts. Pure. */
import type { Box, CameraState } from './api/fleet'

export type Tone = 'good' | 'medium' | 'critical' | ''

export const STATUS_TONE = {
  online: 'good',
  connecting: 'medium',
  offline: 'critical',
  never_seen: '',
} as const

export type RolloutStep = 'none' | 'in_step' | 'waiting' | 'moving' | 'kept_old'

/** Where a box stands on its way to the wanted model. */
export function rolloutStep(box: Pick<Box, 'desired' | 'active' | 'rollout_phase'>): RolloutStep {
  if (!box.desired) return 'none'
  const same = box.active?.name === box.desired.name && box.active.version === box.desired.version
  if (same) return 'in_step'
  if (box.rollout_phase === 'kept_old') return 'kept_old'
  // "active" for another version than the wanted one is old news: the box has not taken it up yet.
  return box.rollout_phase === null || box.rollout_phase === 'active' ? 'waiting' : 'moving'
}

/** Whether a technician should look at this box. */
export function hasProblem(box: Box): boolean {
  return (
    box.status !== 'online' ||
    box.cameras.some((camera) => camera.status !== 'online') ||
    box.outbox_depth > 100 ||
    box.alarms.length > 0 ||
    rolloutStep(box) === 'kept_old'
  )
}

/** Order for a technician: in trouble first, never connected last. */
export function urgency(box: Box): number {
  if (box.status === 'never_seen') return 0
  return hasProblem(box) ? 2 : 1
}

/** Share of the stream's frames that are analysed, or null where the stream's rate is unknown. */
export function analysedRatio(camera: Pick<CameraState, 'fps' | 'processed_fps'>): number | null {
  return camera.fps > 0 ? Math.min(1, camera.processed_fps / camera.fps) : null
}

/** Put one box into a list by its id (a new list, for shallow reactivity). */
export function replaced(boxes: readonly Box[], box: Box): Box[] {
  const known = boxes.some((entry) => entry.box_id === box.box_id)
  if (!known) return [...boxes, box]
  return boxes.map((entry) => (entry.box_id === box.box_id ? box : entry))
}
