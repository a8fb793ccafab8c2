import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { App } from 'vue'
import type { IncidentItem } from '@/api/incidents'
import { logIn, logOut } from '@/state/session'
import { dismissToast, toasts } from '@/state/toasts'
import { incident } from '@/testing/builders'
import { FakeCentre } from '@/testing/centre'
import { withSetup } from '@/testing/mount'
import { useReview } from './useReview'

describe('a decision', () => {
  let centre: FakeCentre
  let app: App
  let shown: IncidentItem[]
  const path = '/api/v1/incidents/i-1'
  function open() {
    const mounted = withSetup(() => useReview((item) => shown.push(item)))
    app = mounted.app
    return mounted.result
  }
  beforeEach(async () => {
    shown = []
    centre = new FakeCentre().install()
    centre.answers.set('POST /api/v1/session', {
      body: { username: 'chien', display_name: 'Chiến', role: 'officer', areas: ['*'] },
    })
    centre.answers.set('DELETE /api/v1/session', { status: 204 })
    await logIn('chien', 'một câu dài')
    centre.requests.length = 0
  })
  afterEach(async () => {
    app.unmount()
    await logOut()
    centre.remove()
    for (const entry of [...toasts]) dismissToast(entry.id)
  })

  it('names the version it was made on and shows the incident as it now is', async () => {
    centre.answers.set(`POST ${path}/confirm`, {
      body: incident({ status: 'confirmed', version: 4 }),
    })
    const done = await open().review(incident({ version: 3 }), { verb: 'confirm', note: 'rõ' })
    expect(done).toBe(true)
    expect(centre.requests[0]?.body).toEqual({ version: 3, note: 'rõ' })
    expect(shown.map((item) => item.status)).toEqual(['confirmed'])
  })

  it('can be undone from the message that reports it', async () => {
    centre.answers.set(`POST ${path}/reject`, {
      body: incident({ status: 'rejected', stage: 'rejected', version: 4 }),
    })
    centre.answers.set(`POST ${path}/reopen`, {
      body: incident({ status: 'acknowledged', version: 5 }),
    })
    await open().review(incident(), { verb: 'reject', reason_code: 'other', note: 'x' })
    toasts.at(-1)?.action?.run()
    await expect.poll(() => shown.at(-1)?.status).toBe('acknowledged')
    expect(centre.requests.at(-1)?.body).toEqual({ version: 4 })
  })

  it('that somebody else made first shows theirs instead of overwriting it', async () => {
    const problem = { code: 'stale_version', message_vi: 'cũ', message_en: 'stale' }
    centre.answers.set(`POST ${path}/confirm`, { status: 409, body: { detail: problem } })
    centre.answers.set(`GET ${path}`, { body: incident({ status: 'rejected', version: 9 }) })
    const done = await open().review(incident(), { verb: 'confirm' })
    expect(done).toBe(false)
    expect(shown.map((item) => item.version)).toEqual([9])
    expect(toasts.at(-1)?.tone).toBe('critical')
  })

  it('that the status does not allow is not even sent', async () => {
    expect(await open().review(incident({ stage: 'verified' }), { verb: 'confirm' })).toBe(false)
    expect(centre.requests).toEqual([])
  })

  it('is sent once however often the key is pressed', async () => {
    centre.answers.set(`POST ${path}/acknowledge`, { body: incident({ status: 'acknowledged' }) })
    const { review } = open()
    const presses = [1, 2, 3].map(() => review(incident(), { verb: 'acknowledge' }))
    expect(await Promise.all(presses)).toEqual([true, false, false])
    expect(centre.requests).toHaveLength(1)
  })
})
