import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { FakeCentre } from '@/testing/centre'

const ME = {
  username: 'mai',
  display_name: 'Trần Thị Mai',
  role: 'officer',
  areas: ['*'],
  must_change_password: false,
}
let centre: FakeCentre
const lines: { stopLive: () => void }[] = []

/** A page that has just been opened. */
async function freshPage() {
  vi.resetModules()
  lines.push(await import('./live'))
  return import('./session')
}
const offline = () => vi.stubGlobal('fetch', () => Promise.reject(new TypeError('no network')))

beforeEach(() => {
  localStorage.clear()
  centre = new FakeCentre().install()
})
afterEach(() => {
  for (const line of lines.splice(0)) line.stopLive()
  centre.remove()
})

it('without a network it is who was here last, and the centre is asked again', async () => {
  centre.answers.set('GET /api/v1/session', { body: ME })
  await (await freshPage()).loadSession()
  offline()
  const page = await freshPage()
  expect((await page.loadSession())?.username).toBe('mai')
  centre.install()
  centre.answers.set('GET /api/v1/session', { status: 401 })
  expect(await page.loadSession()).toBeNull()
})
it('on a phone on which nobody was, it says that the centre cannot be reached', async () => {
  offline()
  const page = await freshPage()
  await expect(page.loadSession()).rejects.toMatchObject({ status: 0 })
})
it('who logs out is forgotten, even without a network', async () => {
  centre.answers.set('GET /api/v1/session', { body: ME })
  const page = await freshPage()
  await page.loadSession()
  offline()
  await page.logOut().catch(() => undefined)
  await expect((await freshPage()).loadSession()).rejects.toMatchObject({ status: 0 })
})
it('who came through the provider leaves for it on logging out, and nobody else', async () => {
  const left = vi.spyOn(window.location, 'assign').mockImplementation(() => undefined)
  centre.answers.set('GET /api/v1/session', { body: ME })
  for (const provider_url of [null, 'https://sso.vn/leave?client_id=songlam']) {
    centre.answers.set('DELETE /api/v1/session', { body: { provider_url } })
    const page = await freshPage()
    await page.loadSession()
    await page.logOut()
  }
  expect(left).toHaveBeenCalledExactlyOnceWith('https://sso.vn/leave?client_id=songlam')
  left.mockRestore()
})
