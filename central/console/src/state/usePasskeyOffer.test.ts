import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createApp, h } from 'vue'
import { FakeCentre } from '@/testing/centre'
import { flushPromises } from '@/testing/flush'
import { usePasskeyOffer } from './usePasskeyOffer'

const CHALLENGE = { challenge: 'AAAA', rp_id: 'localhost', timeout_ms: 300_000 }
const signed = new Uint8Array([1]).buffer
const GIVEN = {
  id: 'key-1',
  response: {
    clientDataJSON: signed,
    authenticatorData: signed,
    signature: signed,
    userHandle: null,
  },
}
let centre: FakeCentre
let able: boolean
let asked: CredentialRequestOptions[]
let pick: (given: unknown) => void
let end: () => void
let offer: ReturnType<typeof usePasskeyOffer>
const taken = vi.fn()

beforeEach(() => {
  centre = new FakeCentre().install()
  centre.answers.set('POST /api/v1/session/passkey/challenge', { body: CHALLENGE })
  able = true
  asked = []
  taken.mockReset()
  vi.stubGlobal(
    'PublicKeyCredential',
    class {
      static isConditionalMediationAvailable = () => Promise.resolve(able)
    },
  )
  Object.defineProperty(navigator, 'credentials', {
    configurable: true,
    value: {
      get: (options: CredentialRequestOptions) => {
        asked.push(options)
        return new Promise((resolve, reject) => {
          pick = resolve
          options.signal?.addEventListener('abort', () =>
            reject(new DOMException('over', 'AbortError')),
          )
        })
      },
    },
  })
  const app = createApp({
    setup: () => {
      offer = usePasskeyOffer(taken)
      return () => h('p')
    },
  })
  app.mount(document.createElement('div'))
  end = () => app.unmount()
})
afterEach(() => {
  end()
  centre.remove()
  vi.useRealTimers()
})

describe('a passkey offered beside the user name', () => {
  it('is asked for without a question, and what was picked is handed on', async () => {
    void offer.start()
    await flushPromises()
    expect(asked[0]).toMatchObject({ mediation: 'conditional' })
    pick(GIVEN)
    await flushPromises()
    expect(taken).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ challenge: 'AAAA', credential_id: 'key-1' }),
    )
  })
  it('is not asked for where the browser cannot', async () => {
    able = false
    await offer.start()
    expect([asked.length, centre.requests.length]).toEqual([0, 0])
  })
  it('ends with another way, and with the page', async () => {
    for (const ending of [offer.stop, end]) {
      void offer.start()
      await flushPromises()
      ending()
      expect(asked.at(-1)?.signal?.aborted).toBe(true)
    }
    expect(asked).toHaveLength(2)
    expect(taken).not.toHaveBeenCalled()
  })
  it('is asked for anew before its challenge is too old, one at a time', async () => {
    vi.useFakeTimers()
    void offer.start()
    await vi.advanceTimersByTimeAsync(269_000)
    expect(asked).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(2_000)
    expect(asked.map((each) => each.signal?.aborted)).toEqual([true, false])
  })
  it('does nothing where the centre does not answer', async () => {
    centre.answers.set('POST /api/v1/session/passkey/challenge', { status: 503 })
    await offer.start()
    expect(asked).toHaveLength(0)
  })
})
