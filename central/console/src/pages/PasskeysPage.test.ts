import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { bytes, text } from '@/passkey'
import { logIn, logInByPasskey, logOut, session } from '@/state/session'
import { FakeCentre } from '@/testing/centre'
import { flushPromises } from '@/testing/flush'
import { type Drawn, draw } from '@/testing/page'
import PasskeysPage from './PasskeysPage.vue'

const ME = {
  username: 'dung',
  display_name: 'D',
  role: 'commander',
  areas: ['*'],
  must_change_password: false,
  second_factor: false,
}
const OWN = '/api/v1/session/passkeys'
const KEY = { id: 7, name: 'Máy cũ', created_at: '2026-11-23T03:00:00Z', last_used_at: null }
const OPTIONS = {
  challenge: 'AQID',
  rp_id: 'localhost',
  timeout_ms: 300000,
  user_handle: 'BAUG',
  username: 'dung',
  display_name: 'D',
  algorithms: [-8, -7, -257],
  exclude: ['-_-_'],
}
const raw = (...values: number[]) => new Uint8Array(values).buffer
const create = vi.fn()
const sign = vi.fn()
let centre: FakeCentre
let page: Drawn | null = null

beforeEach(() => {
  centre = new FakeCentre().install()
  centre.answers.set('DELETE /api/v1/session', { body: null })
  vi.stubGlobal('PublicKeyCredential', class {})
  Object.defineProperty(navigator, 'credentials', {
    value: { create, get: sign },
    configurable: true,
  })
})
afterEach(async () => {
  page?.app.unmount()
  page = null
  create.mockReset()
  sign.mockReset()
  await logOut().catch(() => undefined)
  centre.remove()
})

async function open(items: object[], possible = true, must_enrol = false): Promise<Drawn> {
  centre.answers.set('POST /api/v1/session', { body: { ...ME, must_enrol } })
  centre.answers.set('GET /api/v1/session', { body: { ...ME, must_enrol: false } })
  centre.answers.set(`GET ${OWN}`, { body: { items, next_cursor: null, possible } })
  await logIn('dung', 'x')
  return (page = await draw(PasskeysPage, '/passkeys'))
}
const shown = () => page!.place.querySelector('[role=alert]')?.textContent ?? ''
async function add(): Promise<void> {
  centre.answers.set(`POST ${OWN}`, { body: OPTIONS })
  page!.fill('password', 'một câu dài')
  page!.fill('name', 'Điện thoại')
  await page!.send()
}

describe('one’s own passkeys', () => {
  it('are made by the device, unlocked and discoverable, and sent with their name', async () => {
    await open([], true, true)
    create.mockResolvedValue({
      id: 'abc',
      response: { clientDataJSON: raw(251, 255), attestationObject: raw(1) },
    })
    centre.answers.set(`POST ${OWN}/confirm`, {
      body: { items: [{ ...KEY, cloned_at: null }], next_cursor: null, possible: true },
    })
    await add()
    await flushPromises()
    const asked = create.mock.calls[0]![0].publicKey
    expect(asked.authenticatorSelection.userVerification).toBe('required')
    expect(asked.authenticatorSelection.residentKey).toBe('required')
    expect([...asked.challenge]).toEqual([1, 2, 3])
    expect([...asked.excludeCredentials[0].id]).toEqual([251, 255, 191])
    const sent = centre.requests.find((each) => each.path === `${OWN}/confirm`)
    expect(sent?.body).toEqual({
      name: 'Điện thoại',
      challenge: 'AQID',
      credential_id: 'abc',
      client_data: '-_8',
      attestation: 'AQ',
    })
    expect(session.me?.must_enrol).toBe(false)
    expect(page!.router.currentRoute.value.path).toBe('/')
  })
  it.each([
    ['NotAllowedError', 'đã hủy'],
    ['InvalidStateError', 'đã có khóa'],
    ['SecurityError', 'không tạo'],
  ])('say why the browser gave none: %s', async (name, words) => {
    await open([])
    create.mockRejectedValue(Object.assign(new Error(), { name }))
    await add()
    expect(shown()).toContain(words)
  })
  it('warn of a copy, and are removed with the password after a question', async () => {
    await open([{ ...KEY, cloned_at: '2026-11-24T03:00:00Z' }])
    const remove = page!.by('remove') as HTMLButtonElement
    expect(page!.by('passkey')?.textContent).toContain('24/11/2026')
    expect(remove.disabled).toBe(true)
    page!.fill('password', 'một câu dài')
    await flushPromises()
    window.confirm = () => true
    centre.answers.set(`POST ${OWN}/7/remove`, {
      body: { items: [], next_cursor: null, possible: true },
    })
    remove.click()
    await flushPromises()
    expect(page!.by('no-passkeys')).not.toBeNull()
  })
  it('cannot be added where browsers offer none, and the page says so', async () => {
    await open([], false)
    expect(page!.place.textContent).toContain('https')
    expect(page!.place.querySelector('form')).toBeNull()
  })
  it('log in by what the device signs', async () => {
    centre.answers.set('POST /api/v1/session/passkey/challenge', { body: OPTIONS })
    centre.answers.set('POST /api/v1/session/passkey', { body: { ...ME, must_enrol: false } })
    sign.mockResolvedValue({
      id: 'abc',
      response: {
        clientDataJSON: raw(1),
        authenticatorData: raw(2),
        signature: raw(3),
        userHandle: raw(4),
      },
    })
    await logInByPasskey()
    expect(sign.mock.calls[0]![0].publicKey.userVerification).toBe('required')
    expect(centre.requests.at(-1)?.body).toEqual({
      challenge: 'AQID',
      credential_id: 'abc',
      client_data: 'AQ',
      authenticator_data: 'Ag',
      signature: 'Aw',
      user_handle: 'BA',
    })
    expect(session.me?.username).toBe('dung')
  })
  it('travel as base64url without padding', () => {
    expect([...bytes('-_8')]).toEqual([251, 255])
    expect(text(raw(251, 255))).toBe('-_8')
  })
})
