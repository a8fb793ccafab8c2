import { flushPromises } from '@/testing/flush'
import { type App, createApp, h } from 'vue'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Suspension } from '@/api/fleet'
import { i18n } from '@/i18n'
import { logIn, logOut } from '@/state/session'
import { catalogue } from '@/state/places'
import { camera } from '@/testing/builders'
import { FakeCentre } from '@/testing/centre'
import CameraRules from './CameraRules.vue'

const WAY = 'POST /api/v1/boxes/vinh-01/cameras/cam-1/suspensions'
const resting: Suspension = {
  camera_id: 'cam-1',
  rule: 'red_light',
  until: '2026-11-23T05:00:00Z',
  reason: 'CSGT điều khiển',
  author: 'canbo',
}
let centre: FakeCentre
let app: App
let place: HTMLElement

beforeEach(() => {
  centre = new FakeCentre().install()
  // jsdom has no dialogs.
  HTMLDialogElement.prototype.showModal = function () {
    this.open = true
  }
  const entry = (rule: string, incident_class: 'violation' | 'incident') => ({
    rule,
    code: rule,
    name_vi: rule,
    name_en: rule,
    incident_class,
    severity: 'high' as const,
  })
  catalogue.value = [entry('red_light', 'violation'), entry('crash', 'incident')]
})
afterEach(async () => {
  app.unmount()
  await logOut().catch(() => undefined)
  centre.remove()
})

async function show(suspensions: Suspension[], role = 'officer'): Promise<void> {
  const me = { username: 'canbo', display_name: 'C', role, must_change_password: false }
  centre.answers.set('POST /api/v1/session', { body: me })
  centre.answers.set('DELETE /api/v1/session', { body: null })
  await logIn('canbo', 'x')
  place = document.createElement('div')
  document.body.append(place)
  const given = camera({ camera_id: 'cam-1', rules: ['red_light', 'crash'] })
  app = createApp({ render: () => h(CameraRules, { camera: given, suspensions }) })
  app.use(i18n).mount(place)
}
const by = <T extends HTMLElement>(id: string) => place.querySelector<T>(`[data-testid=${id}]`)
const sent = () =>
  centre.requests.map(({ method, path, body }) => [`${method} ${path}`, body] as const)

describe('the rules of a camera', () => {
  it('says which rest, until when, by whom', async () => {
    await show([resting])
    expect(by('resting')?.textContent).toContain('12:00')
    expect(by('resting')?.textContent).toContain('canbo: CSGT điều khiển')
  })

  it('offers only what may rest, and sends it with its reason', async () => {
    centre.answers.set(WAY, { status: 202, body: null })
    await show([])
    by('rest-open')?.click()
    await flushPromises()
    expect([...place.querySelectorAll('input')].map((input) => input.value)).toEqual(['red_light'])

    const reason = by<HTMLTextAreaElement>('rest-reason')!
    reason.value = 'Lễ hội'
    reason.dispatchEvent(new Event('input'))
    await flushPromises()
    by('rest-send')?.click()
    await flushPromises()
    expect(sent()).toContainEqual([WAY, { rules: ['red_light'], minutes: 30, reason: 'Lễ hội' }])
    expect(by('rest-reason')).toBeNull()
  })

  it('lets one look again before its time', async () => {
    centre.answers.set(`${WAY}/end`, { status: 202, body: null })
    await show([resting])
    by('rest-end')?.click()
    await flushPromises()
    expect(sent().map(([key]) => key)).toContain(`${WAY}/end`)
  })

  it('offers nothing to who may not', async () => {
    await show([resting], 'technician')
    expect(by('rest-open')).toBeNull()
    expect(by('rest-end')).toBeNull()
  })
})
