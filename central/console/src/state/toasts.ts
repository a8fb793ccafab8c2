/** Short messages at the edge of the screen, some with one action ("undo"). */
import { reactive, readonly } from 'vue'

export interface Toast {
  id: number
  text: string
  tone: 'plain' | 'critical'
  action: { label: string; run: () => void } | null
}

const list = reactive<Toast[]>([])
export const toasts = readonly(list)
let nextId = 1

/** Show a message; it leaves by itself after `seconds`, or when dismissed. */
export function toast(
  text: string,
  options: { tone?: Toast['tone']; action?: Toast['action']; seconds?: number } = {},
): void {
  const id = nextId++
  list.push({ id, text, tone: options.tone ?? 'plain', action: options.action ?? null })
  if (list.length > 4) list.shift()
  window.setTimeout(() => dismissToast(id), (options.seconds ?? 6) * 1000)
}

export function dismissToast(id: number): void {
  const at = list.findIndex((entry) => entry.id === id)
  if (at >= 0) list.splice(at, 1)
}
