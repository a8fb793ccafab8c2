/** Single-key commands of a page. */
import { onBeforeUnmount, onMounted } from 'vue'

/** Whether a key press belongs to the page and not to a field, a dialog or the browser. */
export function isCommand(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return false
  if (document.querySelector('dialog[open]')) return false
  const target = event.target
  if (!(target instanceof HTMLElement)) return true
  if (target.isContentEditable || target.closest('textarea, select')) return false
  if (target instanceof HTMLInputElement)
    return target.type === 'range' || target.type === 'checkbox'
  // Enter and Space on a focused button or link are that control's.
  const activates = event.key === 'Enter' || event.key === ' '
  return !(activates && target.closest('a, button, summary'))
}

/** Run `keys[event.key]` while the component is on screen; keys are lower case. */
export function useShortcuts(keys: Record<string, (event: KeyboardEvent) => void>): void {
  function onKey(event: KeyboardEvent): void {
    const run = keys[event.key.toLowerCase()]
    if (!run || !isCommand(event)) return
    event.preventDefault()
    run(event)
  }
  onMounted(() => window.addEventListener('keydown', onKey))
  onBeforeUnmount(() => window.removeEventListener('keydown', onKey))
}
