import { type App, createApp, h } from 'vue'
import { RouterView, createMemoryHistory, createRouter } from 'vue-router'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Role } from '@/api/accounts'
import { i18n } from '@/i18n'
import { catalogue } from '@/state/places'
import { logIn, logOut } from '@/state/session'
import { FakeCentre } from '@/testing/centre'
import { handoverItem, openItems, silence } from '@/testing/duty'
import { flushPromises } from '@/testing/flush'
import DutyPage from './DutyPage.vue'

let centre: FakeCentre
let app: App
let place: HTMLElement

beforeEach(() => {
  centre = new FakeCentre().install()
  i18n.global.locale.value = 'vi'
  const empty = { body: { items: [] } }
  for (const path of ['people', 'cameras', 'catalogue', 'handovers/waiting', 'shifts']) {
    centre.answers.set(`GET /api/v1/${path}`, empty)
  }
  centre.answers.set('GET /api/v1/areas', { body: { code: '40', children: [] } })
  centre.answers.set('GET /api/v1/handovers', { body: { items: [], next_cursor: null } })
  centre.answers.set('GET /api/v1/handovers/open-items', { body: openItems() })
  centre.answers.set('GET /api/v1/silences', { body: { items: [], never: ['crash'] } })
  centre.answers.set('GET /api/v1/contacts', { body: { items: [], channels: ['sms'] } })
})
afterEach(async () => {
  app.unmount()
  await logOut().catch(() => undefined)
  centre.remove()
})

async function open(tab: string, role: Role, areas = ['*']): Promise<void> {
  const me = { username: 'an', display_name: 'An', role, areas, must_change_password: false }
  centre.answers.set('POST /api/v1/session', { body: me })
  centre.answers.set('DELETE /api/v1/session', { body: null })
  await logIn('an', 'x')
  const nothing = { render: () => null }
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: '/duty/:tab?', component: DutyPage, props: true },
      { path: '/:rest(.*)*', component: nothing },
    ],
  })
  place = document.createElement('div')
  app = createApp({ render: () => h(RouterView) })
  app.use(router).use(i18n)
  await router.push(`/duty/${tab}`)
  app.mount(place)
  await flushPromises()
}
const tabs = () => [...place.querySelectorAll('.tab')].map((tab) => tab.textContent)
const by = (id: string) => place.querySelector<HTMLElement>(`[data-testid=${id}]`)

describe('the page of duty', () => {
  it.each([
    ['operator', ['*'], ['Giao ca', 'Lịch trực', 'Tắt tiếng']],
    ['operator', ['16681'], ['Giao ca']],
    ['shift_lead', ['*'], ['Giao ca', 'Lịch trực', 'Tắt tiếng']],
    ['admin', ['*'], ['Giao ca', 'Lịch trực', 'Tắt tiếng', 'Liên hệ']],
    ['commune_police', ['16681'], ['Giao ca']],
    ['auditor', ['*'], ['Giao ca']],
  ] as const)('offers a(n) %s of %j only what is theirs', async (role, areas, offered) => {
    await open('', role, [...areas])
    expect(tabs()).toEqual(offered)
  })

  it.each([
    ['shift_lead', true],
    ['commander', true],
    ['operator', false],
    ['admin', false],
  ] as const)('lets a %s put people on call: %s', async (role, may) => {
    await open('shifts', role)
    expect(by('shift-form') !== null).toBe(may)
    expect(place.textContent).toContain('Không có ai trực')
  })

  it('lets an auditor read the book and hand nothing over', async () => {
    const page = { items: [handoverItem()], next_cursor: null }
    centre.answers.set('GET /api/v1/handovers', { body: page })
    await open('handover', 'auditor')
    expect(by('handover')?.textContent).toContain('Đèn ngã tư nhấp nháy.')
    expect(by('handover-form')).toBeNull()
    expect(centre.requests.map((each) => each.path)).not.toContain('/api/v1/handovers/open-items')
  })

  it('hands over with a note to a person, once that is confirmed', async () => {
    const binh = { username: 'binh', display_name: 'Bình', role: 'operator', areas: ['*'] }
    const far = { username: 'xa', display_name: 'Xã', role: 'commune_police', areas: ['16681'] }
    centre.answers.set('GET /api/v1/people', { body: { items: [binh, far] } })
    centre.answers.set('POST /api/v1/handovers', {
      body: { ...handoverItem({ id: 7 }), items: openItems() },
    })
    await open('handover', 'operator')
    const people = [...place.querySelectorAll<HTMLOptionElement>('select[name=person] option')]
    expect(people.map((option) => option.value)).toEqual(['', 'binh'])

    const select = place.querySelector<HTMLSelectElement>('select[name=person]')!
    select.value = 'binh'
    select.dispatchEvent(new Event('change'))
    const send = by('hand-over') as HTMLButtonElement
    await flushPromises()
    expect(send.disabled).toBe(true)
    const note = place.querySelector<HTMLTextAreaElement>('textarea')!
    note.value = 'Đèn hỏng'
    note.dispatchEvent(new Event('input'))
    await flushPromises()
    const asked = vi.fn(() => false)
    vi.stubGlobal('confirm', asked)
    send.form!.requestSubmit()
    await flushPromises()
    expect(centre.requests.filter((each) => each.method === 'POST')).toHaveLength(1) // the log-in
    asked.mockReturnValue(true)
    send.form!.requestSubmit()
    await flushPromises()
    expect(
      centre.requests.find((each) => each.path === '/api/v1/handovers' && each.body),
    ).toMatchObject({ method: 'POST', body: { to_username: 'binh', note: 'Đèn hỏng' } })
  })

  it('silences something with a reason, never a crash', async () => {
    const kind = { code: '', incident_class: 'incident', severity: 'high' } as const
    catalogue.value = ['congestion', 'crash'].map((rule) => ({
      ...kind,
      rule,
      name_vi: rule,
      name_en: rule,
    }))
    centre.answers.set('POST /api/v1/silences', { body: silence() })
    await open('silences', 'operator')
    const options = [...place.querySelectorAll<HTMLOptionElement>('select[name=rule] option')]
    expect(options.map((option) => option.value)).toEqual(['', 'congestion'])
    expect(place.textContent).toContain('Không có lệnh tắt tiếng nào')
    const add = place.querySelector<HTMLButtonElement>('form .primary')!
    expect(add.disabled).toBe(true)

    const choice = place.querySelector<HTMLSelectElement>('select[name=rule]')!
    choice.value = 'congestion'
    choice.dispatchEvent(new Event('change'))
    const reason = place.querySelector<HTMLInputElement>('input[name=reason]')!
    reason.value = 'Lễ hội'
    reason.dispatchEvent(new Event('input'))
    await flushPromises()
    const before = Date.now()
    add.form!.requestSubmit()
    await flushPromises()
    const sent = centre.requests.find((each) => each.path === '/api/v1/silences' && each.body)!
    expect(sent.body).toMatchObject({ rule: 'congestion', area_code: '', reason: 'Lễ hội' })
    const until = Date.parse((sent.body as { expires_at: string }).expires_at)
    expect(until - before).toBeGreaterThan(3.9 * 3_600_000)
    expect(until - before).toBeLessThanOrEqual(4 * 3_600_000)
  })

  it('says that a list failed, and asks again', async () => {
    centre.answers.set('GET /api/v1/silences', { status: 503, body: {} })
    await open('silences', 'operator')
    expect(place.textContent).toContain('Không tải được dữ liệu')
    const ending = silence({ expires_at: new Date(Date.now() + 3_600_000).toISOString() })
    centre.answers.set('GET /api/v1/silences', { body: { items: [ending], never: [] } })
    const retry = [...place.querySelectorAll('button')].find(
      (each) => each.textContent === 'Thử lại',
    )
    retry!.click()
    await flushPromises()
    expect(by('silence')?.textContent).toContain('Lễ hội')
    expect(by('silence-end')).not.toBeNull()
  })

  it('says which settings a centre without channels needs', async () => {
    centre.answers.set('GET /api/v1/contacts', { body: { items: [], channels: [] } })
    await open('contacts', 'admin')
    expect(by('contact-form')).toBeNull()
    expect(place.textContent).toContain('SONGLAM_ALERT_SMS_URL')
  })
})
