/** Draw a page at an address, as the router does, without the shell around it. */
import { type App, type Component, createApp, h } from 'vue'
import { type Router, createMemoryHistory, createRouter } from 'vue-router'
import { i18n } from '@/i18n'
import { flushPromises } from './flush'

export interface Drawn {
  app: App
  place: HTMLElement
  router: Router
  /** What carries a test id. */
  by: (id: string) => HTMLElement | null
  /** Write into a field and let it be noticed. */
  fill: (name: string, text: string) => void
  /** Send the form on the page. */
  send: () => Promise<void>
}

/** Mount a page at an address in Vietnamese and wait until it is drawn. */
export async function draw(page: Component, address = '/'): Promise<Drawn> {
  i18n.global.locale.value = 'vi'
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [{ path: '/:rest(.*)*', component: page }],
  })
  await router.push(address)
  const place = document.createElement('div')
  document.body.append(place)
  const app = createApp({ render: () => h(page) })
  app.use(i18n).use(router).mount(place)
  await flushPromises()
  return {
    app,
    place,
    router,
    by: (id) => place.querySelector<HTMLElement>(`[data-testid="${id}"]`),
    fill: (name, text) => {
      const field = place.querySelector<HTMLInputElement>(`[name="${name}"]`)!
      field.value = text
      field.dispatchEvent(new Event(field.tagName === 'SELECT' ? 'change' : 'input'))
    },
    send: async () => {
      place.querySelector('form')!.dispatchEvent(new Event('submit'))
      await flushPromises()
    },
  }
}
