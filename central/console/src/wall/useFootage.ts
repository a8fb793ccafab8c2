/** The pictures of a few incidents: each asked for once, and again when there is more to see. */
import { onScopeDispose, shallowRef, watch } from 'vue'
import { type IncidentDetail, getIncident } from '@/api/incidents'
import type { IncidentPoint } from '@/api/map'
import { footage } from '@/incident/evidence'
import { asApiError } from '@/incident/useQueue'
import { useRepeat } from '@/state/useRepeat'

/** How often an incident without a clip is asked again, in seconds. */
const AGAIN_S = 60

/** What an answer was about: while it is the same, there is nothing new to see. */
const versionOf = (point: IncidentPoint): string =>
  [point.incident_id, point.revision, point.version, point.clip_ready].join()

/** `wanted`: the incidents on screen, few; what is wanted no more is forgotten. */
export function useFootage(wanted: () => readonly IncidentPoint[]) {
  const shown = shallowRef<readonly IncidentDetail[]>([])
  const kept = new Map<string, { detail: IncidentDetail; version: string }>()
  let running = false
  let over = false

  const isNew = (point: IncidentPoint) => kept.get(point.incident_id)?.version !== versionOf(point)
  const lacksClip = (point: IncidentPoint) => {
    const known = kept.get(point.incident_id)
    return isNew(point) || !known || footage(known.detail).play === null
  }

  async function ask(point: IncidentPoint): Promise<void> {
    try {
      const detail = await getIncident(point.incident_id)
      kept.set(point.incident_id, { detail, version: versionOf(point) })
    } catch (failure) {
      asApiError(failure) // out of reach now: asked again with the next change or minute
    }
  }
  /** Ask one after the other, each once; what comes to be wanted meanwhile is asked for too. */
  async function follow(lacking: (point: IncidentPoint) => boolean): Promise<void> {
    if (running) return
    running = true
    const tried = new Set<string>()
    const next = () => wanted().find((point) => lacking(point) && !tried.has(versionOf(point)))
    try {
      for (let point = next(); point && !over; point = next()) {
        tried.add(versionOf(point))
        await ask(point)
      }
    } finally {
      running = false
    }
    publish()
  }
  function publish(): void {
    const ids = new Set(wanted().map((point) => point.incident_id))
    for (const id of kept.keys()) if (!ids.has(id)) kept.delete(id)
    shown.value = wanted().flatMap((point) => kept.get(point.incident_id)?.detail ?? [])
  }

  watch(
    () => wanted().map(versionOf).join(' '),
    () => void follow(isNew),
    { immediate: true },
  )
  useRepeat(() => void follow(lacksClip), AGAIN_S)
  onScopeDispose(() => (over = true))
  return shown
}
