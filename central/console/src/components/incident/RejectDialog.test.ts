import { flushPromises } from '@/testing/flush'
import { type App, createApp, h } from 'vue'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { i18n } from '@/i18n'
import { logIn, logOut } from '@/state/session'
import { detail } from '@/testing/builders'
import { FakeCentre } from '@/testing/centre'
import RejectDialog from './RejectDialog.vue'

let centre: FakeCentre
let app: App
let place: HTMLElement
let sent: unknown[]
const reason = (code: string, name_vi: string) => ({
  code,
  name_vi,
  name_en: code,
  note_required: false,
})

beforeEach(() => {
  sent = []
  centre = new FakeCentre().install()
  const items = [reason('duplicate', 'Trùng lặp'), reason('weather_occlusion', 'Thời tiết')]
  centre.answers.set('GET /api/v1/incidents/reject-reasons', { body: { items } })
  // The test browser has no dialogs.
  HTMLDialogElement.prototype.showModal = function () {
    this.open = true
  }
})
afterEach(async () => {
  app.unmount()
  await logOut().catch(() => undefined)
  centre.remove()
})

async function show(may_teach: boolean, role = 'operator'): Promise<void> {
  const given = detail({ may_teach })
  centre.answers.set('POST /api/v1/session', { body: { username: 'truc', role } })
  centre.answers.set('DELETE /api/v1/session', { body: null })
  centre.answers.set('GET /api/v1/incidents/i-1', { body: given })
  await logIn('truc', 'x')
  i18n.global.locale.value = 'vi'
  place = document.createElement('div')
  document.body.append(place)
  const onReject = (rejection: unknown) => sent.push(rejection)
  app = createApp({ render: () => h(RejectDialog, { item: given, busy: false, onReject }) })
  app.use(i18n).mount(place)
  await flushPromises()
}
async function press(selector: string): Promise<void> {
  place.querySelector<HTMLInputElement>(selector)!.click()
  await flushPromises()
}
const teach = () => place.querySelector('[data-testid=teach]')
const submit = () => place.querySelector('form')!.dispatchEvent(new Event('submit'))

describe('a rejection', () => {
  it('teaches nothing unless somebody asks', async () => {
    await show(true)
    await press('[value=weather_occlusion]')
    expect(teach()).not.toBeNull()
    submit()
    expect(sent).toEqual([{ reason_code: 'weather_occlusion', note: '', lesson: null }])
  })
  it('teaches the place, with the reason, for a month, and says until when', async () => {
    await show(true)
    await press('[value=weather_occlusion]')
    await press('[data-testid=teach-ask]')
    expect(teach()?.textContent).toMatch(/Đến hết \d\d\/\d\d\/\d{4}/)
    expect(teach()?.textContent).toContain('Quang Trung – Lê Mao')
    submit()
    expect(sent).toMatchObject([{ lesson: { days: 30, reason: 'Thời tiết' } }])
  })
  it('does not offer it for a reason that says nothing of the place', async () => {
    await show(true)
    await press('[value=weather_occlusion]')
    await press('[data-testid=teach-ask]')
    await press('[value=duplicate]')
    expect(teach()).toBeNull()
    submit()
    expect(sent).toMatchObject([{ reason_code: 'duplicate', lesson: null }])
  })
  it.each([
    ['where it cannot be taught', false, 'operator'],
    ['to who may not teach', true, 'commune_police'],
  ])('does not offer it %s', async (_, may, role) => {
    await show(may, role)
    await press('[value=weather_occlusion]')
    expect(teach()).toBeNull()
  })
})
