/** Something of the nine components, loaded now, when its question changes and when it is news. */
import { type WatchSource, watch } from 'vue'
import type { IndicatorNews } from '@/api/indicators'
import { useLive } from '@/state/useLive'
import { useLoaded } from '@/state/useLoaded'

/**
 * Load with `fetch` and again whenever `question` changes or the live line says that figures of
 * `component` are new (null: of any). What is on screen stays until the answer is there, so
 * neither the place on the page nor the focus is lost.
 */
export function useFigures<T>(
  fetch: () => Promise<T>,
  component: () => string | null,
  question: WatchSource[] = [],
) {
  const loaded = useLoaded(fetch)
  useLive<IndicatorNews>('indicator', (news) => {
    const mine = component()
    if (mine === null || news.components.includes(mine)) void loaded.load()
  })
  if (question.length) watch(question, () => void loaded.load())
  return loaded
}
