import { flushPromises } from '@/testing/flush'
import { type App, createApp, h } from 'vue'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { IncidentItem } from '@/api/incidents'
import { i18n } from '@/i18n'
import { incident } from '@/testing/builders'
import MergeDialog from './MergeDialog.vue'

let app: App
let place: HTMLElement
let sent: unknown[][]

beforeEach(() => {
  sent = []
  i18n.global.locale.value = 'vi'
  // The test browser has no dialogs.
  HTMLDialogElement.prototype.showModal = function () {
    this.open = true
  }
})
afterEach(() => app.unmount())

function show(items: IncidentItem[], more: { main?: string; checked?: string[] } = {}): void {
  place = document.createElement('div')
  document.body.append(place)
  const props = {
    items,
    checked: more.checked ?? items.map((item) => item.incident_id),
    main: more.main,
    busy: false,
    onMerge: (...given: unknown[]) => sent.push(given),
  }
  app = createApp({ render: () => h(MergeDialog, props) })
  app.use(i18n).mount(place)
}
const late = incident({ incident_id: 'late', occurred_at: '2026-11-23T03:00:09Z' })
const first = incident({ incident_id: 'first', occurred_at: '2026-11-23T03:00:00Z' })
const send = () => place.querySelector<HTMLButtonElement>('[data-testid=merge-send]')!
const press = async (selector: string) => {
  place.querySelector<HTMLInputElement>(selector)!.click()
  await flushPromises()
}
const ids = () => (sent[0]?.[1] as IncidentItem[]).map((item) => item.incident_id)

describe('the question which of these are one event', () => {
  it('keeps what happened first unless somebody says otherwise', async () => {
    show([late, first])
    place.querySelector('form')!.dispatchEvent(new Event('submit'))
    await flushPromises()
    expect(sent[0]?.[0]).toBe('first')
    expect(ids()).toEqual(['late'])
    expect(sent[0]?.[2]).toBe('Trùng lặp: cùng một vụ việc')
  })
  it('lets another one stay', async () => {
    show([late, first])
    await press('tr:first-child input[type=radio]')
    place.querySelector('form')!.dispatchEvent(new Event('submit'))
    expect(sent[0]?.[0]).toBe('late')
    expect(ids()).toEqual(['first'])
  })
  it('sends nothing while only one is chosen', async () => {
    show([late, first], { main: 'late', checked: ['late'] })
    expect(send().disabled).toBe(true)
    await press('tr:last-child input[type=checkbox]')
    expect(send().disabled).toBe(false)
  })
  it('says that another commune cannot be merged', async () => {
    show([first, incident({ incident_id: 'far', area_code: '16690' })])
    expect(place.querySelector('[role=alert]')?.textContent).toContain('cùng xã, phường')
    expect(send().disabled).toBe(true)
  })
  it('wants a reason', async () => {
    show([late, first])
    const why = place.querySelector<HTMLInputElement>('[data-testid=why]')!
    why.value = ' '
    why.dispatchEvent(new Event('input'))
    await flushPromises()
    expect(send().disabled).toBe(true)
  })
})
