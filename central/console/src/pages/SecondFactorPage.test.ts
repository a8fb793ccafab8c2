import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { logIn, logOut, session } from '@/state/session'
import { FakeCentre } from '@/testing/centre'
import { flushPromises } from '@/testing/flush'
import { type Drawn, draw } from '@/testing/page'
import SecondFactorPage from './SecondFactorPage.vue'

const ME = {
  username: 'dung',
  display_name: 'D',
  role: 'commander',
  areas: ['*'],
  must_change_password: false,
}
const FACTOR = '/api/v1/session/second-factor'
const CODES = ['aaaaaa-bbbbbb', 'cccccc-dddddd']
let centre: FakeCentre
let page: Drawn

beforeEach(() => {
  centre = new FakeCentre().install()
  centre.answers.set('DELETE /api/v1/session', { body: null })
})
afterEach(async () => {
  page.app.unmount()
  await logOut().catch(() => undefined)
  centre.remove()
})

async function open(since: string | null, required: boolean): Promise<void> {
  const me = { ...ME, second_factor: since !== null, must_enrol: required && !since }
  centre.answers.set('POST /api/v1/session', { body: me })
  centre.answers.set('GET /api/v1/session', {
    body: { ...me, second_factor: true, must_enrol: false },
  })
  centre.answers.set(`GET ${FACTOR}`, { body: { since, required, recovery_codes_left: 7 } })
  await logIn('dung', 'x')
  page = await draw(SecondFactorPage, '/second-factor')
}

describe('one’s own second factor', () => {
  it('is set up with a picture, a first code, and recovery codes that are kept', async () => {
    await open(null, true)
    expect(page.place.textContent).toContain('phải bật xác thực hai lớp')
    centre.answers.set(`POST ${FACTOR}`, {
      body: { secret: 'ABCD', uri: 'otpauth://totp/x', qr_url: 'data:image/svg+xml,x' },
    })
    page.fill('password', 'một câu dài')
    await flushPromises()
    await page.send()
    expect(page.by('qr')?.getAttribute('src')).toBe('data:image/svg+xml,x')
    centre.answers.set(`POST ${FACTOR}/confirm`, { body: { codes: CODES } })
    page.fill('code', '123456')
    await page.send()
    expect(page.by('recovery-codes')?.textContent).toContain(CODES[1])
    const kept = page.by('kept') as HTMLButtonElement
    expect(kept.disabled).toBe(true)
    page.place.querySelector<HTMLInputElement>('[type=checkbox]')!.click()
    await flushPromises()
    kept.click()
    await flushPromises()
    expect(session.me?.must_enrol).toBe(false)
    expect(page.router.currentRoute.value.path).toBe('/')
  })
  it('says why a code was refused, and keeps the picture', async () => {
    await open(null, false)
    centre.answers.set(`POST ${FACTOR}`, { body: { secret: 'A', uri: 'u', qr_url: 'data:,x' } })
    page.fill('password', 'x')
    await page.send()
    const detail = { code: 'wrong_code', message_vi: 'Mã không đúng.', message_en: '' }
    centre.answers.set(`POST ${FACTOR}/confirm`, { status: 422, body: { detail } })
    page.fill('code', '000000')
    await page.send()
    expect(page.place.querySelector('[role=alert]')?.textContent).toBe('Mã không đúng.')
    expect(page.by('qr')).not.toBeNull()
  })
  it('cannot be turned off where the role owes it', async () => {
    await open('2026-11-23T03:00:00Z', true)
    expect(page.by('factor-state')?.textContent).toContain('Còn 7 mã khôi phục')
    expect(page.place.querySelector('.danger')).toBeNull()
    expect(page.place.textContent).toContain('không tắt được')
  })
  it('can be turned off by whoever chose it, after a question', async () => {
    await open('2026-11-23T03:00:00Z', false)
    centre.answers.set(`POST ${FACTOR}/remove`, { body: null })
    page.fill('password', 'một câu dài')
    await flushPromises()
    let asked = ''
    window.confirm = (text?: string) => {
      asked = text ?? ''
      return true
    }
    page.place.querySelector<HTMLButtonElement>('.danger')!.click()
    await flushPromises()
    expect(asked).toContain('chỉ cần mật khẩu')
    expect(centre.requests.map((each) => each.path)).toContain(`${FACTOR}/remove`)
  })
})
