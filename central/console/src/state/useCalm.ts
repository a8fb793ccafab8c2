/** A value that follows another one at its own pace. */
import { type ShallowRef, onScopeDispose, shallowRef, watch } from 'vue'

/**
 * `source` at most once per `ms`: five hundred boxes tell of themselves fifty times a second, and
 * nothing on a screen has to be drawn that often. The first change after a pause shows at once.
 */
export function useCalm<T>(source: () => T, ms: number): Readonly<ShallowRef<T>> {
  const calm = shallowRef(source()) as ShallowRef<T>
  let last = -Infinity
  let timer = 0
  function follow(): void {
    timer = 0
    last = performance.now()
    calm.value = source()
  }
  watch(source, () => {
    if (timer) return
    const wait = last + ms - performance.now()
    if (wait <= 0) follow()
    else timer = window.setTimeout(follow, wait)
  })
  onScopeDispose(() => window.clearTimeout(timer))
  return calm
}
