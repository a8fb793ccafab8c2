import { flushPromises } from '@/testing/flush'
import { type App, createApp, h } from 'vue'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { IncidentDetail } from '@/api/incidents'
import { i18n } from '@/i18n'
import { logIn, logOut } from '@/state/session'
import { toasts } from '@/state/toasts'
import { detail } from '@/testing/builders'
import { FakeCentre } from '@/testing/centre'
import CustodyPanel from './CustodyPanel.vue'

const hold = {
  placed_at: '2026-11-23T04:00:00Z',
  placed_by: 'canbo',
  reason: 'án 12',
  released_at: null,
  released_by: '',
  release_reason: '',
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
})
afterEach(async () => {
  app.unmount()
  await logOut().catch(() => undefined)
  centre.remove()
  vi.restoreAllMocks()
})

async function show(given: IncidentDetail, role = 'officer'): Promise<void> {
  const me = { username: 'canbo', display_name: 'C', role, must_change_password: false }
  centre.answers.set('POST /api/v1/session', { body: me })
  centre.answers.set('DELETE /api/v1/session', { body: null })
  await logIn('canbo', 'x')
  i18n.global.locale.value = 'vi'
  place = document.createElement('div')
  document.body.append(place)
  app = createApp({ render: () => h(CustodyPanel, { detail: given }) })
  app.use(i18n).mount(place)
}
const by = (id: string) => place.querySelector<HTMLElement>(`[data-testid=${id}]`)
async function write(reason: string): Promise<void> {
  const text = by('reason') as HTMLTextAreaElement
  text.value = reason
  text.dispatchEvent(new Event('input'))
  await flushPromises()
  by('reason-send')?.click()
  await flushPromises()
}
async function ask(act: string, reason: string): Promise<void> {
  by(act)?.click()
  await flushPromises()
  await write(reason)
}

describe('the custody of an incident', () => {
  it.each([
    ['verified', 'Nguyên vẹn'],
    ['waiting', 'Chưa đủ tệp'],
    ['broken', 'Có sai lệch'],
    ['unsigned', 'Không có chữ ký'],
  ] as const)('says that it is %s', async (state, words) => {
    await show(detail({ integrity: { ...detail().integrity, state } }))
    expect(by('integrity')?.textContent).toContain(words)
  })

  it('offers to hold, but to take nothing out, before one’s own second look', async () => {
    await show(detail({ second_look: '2026-11-16' }))
    expect(['place-hold', 'export', 'sheet'].map((id) => by(id) !== null)).toEqual([
      true,
      false,
      false,
    ])
  })

  it('names each file that does not fit', async () => {
    const fault = { code: 'hash', evidence_id: 'i-1.clip', text: '' } as const
    await show(detail({ integrity: { ...detail().integrity, state: 'broken', faults: [fault] } }))
    expect(place.textContent).toContain('Tệp i-1.clip khác mã băm')
  })

  it('says who holds it, why, and whether the box agrees', async () => {
    await show(detail({ holds: [hold], held: true, held_on_box: true }))
    expect(by('held')?.textContent).toContain('canbo: án 12')
    expect(place.textContent).toContain('Thiết bị biên cũng đã giữ')
  })

  it('sends a hold only with a reason', async () => {
    centre.answers.set('POST /api/v1/incidents/i-1/hold', { body: {} })
    await show(detail())
    await ask('place-hold', '')
    expect((by('reason-send') as HTMLButtonElement).disabled).toBe(true)
    await write('Công văn 45')
    expect(centre.requests.at(-1)).toMatchObject({
      path: '/api/v1/incidents/i-1/hold',
      body: { reason: 'Công văn 45' },
    })
  })

  it('prints the sheet with its purpose, in the language on screen, and saves it', async () => {
    const saved: string[] = []
    URL.createObjectURL = (file: Blob) => `blob:${file.size > 0}`
    const click = vi.spyOn(HTMLAnchorElement.prototype, 'click')
    click.mockImplementation(function (this: HTMLAnchorElement) {
      saved.push(`${this.href} ${this.download}`)
    })
    centre.answers.set('GET /api/v1/incidents/i-1/sheet', { body: '%PDF' })
    await show(detail())
    await ask('sheet', 'Vụ 12/2026')
    const last = centre.requests.at(-1)
    expect(last?.path).toBe('/api/v1/incidents/i-1/sheet')
    expect(Object.fromEntries(last?.query ?? [])).toEqual({ purpose: 'Vụ 12/2026', locale: 'vi' })
    expect(saved).toEqual(['blob:true i-1.pdf'])
    expect(by('reason')).toBeNull()
  })

  it('says that it is being drawn up, and keeps the purpose when the centre refuses', async () => {
    const refusal = { code: 'press_busy', message_vi: 'Đang in quá nhiều phiếu.', message_en: '' }
    let refuse: (answer: { status: number; body: unknown }) => void = () => undefined
    const waiting = new Promise<{ status: number; body: unknown }>((give) => (refuse = give))
    centre.answers.set('GET /api/v1/incidents/i-1/sheet', () => waiting)
    await show(detail())
    await ask('sheet', 'Vụ 12/2026')
    expect(by('reason-send')?.textContent).toContain('Đang lập phiếu')
    expect((by('reason-send') as HTMLButtonElement).disabled).toBe(true)
    refuse({ status: 503, body: { detail: refusal } })
    await flushPromises()
    expect(toasts.at(-1)?.text).toBe('Đang in quá nhiều phiếu.')
    expect((by('reason') as HTMLTextAreaElement).value).toBe('Vụ 12/2026')
  })

  it('offers nothing to those who may not keep evidence', async () => {
    await show(detail(), 'operator')
    expect(by('place-hold')).toBeNull()
    expect(by('export')).toBeNull()
    expect(by('sheet')).toBeNull()
  })
})
