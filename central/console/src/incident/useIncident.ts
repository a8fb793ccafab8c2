/** One incident with everything about it, reloaded whenever something about it arrives. */
import { type Ref, onBeforeUnmount, ref, shallowRef, watch } from 'vue'
import type { ApiError } from '@/api/client'
import { type IncidentDetail, type IncidentItem, getIncident } from '@/api/incidents'
import { useLive } from '@/state/useLive'
import { asApiError } from './useQueue'

export function useIncident(id: Ref<string>) {
  const detail = shallowRef<IncidentDetail | null>(null)
  const error = shallowRef<ApiError | null>(null)
  const loading = ref(false)
  let round = 0
  let timer = 0

  async function load(): Promise<void> {
    const mine = ++round
    loading.value = true
    try {
      const answer = await getIncident(id.value)
      if (mine !== round) return
      detail.value = answer
      error.value = null
    } catch (failure) {
      if (mine === round) error.value = asApiError(failure)
    } finally {
      if (mine === round) loading.value = false
    }
  }

  /** Show the news of the list form at once; the rest follows. */
  function merge(item: IncidentItem): void {
    if (detail.value?.incident_id !== item.incident_id) return
    detail.value = { ...detail.value, ...item }
    window.clearTimeout(timer)
    timer = window.setTimeout(() => void load(), 150)
  }

  useLive<IncidentItem>('incident', merge)
  useLive('reset', () => void load())
  watch(
    id,
    () => {
      if (detail.value?.incident_id !== id.value) detail.value = null
      void load()
    },
    { immediate: true },
  )
  onBeforeUnmount(() => window.clearTimeout(timer))

  return { detail, error, loading, load, merge }
}
