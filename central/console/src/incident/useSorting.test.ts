import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { App } from 'vue'
import { i18n } from '@/i18n'
import { dismissToast, toasts } from '@/state/toasts'
import { incident } from '@/testing/builders'
import { FakeCentre } from '@/testing/centre'
import { withSetup } from '@/testing/mount'
import { useSorting } from './useSorting'

describe('merging several', () => {
  let centre: FakeCentre
  let app: App
  let shown: string[]
  const merges = 'POST /api/v1/incidents/merges'
  const splits = 'POST /api/v1/incidents/splits'
  const row = (incident_id: string, version = 1) => incident({ incident_id, version })
  const done = (incident_id: string, version: number) => ({
    item: row(incident_id, version),
    problem: null,
  })
  function open() {
    const mounted = withSetup(() => useSorting((item) => shown.push(item.incident_id)))
    app = mounted.app
    return mounted.result
  }
  beforeEach(() => {
    shown = []
    i18n.global.locale.value = 'vi'
    centre = new FakeCentre().install()
  })
  afterEach(() => {
    app.unmount()
    centre.remove()
    for (const entry of [...toasts]) dismissToast(entry.id)
  })

  it('is one request that names the versions that were seen, and can be undone', async () => {
    centre.answers.set(merges, { body: { items: [done('b', 3), done('c', 5)] } })
    centre.answers.set(splits, { body: { items: [done('b', 4), done('c', 6)] } })
    const sent = await open().merge('a', [row('b', 2), row('c', 4)], 'trùng')
    expect(sent).toBe(true)
    expect(centre.requests[0]?.body).toEqual({
      into: 'a',
      parts: [
        { incident_id: 'b', version: 2 },
        { incident_id: 'c', version: 4 },
      ],
      note: 'trùng',
    })
    toasts.at(-1)?.action?.run()
    await expect.poll(() => centre.requests.length).toBe(2)
    expect(centre.requests[1]?.body).toMatchObject({
      parts: [
        { incident_id: 'b', version: 3 },
        { incident_id: 'c', version: 5 },
      ],
    })
    await expect.poll(() => shown).toEqual(['b', 'c', 'b', 'c'])
  })

  it('says why some were left and offers to undo the others', async () => {
    const problem = { code: 'stale_version', message_vi: 'Có người vừa đổi', message_en: 'stale' }
    const left = { item: row('c', 9), problem }
    centre.answers.set(merges, { body: { items: [done('b', 3), left] } })
    expect(await open().merge('a', [row('b'), row('c')], 'trùng')).toBe(true)
    expect(toasts.map((entry) => entry.text)).toEqual([
      '1 vụ không thực hiện được: Có người vừa đổi',
      'Đã gộp 1 vụ vào vụ chính.',
    ])
    expect(shown).toEqual(['b', 'c'])
  })

  it('says what is wrong when nothing could be done', async () => {
    const detail = { code: 'no_such_incident', message_vi: 'Không có', message_en: 'None' }
    centre.answers.set(merges, { status: 404, body: { detail } })
    const { merge, busy } = open()
    expect(await merge('a', [row('b')], 'trùng')).toBe(false)
    expect(busy.value).toBe(false)
    expect(toasts.at(-1)).toMatchObject({ text: 'Không có', tone: 'critical', action: null })
  })
})
