/** The cases that wait for the present user on the review desk: oldest deadline first. */
import { computed, ref, shallowRef, watch } from 'vue'
import type { ApiError } from '@/api/client'
import { type IncidentItem, type Stage, listIncidents } from '@/api/incidents'
import { session } from '@/state/session'
import { useLive } from '@/state/useLive'
import { asApiError } from './useQueue'

const VERIFY: readonly Stage[] = ['detected', 'in_verification', 'needs_more']
const APPROVE: readonly Stage[] = ['verified', 'approved']
/** Cases that are asked for at once. */
const MOST = 200

/** Which stages wait for a role; who only reads sees both desks. */
export function stagesFor(role: string | undefined): readonly Stage[] {
  if (role === 'officer') return VERIFY
  return role === 'commander' ? APPROVE : [...VERIFY, ...APPROVE]
}

/** Earlier deadline first; without one, what happened first. */
export function byUrgency(a: IncidentItem, b: IncidentItem): number {
  const due = (item: IncidentItem) => (item.due_at ? Date.parse(item.due_at) : Infinity)
  return due(a) - due(b) || Date.parse(a.occurred_at) - Date.parse(b.occurred_at)
}

/** @param narrowed which of the waiting cases are shown (reactive). */
export function useCases(narrowed: (item: IncidentItem) => boolean) {
  const all = shallowRef<IncidentItem[]>([])
  const loading = ref(true)
  const error = shallowRef<ApiError | null>(null)
  const more = ref(false)
  const stages = computed(() => stagesFor(session.me?.role))
  const items = computed(() => all.value.filter(narrowed).sort(byUrgency))

  function receive(item: IncidentItem): void {
    const others = all.value.filter((each) => each.incident_id !== item.incident_id)
    const waits =
      item.incident_class === 'violation' &&
      item.merged_into === null &&
      item.second_look === null &&
      stages.value.includes(item.stage)
    all.value = waits ? [...others, item] : others
  }

  async function load(): Promise<void> {
    loading.value = true
    try {
      const wanted = { stage: stages.value, incident_class: 'violation' as const }
      const page = await listIncidents(wanted, null, MOST)
      all.value = page.items
      more.value = page.next_cursor !== null
      error.value = null
    } catch (failure) {
      error.value = asApiError(failure)
    } finally {
      loading.value = false
    }
  }

  useLive<IncidentItem>('incident', receive)
  useLive('reset', () => void load())
  watch(stages, () => void load(), { immediate: true })
  return { items, loading, error, more, load, receive }
}
