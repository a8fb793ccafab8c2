/** All that the live map and its list show, from what the centre tells and a filter. */
import { type Ref, computed, onMounted, shallowRef, watch } from 'vue'
import { loadPlaces } from '@/state/places'
import { useBoxes } from '@/state/useBoxes'
import { useCalm } from '@/state/useCalm'
import {
  type MapFilter,
  type MapPoint,
  type View,
  camerasOf,
  illCameras,
  matches,
  perArea,
  placed,
  postsOf,
  within,
} from './points'
import { usePoints } from './usePoints'

/** How often the screen follows the boxes' heartbeats, in milliseconds. */
const BOX_PACE_MS = 1000

export type Selected = { kind: 'incident'; id: string } | { kind: 'post'; key: string } | null

export function useLiveMap(filter: Ref<MapFilter>) {
  const loaded = usePoints(() => ({ hours: filter.value.hours, done: filter.value.done }))
  const fleet = useBoxes()
  const boxes = useCalm(() => fleet.value.value ?? [], BOX_PACE_MS)
  const cameras = computed(() => camerasOf(boxes.value))

  const wanted = computed(() => loaded.points.value.filter((one) => matches(one, filter.value)))
  const divided = computed(() => placed(wanted.value, cameras.value))
  const counts = computed(() => {
    const anywhere = { ...filter.value, area_code: '' }
    return perArea(loaded.points.value.filter((one) => matches(one, anywhere)))
  })
  const everyPost = useCalm(
    () => postsOf(boxes.value, illCameras(loaded.points.value)),
    BOX_PACE_MS,
  )
  const posts = computed(() => {
    const { cameras: showCameras, boxes: showBoxes, area_code } = filter.value
    return everyPost.value.filter(
      (post) =>
        (post.kind === 'camera' ? showCameras : showBoxes) &&
        (!area_code || post.areas.includes(area_code)),
    )
  })

  const view = shallowRef<View | null>(null)
  /** Incidents of one place that are listed in place of what is in view. */
  const gathered = shallowRef<{ ids: ReadonlySet<string>; name: string } | null>(null)
  const listed = computed<MapPoint[]>(() => {
    const { located } = divided.value
    const only = gathered.value?.ids
    if (only) return wanted.value.filter((point) => only.has(point.incident_id))
    return located.filter((point) => within(point.location, view.value))
  })

  const selected = shallowRef<Selected>(null)
  const incidentId = computed(() => (selected.value?.kind === 'incident' ? selected.value.id : ''))
  const post = computed(() => {
    const of = selected.value
    return of?.kind === 'post'
      ? (everyPost.value.find((each) => each.key === of.key) ?? null)
      : null
  })
  const pin = computed(() => {
    if (post.value) return post.value.location
    const one = divided.value.located.find((point) => point.incident_id === incidentId.value)
    return one?.location ?? null
  })

  function gather(ids: readonly string[], name: string): void {
    gathered.value = { ids: new Set(ids), name }
  }
  /** List what is in view again. */
  function ungather(): void {
    gathered.value = null
  }
  function select(id: string): void {
    selected.value = { kind: 'incident', id }
  }
  function selectPost(key: string): void {
    selected.value = { kind: 'post', key }
  }
  /** The map shows another piece of the province. */
  function look(at: View): void {
    view.value = at
  }
  /** Select the one before or after; without a selection the first. */
  function step(by: 1 | -1): void {
    const at = listed.value.findIndex((point) => point.incident_id === incidentId.value)
    const to = Math.min(Math.max(0, at < 0 ? 0 : at + by), listed.value.length - 1)
    const next = listed.value[to]
    if (next) select(next.incident_id)
  }
  // Another filter asks another question: what one place held is no answer to it.
  watch(filter, ungather)
  onMounted(() => void loadPlaces())

  return {
    ...{ loaded, boxes, cameras, wanted, divided, counts, posts, everyPost },
    ...{ view, gathered, listed, selected, incidentId, post, pin },
    ...{ gather, ungather, select, selectPost, look, step },
  }
}
