/** Names of the nine components, loaded once per session and shared. */
import { computed, shallowRef } from 'vue'
import { ApiError } from '@/api/client'
import { type ComponentItem, listComponents } from '@/api/indicators'
import { nameOf } from '@/format'
import type { Locale } from '@/state/preferences'

export const components = shallowRef<ComponentItem[]>([])
const names = computed(() => new Map(components.value.map((item) => [item.code, item])))

/** Load them if need be. They only put names to codes: without them the codes are shown. */
export async function loadComponents(): Promise<void> {
  if (components.value.length) return
  try {
    components.value = (await listComponents()).items
  } catch (failure) {
    if (!(failure instanceof ApiError)) throw failure
  }
}

/** "Y tế" for a code; the code itself while the name is unknown. */
export function componentName(code: string, locale: Locale): string {
  const item = names.value.get(code)
  return item ? nameOf(item, locale) : code
}
