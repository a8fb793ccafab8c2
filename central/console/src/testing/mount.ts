/** Run composables inside a component, as pages do. */
import { type App, createApp, h } from 'vue'
import { i18n } from '@/i18n'

/** Mount a component around `setup`; returns what it returned and the way to unmount it. */
export function withSetup<T>(setup: () => T): { result: T; app: App } {
  let result: T | undefined
  const app = createApp({
    setup() {
      result = setup()
      return () => h('div')
    },
  })
  app.use(i18n).mount(document.createElement('div'))
  return { result: result as T, app }
}
