/** Alerts that nobody has answered, and those of them that are new. */
import { ref, watch } from 'vue'
import { type AlertItem, type AlertNews, listAlerts } from '@/api/alerts'
import { useCalm } from '@/state/useCalm'
import { useLive } from '@/state/useLive'
import { useLoaded } from '@/state/useLoaded'
import { useRepeat } from '@/state/useRepeat'

/** How often the list follows what is told, in milliseconds: a storm is one question. */
const PACE_MS = 1000
/** A list that nobody told of is asked for all the same, in seconds. */
const HEAL_S = 60

/** `arrived` gets each alert that was not there before; never those of the first list. */
export function useOpenAlerts(arrived: (alert: AlertItem) => void) {
  const loaded = useLoaded(() => listAlerts('open'))
  const told = ref(0)
  const calm = useCalm(() => told.value, PACE_MS)
  /** Codes of the list before this one: as many as one answer holds. */
  let known: ReadonlySet<string> | null = null

  useLive<AlertNews>('alert', () => (told.value += 1))
  watch(calm, () => void loaded.load())
  useRepeat(() => void loaded.load(), HEAL_S)
  watch(loaded.value, (page) => {
    const before = known
    const items = page?.items ?? []
    known = new Set(items.map((alert) => alert.code))
    if (before) items.filter((alert) => !before.has(alert.code)).forEach(arrived)
  })
  return loaded
}
