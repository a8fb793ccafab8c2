/** All that the wall shows, kept true for days without a hand: every list is bounded and heals. */
import { computed } from 'vue'
import { PROVINCE, listIndicators } from '@/api/indicators'
import { hasProblem, urgency } from '@/fleet'
import { OURS } from '@/ioc/figures'
import { useFigures } from '@/ioc/useFigures'
import { type MapPoint, camerasOf, illCameras, placed, postsOf } from '@/map/points'
import { usePoints } from '@/map/usePoints'
import { useBoxes } from '@/state/useBoxes'
import { useCalm } from '@/state/useCalm'
import { useRepeat } from '@/state/useRepeat'

/** What the wall looks back on, in hours. */
export const HOURS = 24
/** Severe incidents that are shown, with a number on the map and a picture. */
export const SHOWN = 6
/** The key figures of our own component, in the order in which they stand. */
export const KEY_FIGURES: readonly string[] = [
  'traffic.violations',
  'traffic.road_incidents',
  'traffic.cameras_online',
  'traffic.response_time',
  'traffic.confirmed_share',
  'traffic.vehicle_flow',
  'traffic.mean_speed',
  'traffic.accidents',
  'traffic.deaths',
]
/** Lists that nobody told of a change are asked for all the same, in seconds: long ones seldom. */
const HEAL_S = 60
const LONG_HEAL_S = 600
const BOX_PACE_MS = 2000

const isSevere = (point: MapPoint) => point.severity === 'critical' || point.severity === 'high'

export function useWall() {
  const loaded = usePoints(() => ({ hours: HOURS, done: false }))
  const fleet = useBoxes()
  const boxes = useCalm(() => fleet.value.value ?? [], BOX_PACE_MS)
  const traffic = useFigures(
    () => listIndicators(OURS, PROVINCE),
    () => OURS,
  )
  useRepeat(() => void fleet.load(), LONG_HEAL_S)
  useRepeat(() => void traffic.load(), HEAL_S)
  useRepeat(() => void loaded.load(), LONG_HEAL_S)

  const cameras = computed(() => camerasOf(boxes.value))
  const incidents = computed(() => placed(loaded.points.value, cameras.value).located)
  const posts = useCalm(() => postsOf(boxes.value, illCameras(loaded.points.value)), BOX_PACE_MS)
  const severe = computed(() => loaded.points.value.filter(isSevere))
  const figures = computed(() => {
    const known = new Map(traffic.value.value?.items.map((item) => [item.code, item] as const))
    return KEY_FIGURES.flatMap((code) => known.get(code) ?? [])
  })
  const health = computed(() => {
    const registered = boxes.value.filter((box) => box.status !== 'never_seen')
    const waiting = registered.flatMap((box) => box.oldest_unsent_at ?? [])
    return {
      boxes: registered.length,
      boxesWell: registered.filter((box) => box.status === 'online').length,
      cameras: cameras.value.size,
      camerasWell: [...cameras.value.values()].filter(({ status }) => status === 'online').length,
      unsent: registered.reduce((sum, box) => sum + box.outbox_depth, 0),
      oldest: waiting.sort()[0] ?? null,
      alarmed: registered.filter((box) => box.alarms.length).length,
      troubled: registered.filter(hasProblem).sort((a, b) => urgency(b) - urgency(a)),
    }
  })

  return {
    ...{ cameras, incidents, posts, figures, health },
    /** How many are open. */
    open: computed(() => loaded.points.value.length),
    severe,
    newest: computed(() => severe.value.slice(0, SHOWN)),
    failed: computed(() => loaded.error.value ?? fleet.error.value ?? traffic.error.value),
  }
}
