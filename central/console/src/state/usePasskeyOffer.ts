/**
 * Passkeys offered by the browser beside the field for the user name, until another way is taken.
 *
 * Invariants: one request of the browser at a time; a challenge is renewed before it is too old; it
 * ends with the component. Where a browser cannot, or the centre does not answer, nothing happens:
 * the buttons are there.
 */
import { onBeforeUnmount } from 'vue'
import { ApiError } from '@/api/client'
import { type PasskeyProof, passkeyChallenge } from '@/api/passkeys'
import { PasskeyError, offersPasskeys, provePasskey } from '@/passkey'

/** At which part of its life a challenge is renewed. */
const RENEWED = 0.9

export function usePasskeyOffer(taken: (proof: PasskeyProof) => void) {
  let present: AbortController | null = null

  async function start(): Promise<void> {
    stop()
    const mine = (present = new AbortController())
    try {
      const proof = await offer(mine.signal)
      if (!proof || mine.signal.aborted) return
      stop()
      taken(proof)
    } catch (error) {
      if (!(error instanceof PasskeyError || error instanceof ApiError)) throw error
    }
  }
  async function offer(ended: AbortSignal): Promise<PasskeyProof | null> {
    if (!(await offersPasskeys()) || ended.aborted) return null
    const challenge = await passkeyChallenge()
    if (ended.aborted) return null
    const renewal = window.setTimeout(() => void start(), challenge.timeout_ms * RENEWED)
    ended.addEventListener('abort', () => window.clearTimeout(renewal))
    return provePasskey(challenge, ended)
  }
  function stop(): void {
    present?.abort()
    present = null
  }
  onBeforeUnmount(stop)
  return { start, stop }
}
