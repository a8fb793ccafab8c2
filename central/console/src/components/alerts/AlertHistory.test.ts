import { type App, createApp, h } from 'vue'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { i18n } from '@/i18n'
import { FakeCentre } from '@/testing/centre'
import { alertDetail, delivery } from '@/testing/duty'
import { flushPromises } from '@/testing/flush'
import AlertHistory from './AlertHistory.vue'

let centre: FakeCentre
let app: App
beforeEach(() => {
  centre = new FakeCentre().install()
  const an = { username: 'an', display_name: 'Nguyễn Văn An', role: 'operator', areas: ['*'] }
  centre.answers.set('GET /api/v1/people', { body: { items: [an] } })
  i18n.global.locale.value = 'vi'
})
afterEach(() => {
  app.unmount()
  centre.remove()
})

it('tells each step, each text with its state, and who answered', async () => {
  const at = '2026-11-23T03:00:00Z'
  const alert = alertDetail({
    events: [
      { at, kind: 'opened', step: 0, actor: 'system', people: [] },
      { at, kind: 'escalated', step: 1, actor: 'system', people: ['an', 'binh'] },
      { at: '2026-11-23T03:02:00Z', kind: 'acknowledged', step: 1, actor: 'an', people: [] },
    ],
    deliveries: [
      delivery({ step: 1, created_at: at, username: 'an', tries: 2 }),
      delivery({
        step: 1,
        created_at: at,
        username: 'binh',
        channel: 'email',
        state: 'retrying',
        sent_at: null,
        next_try_at: '2026-11-23T03:02:30Z',
        tries: 3,
        error: 'answered 503',
      }),
    ],
  })
  const place = document.createElement('div')
  app = createApp({ render: () => h(AlertHistory, { alert }) })
  app.use(i18n).mount(place)
  await flushPromises()

  const text = place.textContent!.replace(/\s+/g, ' ')
  expect(text).toContain('Không có ai trực ở bước này.')
  expect(text).toContain('Chuyển ngay lên Ca trưởng')
  expect(text).toContain('23/11/2026 10:00:00')
  expect(text).toContain('Đang trực: Nguyễn Văn An, binh')
  expect(text).toContain('Đã tiếp nhận bởi Nguyễn Văn An')
  const [sent, failing] = [...place.querySelectorAll('[data-testid=delivery]')].map((each) =>
    each.textContent!.replace(/\s+/g, ' '),
  )
  expect(sent).toContain('Đã gửi')
  expect(sent).toContain('SMS, Nguyễn Văn An')
  expect(sent).toContain('2 lần thử · gửi lúc 10:00:01')
  expect(failing).toContain('Chưa được')
  expect(failing).toContain('thử lại lúc 10:02:30')
  expect(failing).toContain('máy chủ của kênh trả lời mã 503')
})
