/** Something done again and again while a component lives. */
import { onScopeDispose } from 'vue'

/** Run every `seconds`: a screen that nobody touches heals by itself. */
export function useRepeat(run: () => void, seconds: number): void {
  const timer = window.setInterval(run, seconds * 1000)
  onScopeDispose(() => window.clearInterval(timer))
}
