import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { logOut, session } from '@/state/session'
import { FakeCentre } from '@/testing/centre'
import { flushPromises } from '@/testing/flush'
import { type Drawn, draw } from '@/testing/page'
import LoginPage from './LoginPage.vue'

const ME = { username: 'chien', display_name: 'C', role: 'officer', areas: ['*'] }
const IN = { ...ME, must_change_password: false, second_factor: true, must_enrol: false }
let centre: FakeCentre
let page: Drawn

beforeEach(async () => {
  centre = new FakeCentre().install()
  centre.answers.set('DELETE /api/v1/session', { body: null })
  page = await draw(LoginPage, '/login?next=/alerts')
})
afterEach(async () => {
  page.app.unmount()
  await logOut().catch(() => undefined)
  centre.remove()
})

function answer(status: number, body: unknown): void {
  centre.answers.set('POST /api/v1/session', { status, body })
}
const refuse = (status: number, code: string) =>
  answer(status, { detail: { code, message_vi: `vi ${code}`, message_en: `en ${code}` } })
const shown = () => page.place.querySelector('[role=alert]')?.textContent ?? ''
const field = (name: string) => page.place.querySelector<HTMLInputElement>(`[name=${name}]`)

async function firstStep(): Promise<void> {
  refuse(401, 'second_factor_needed')
  page.fill('username', 'chien')
  page.fill('password', 'một câu dài')
  await page.send()
}

async function open(ways: object, address: string): Promise<void> {
  page.app.unmount()
  centre.answers.set('GET /api/v1/session/ways', { body: ways })
  page = await draw(LoginPage, address)
}
const PROVIDER = { passkey: true, provider: true, provider_label: '' }

describe('the log-in', () => {
  it('offers only the ways that centre and browser have', async () => {
    expect(page.by('by-passkey')).toBeNull()
    expect(page.by('by-provider')).toBeNull()
    await open({ ...PROVIDER, provider_label: 'Tài khoản tỉnh' }, '/login')
    expect(page.by('by-passkey')).toBeNull() // this browser knows none
    expect(page.by('by-provider')?.textContent).toContain('Tài khoản tỉnh')
  })
  it('leaves for the provider with a path of our own only', async () => {
    const left = vi.spyOn(window.location, 'assign').mockImplementation(() => undefined)
    centre.answers.set('POST /api/v1/session/provider', { body: { url: 'https://sso.vn/a' } })
    for (const [next, kept] of [
      ['/desk', '/desk'],
      ['//evil.vn', '/'],
    ]) {
      await open(PROVIDER, `/login?next=${next}`)
      page.by('by-provider')!.click()
      await flushPromises()
      expect(centre.requests.at(-1)?.body).toEqual({ next: kept })
    }
    expect(left).toHaveBeenLastCalledWith('https://sso.vn/a')
    left.mockRestore()
  })
  it.each([
    ['provider_unknown', 'chưa được gắn'],
    ['provider_clock', 'lệch'],
    ['<b>anything</b>', 'không hợp lệ'],
  ])('says why the provider’s log-in did not work: %s', async (problem, words) => {
    await open(PROVIDER, `/login?problem=${encodeURIComponent(problem)}`)
    expect(shown()).toContain(words)
    expect(page.place.innerHTML).not.toContain('anything')
  })
  it('asks for a code only when the centre does, and sends both', async () => {
    await firstStep()
    expect(shown()).toBe('')
    expect(field('password')).toBeNull()
    answer(200, IN)
    page.fill('code', '123456')
    await page.send()
    expect(centre.requests.at(-1)?.body).toEqual({
      username: 'chien',
      password: 'một câu dài',
      code: '123456',
    })
    expect(session.me?.username).toBe('chien')
    expect(page.router.currentRoute.value.path).toBe('/alerts')
  })
  it('stays at the code when it is wrong, and says why', async () => {
    await firstStep()
    refuse(401, 'wrong_code')
    page.fill('code', '000000')
    await page.send()
    expect(shown()).toBe('vi wrong_code')
    expect(field('code')?.value).toBe('')
  })
  it('goes back to the password when that is refused', async () => {
    await firstStep()
    refuse(401, 'wrong_login')
    page.fill('code', '123456')
    await page.send()
    expect(field('password')?.value).toBe('')
    expect(shown()).toContain('không đúng')
  })
  it('says how long to wait', async () => {
    refuse(429, 'too_many_attempts')
    page.fill('username', 'chien')
    page.fill('password', 'x')
    await page.send()
    expect(shown()).toBe('vi too_many_attempts')
  })
})
