/** An action on a page: busy while it runs, the list afresh when it worked, the reason when not. */
import { ref } from 'vue'
import { ApiError } from '@/api/client'
import { useText } from '@/i18n'
import { toast } from './toasts'

/** Return whether an action is under way, and how to begin one; `done` follows a success. */
export function useAttempt(done?: () => Promise<void>) {
  const { locale } = useText()
  const busy = ref(false)

  async function attempt(act: () => Promise<void>): Promise<void> {
    busy.value = true
    try {
      await act()
      await done?.()
    } catch (failure) {
      if (!(failure instanceof ApiError)) throw failure
      toast(failure.text(locale.value), { tone: 'critical', seconds: 10 })
    } finally {
      busy.value = false
    }
  }

  return { busy, attempt }
}
