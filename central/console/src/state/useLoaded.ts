/** One thing loaded from the centre, with what a page needs to show while it is not there. */
import { ref, shallowRef } from 'vue'
import { ApiError } from '@/api/client'
import { useLive } from './useLive'

/**
 * Load now and again whenever live events may have been missed.
 *
 * A failed reload keeps what was loaded before and says so in `error`.
 */
export function useLoaded<T>(fetch: () => Promise<T>) {
  const value = shallowRef<T | null>(null)
  const error = shallowRef<ApiError | null>(null)
  const loading = ref(false)
  let round = 0

  async function load(): Promise<void> {
    const mine = ++round
    loading.value = true
    try {
      const answer = await fetch()
      if (mine !== round) return
      value.value = answer
      error.value = null
    } catch (failure) {
      if (!(failure instanceof ApiError)) throw failure
      if (mine === round) error.value = failure
    } finally {
      if (mine === round) loading.value = false
    }
  }

  useLive('reset', () => void load())
  void load()
  return { value, error, loading, load }
}
