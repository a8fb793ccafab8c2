/** The operator's list: loaded by filter, kept true by live events. */
import { onBeforeUnmount, reactive, ref, shallowRef, watch, type Ref } from 'vue'
import { ApiError } from '@/api/client'
import { type IncidentItem, listIncidents } from '@/api/incidents'
import { useLive } from '@/state/useLive'
import { type QueueFilter, matches, toRequest } from './filter'
import { MAX_ROWS, append, place } from './queue'

/** How long a row that has just arrived is set off, in seconds. */
const FRESH_S = 8

export function useQueue(filter: Ref<QueueFilter>) {
  const items = reactive<IncidentItem[]>([])
  const fresh = reactive(new Set<string>())
  const loading = ref(false)
  const error = shallowRef<ApiError | null>(null)
  const cursor = ref<string | null>(null)
  /** The incident that arrived last, for the screen reader. */
  const arrived = shallowRef<IncidentItem | null>(null)
  const timers = new Set<number>()
  let early: IncidentItem[] = []
  let round = 0

  function receive(item: IncidentItem): void {
    if (loading.value) early.push(item)
    if (place(items, item, matches(item, filter.value)) !== 'added') return
    arrived.value = item
    setOff(item.incident_id)
    if (items.length > MAX_ROWS) {
      items.length = MAX_ROWS
      cursor.value = null // the next page would leave a gap: "more" starts afresh instead
    }
  }

  function setOff(id: string): void {
    fresh.add(id)
    const timer = window.setTimeout(() => {
      fresh.delete(id)
      timers.delete(timer)
    }, FRESH_S * 1000)
    timers.add(timer)
  }

  async function load(): Promise<void> {
    const mine = ++round
    loading.value = true
    early = []
    try {
      const page = await listIncidents(toRequest(filter.value), null)
      if (mine !== round) return
      const missed = early
      items.splice(0, items.length, ...page.items)
      cursor.value = page.next_cursor
      error.value = null
      for (const item of missed) place(items, item, matches(item, filter.value))
    } catch (failure) {
      if (mine === round) error.value = asApiError(failure)
    } finally {
      if (mine === round) loading.value = false
    }
  }

  async function more(): Promise<void> {
    if (!cursor.value) return load()
    const mine = round
    const page = await listIncidents(toRequest(filter.value), cursor.value)
    if (mine !== round) return
    append(items, page.items)
    cursor.value = page.next_cursor
  }

  useLive<IncidentItem>('incident', receive)
  useLive('reset', () => void load())
  watch(filter, () => void load(), { deep: true, immediate: true })
  onBeforeUnmount(() => timers.forEach((timer) => window.clearTimeout(timer)))

  return { items, fresh, loading, error, cursor, arrived, receive, load, more }
}

/** Errors of the API are shown; anything else is a mistake of ours and must surface. */
export function asApiError(failure: unknown): ApiError {
  if (failure instanceof ApiError) return failure
  throw failure
}
