/** The incidents of the map: loaded for a window of time, kept true by live events. */
import { type WatchSource, computed, ref, shallowRef, watch } from 'vue'
import type { ApiError } from '@/api/client'
import type { IncidentItem } from '@/api/incidents'
import { type IncidentPoint, listPoints, pointOf } from '@/api/map'
import { supersedes } from '@/incident/queue'
import { asApiError } from '@/incident/useQueue'
import { useCalm } from '@/state/useCalm'
import { useLive } from '@/state/useLive'
import { useRepeat } from '@/state/useRepeat'
import { type MapPoint, isDone } from './points'

/** Points kept; the oldest leave when more arrive. */
export const MAX_POINTS = 20_000
/** How often the screen follows what arrives, in milliseconds. */
const PACE_MS = 400
/** How often points that have grown too old leave, in seconds. */
const SWEEP_S = 30

export interface Window {
  hours: number
  /** Also what is settled. */
  done: boolean
}

/** `window` says which incidents; a change asks the centre again. */
export function usePoints(window: () => Window) {
  const kept = new Map<string, MapPoint>()
  const changes = ref(0)
  const pace = useCalm(() => changes.value, PACE_MS)
  const loading = ref(false)
  const error = shallowRef<ApiError | null>(null)
  /** When the list on screen was loaded. */
  const loadedAt = shallowRef<Date | null>(null)
  /** How many the centre had more than it sent. */
  const cut = ref(0)
  /** Where the window began when it was loaded: the centre's clock then, this computer's ticks. */
  let since = { at: -Infinity, tick: 0 }
  let early: IncidentItem[] = []
  let round = 0

  const points = computed<MapPoint[]>(() => {
    void pace.value
    return [...kept.values()].sort((a, b) => b.at - a.at)
  })

  function keep(point: IncidentPoint): void {
    const known = kept.get(point.incident_id)
    if (known && !supersedes(point, known)) return
    kept.set(point.incident_id, { ...point, at: Date.parse(point.occurred_at) })
  }
  function receive(item: IncidentItem): void {
    if (loading.value) early.push(item)
    take(item)
  }
  function take(item: IncidentItem): void {
    const known = kept.get(item.incident_id)
    if (known && !supersedes(item, known)) return
    const gone = item.merged_into !== null || (isDone(item.stage) && !window().done)
    if (gone) kept.delete(item.incident_id)
    else keep(pointOf(item))
    changes.value += 1
  }
  /** Let go of what is too old, and of the oldest beyond what is kept. */
  function sweep(): void {
    const oldest = since.at + performance.now() - since.tick
    for (const [id, point] of kept) if (point.at < oldest) kept.delete(id)
    if (kept.size > MAX_POINTS) {
      const beyond = [...kept.values()].sort((a, b) => a.at - b.at).slice(0, kept.size - MAX_POINTS)
      for (const point of beyond) kept.delete(point.incident_id)
      cut.value += beyond.length
    }
    changes.value += 1
  }

  async function load(): Promise<void> {
    const mine = ++round
    const asked = { ...window() }
    early = []
    loading.value = true
    try {
      const answer = await listPoints(asked.hours, asked.done)
      if (mine !== round) return
      const missed = early // newer than the answer
      early = []
      kept.clear()
      answer.items.forEach(keep)
      missed.forEach(take)
      since = { at: Date.parse(answer.since), tick: performance.now() }
      cut.value = answer.total - answer.items.length
      loadedAt.value = new Date()
      error.value = null
      sweep()
    } catch (failure) {
      if (mine === round) error.value = asApiError(failure)
    } finally {
      if (mine === round) loading.value = false
    }
  }

  useLive<IncidentItem>('incident', receive)
  useLive('reset', () => void load())
  useRepeat(sweep, SWEEP_S)
  watch([() => window().hours, () => window().done] as WatchSource[], () => void load())
  void load()
  return { points, loading, error, loadedAt, cut, load, receive }
}
