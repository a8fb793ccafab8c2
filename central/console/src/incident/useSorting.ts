/** Saying that several incidents are one event, or several after all. Each can be undone. */
import { ref } from 'vue'
import { ApiError, type Page } from '@/api/client'
import { type IncidentItem, type SortResult, mergeIncidents, splitIncidents } from '@/api/incidents'
import { useText } from '@/i18n'
import { toast } from '@/state/toasts'

/** `changed` gets each incident as the centre now has it. */
export function useSorting(changed: (item: IncidentItem) => void) {
  const { t, locale } = useText()
  const busy = ref(false)

  /** Return those with which it was done; say why the others were left. */
  async function send(act: () => Promise<Page<SortResult>>): Promise<IncidentItem[]> {
    busy.value = true
    try {
      const results = (await act()).items
      for (const result of results) changed(result.item)
      const refused = results.filter((result) => result.problem)
      const why = refused[0]?.problem
      if (why) {
        const reason = locale.value === 'vi' ? why.message_vi : why.message_en
        toast(t('cases.sort.refused', { n: refused.length, reason }), {
          tone: 'critical',
          seconds: 10,
        })
      }
      return results.filter((result) => !result.problem).map((result) => result.item)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      toast(error.text(locale.value), { tone: 'critical', seconds: 10 })
      return []
    } finally {
      busy.value = false
    }
  }

  async function merge(
    into: string,
    parts: readonly IncidentItem[],
    note: string,
  ): Promise<boolean> {
    const done = await send(() => mergeIncidents(into, parts, note))
    if (!done.length) return false
    toast(t('cases.sort.merged', { n: done.length }), {
      action: { label: t('common.undo'), run: () => void split(done) },
      seconds: 12,
    })
    return true
  }

  async function split(parts: readonly IncidentItem[]): Promise<boolean> {
    const done = await send(() => splitIncidents(parts))
    if (!done.length) return false
    toast(t('cases.sort.split', { n: done.length }))
    return true
  }

  return { merge, split, busy }
}
