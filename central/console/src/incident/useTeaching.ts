/** Teaching a box that its rule is wrong at a place, for a time; and taking it back. */
import { ApiError } from '@/api/client'
import { forgetException, teachException } from '@/api/incidents'
import { dateOnly } from '@/format'
import { useText } from '@/i18n'
import { toast } from '@/state/toasts'

/** What is taught with a rejection. */
export interface Lesson {
  days: number
  reason: string
}

/** `done` follows whatever was ordered. */
export function useTeaching(done: () => void = () => undefined) {
  const { t, locale } = useText()

  async function attempt(act: () => Promise<void>): Promise<void> {
    try {
      await act()
      done()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      const reason = error.text(locale.value)
      toast(t('cases.teach.failed', { reason }), { tone: 'critical', seconds: 10 })
    }
  }

  function teach(id: string, { days, reason }: Lesson): Promise<void> {
    return attempt(async () => {
      const taught = await teachException(id, reason, days)
      toast(t('cases.teach.done', { until: dateOnly(taught.expires_at) }), {
        action: { label: t('common.undo'), run: () => void forget(id, t('common.undo')) },
        seconds: 12,
      })
    })
  }
  function forget(id: string, reason: string): Promise<void> {
    return attempt(async () => {
      await forgetException(id, reason)
      toast(t('cases.teach.forgotten'))
    })
  }
  return { teach, forget }
}
