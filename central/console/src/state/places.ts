/** Names of areas, cameras and rules, loaded once per session and shared. */
import { computed, ref, shallowRef } from 'vue'
import { type CameraItem, listCameras } from '@/api/fleet'
import { type CatalogueEntry, listCatalogue } from '@/api/incidents'
import { type Area, listAreas } from '@/api/places'
import { nameOf } from '@/format'
import type { Locale } from './preferences'

export const areas = shallowRef<Area[]>([])
export const catalogue = shallowRef<CatalogueEntry[]>([])
export const cameras = shallowRef<CameraItem[]>([])
const asked = ref(false)
const names = computed(() => new Map(areas.value.map((area) => [area.code, area])))

/**
 * Load what is missing. These lists only put names to codes: where one fails, codes are shown, and
 * the next page asks again.
 */
export async function loadPlaces(): Promise<void> {
  if (asked.value) return
  asked.value = true
  const done = await Promise.allSettled([
    listAreas().then((list) => (areas.value = list)),
    listCatalogue().then((page) => (catalogue.value = page.items)),
    listCameras().then((page) => (cameras.value = page.items)),
  ])
  asked.value = done.every((result) => result.status === 'fulfilled')
}

/** Cameras come and go with their boxes. */
export async function reloadCameras(): Promise<void> {
  cameras.value = (await listCameras()).items
}

/** "Phường Trường Vinh" for a code; the code itself while the name is unknown. */
export function areaName(code: string, locale: string): string {
  const area = names.value.get(code)
  if (!area) return code
  return locale === 'vi' ? area.full_name : area.name_en || area.full_name
}

/** "Đi ngược chiều" for a rule; the rule itself while its name is unknown. */
export function ruleName(rule: string, locale: Locale): string {
  const known = catalogue.value.find((entry) => entry.rule === rule)
  return known ? nameOf(known, locale) : rule
}
