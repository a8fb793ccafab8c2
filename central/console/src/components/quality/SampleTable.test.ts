import { flushPromises } from '@/testing/flush'
import { type App, createApp, h } from 'vue'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { SampleItem } from '@/api/quality'
import { i18n } from '@/i18n'
import { FakeCentre } from '@/testing/centre'
import SampleTable from './SampleTable.vue'

const reasons = [
  { code: 'device_fault', name_vi: 'Lỗi thiết bị', name_en: 'Device fault', note_required: false },
]
const sample = (change: Partial<SampleItem> = {}): SampleItem => ({
  rule: 'red_light',
  code: 'VP_DEN_DO',
  name_vi: 'Không chấp hành đèn tín hiệu',
  name_en: 'Red light',
  incident_class: 'violation',
  severity: 'high',
  incident_id: 'i-1',
  week: '2026-11-16',
  camera_name: 'Quang Trung – Lê Mao',
  area_code: '16681',
  occurred_at: '2026-11-18T03:00:00Z',
  may_look: true,
  looked_at: null,
  looked_by: null,
  first: null,
  second: null,
  reason_code: null,
  note: '',
  ...change,
})
let centre: FakeCentre
let app: App
let place: HTMLElement
let looks: unknown[][]

beforeEach(() => {
  looks = []
  i18n.global.locale.value = 'vi'
  centre = new FakeCentre().install()
  centre.answers.set('GET /api/v1/incidents/reject-reasons', { body: { items: reasons } })
  // The test browser has no dialogs.
  HTMLDialogElement.prototype.showModal = function () {
    this.open = true
  }
})
afterEach(() => {
  app.unmount()
  centre.remove()
})

function show(...items: SampleItem[]): void {
  place = document.createElement('div')
  document.body.append(place)
  const onLook = (...given: unknown[]) => looks.push(given)
  app = createApp({ render: () => h(SampleTable, { items, reasons, onLook }) })
  app.component('RouterLink', (_: unknown, { slots }) => h('a', slots.default?.()))
  app.use(i18n).mount(place)
}
async function press(selector: string): Promise<void> {
  place.querySelector<HTMLElement>(selector)!.click()
  await flushPromises()
}

describe('the samples of a week', () => {
  it('take one click where the second person finds it true', async () => {
    show(sample())
    expect(place.textContent).not.toContain('Xác nhận')
    await press('[data-testid=agree]')
    expect(looks).toEqual([[sample(), null, '']])
  })
  it('ask for the reason where it is false, and teach nothing', async () => {
    show(sample())
    await press('[data-testid=disagree]')
    await press('[value=device_fault]')
    expect(place.querySelector('[data-testid=teach]')).toBeNull()
    place.querySelector('form')!.dispatchEvent(new Event('submit'))
    expect(looks).toEqual([[sample(), 'device_fault', '']])
  })
  it('show both verdicts and the reason once the second person has spoken', () => {
    const looked = { looked_at: '2026-11-23T03:00:00Z', looked_by: 'dao', may_look: false }
    show(
      sample({ ...looked, first: 'confirmed', second: 'confirmed' }),
      sample({ ...looked, first: 'confirmed', second: 'rejected', reason_code: 'device_fault' }),
    )
    const [same, different] = place.querySelectorAll('tbody tr')
    expect(same?.textContent).toContain('Đồng thuận: Xác nhận')
    expect(different?.textContent).toContain('Khác nhau: lần đầu Xác nhận, lần hai Từ chối')
    expect(different?.textContent).toContain('Lỗi thiết bị')
    expect(different?.textContent).toContain('dao, 23/11/2026 10:00:00')
  })
  it('offer nothing to who may not look', () => {
    show(sample({ may_look: false }))
    expect(place.querySelector('button')).toBeNull()
    expect(place.textContent).toContain('Chờ người khác xem lại')
  })
})
