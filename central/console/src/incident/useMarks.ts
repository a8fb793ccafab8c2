/** Rows of a list that were chosen for something that is done to several at once. */
import { computed, reactive, ref } from 'vue'
import type { IncidentItem } from '@/api/incidents'

/** @param items what is on screen now, in order (reactive); what leaves it is chosen no more. */
export function useMarks(items: () => readonly IncidentItem[]) {
  const ids = reactive(new Set<string>())
  /** Where a range begins: the row that was chosen last. */
  const anchor = ref('')
  const marked = computed(() => items().filter((item) => ids.has(item.incident_id)))

  function toggle(id: string): void {
    if (!ids.delete(id)) ids.add(id)
    anchor.value = id
  }
  function add(id: string): void {
    ids.add(id)
    anchor.value = id
  }
  /** Choose everything from the row chosen last up to this one. */
  function extend(id: string): void {
    const list = items().map((item) => item.incident_id)
    const [from, to] = [list.indexOf(anchor.value), list.indexOf(id)].sort((a, b) => a - b)
    const range = from! < 0 ? [id] : list.slice(from, to! + 1)
    for (const each of range) ids.add(each)
    anchor.value = id
  }
  function clear(): void {
    ids.clear()
    anchor.value = ''
  }
  return { ids, marked, add, toggle, extend, clear }
}
