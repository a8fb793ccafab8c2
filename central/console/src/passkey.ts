/** The browser's side of passkeys: have one made, have one sign. The centre checks everything. */
import type { NewPasskey, NewPasskeyOptions, PasskeyChallenge, PasskeyProof } from '@/api/passkeys'

/** Why a browser gave no passkey, as a key of the texts: `passkey.failed.…`. */
export class PasskeyError extends Error {
  constructor(readonly why: 'cancelled' | 'present' | 'failed') {
    super(why)
  }
}

/** Whether this browser knows passkeys at all. */
export const knowsPasskeys = () =>
  typeof PublicKeyCredential !== 'undefined' && 'credentials' in navigator

/** Whether this browser can offer passkeys by itself, beside a field for the user name. */
export const offersPasskeys = async (): Promise<boolean> =>
  knowsPasskeys() && (await PublicKeyCredential.isConditionalMediationAvailable?.()) === true

/** Have a device make a passkey that it keeps and asks finger, face or PIN for. */
export async function makePasskey(options: NewPasskeyOptions): Promise<NewPasskey> {
  const made = await asked(() =>
    navigator.credentials.create({
      publicKey: {
        challenge: bytes(options.challenge),
        rp: { id: options.rp_id, name: 'Sông Lam' },
        user: {
          id: bytes(options.user_handle),
          name: options.username,
          displayName: options.display_name,
        },
        pubKeyCredParams: options.algorithms.map((alg) => ({ type: 'public-key', alg })),
        excludeCredentials: options.exclude.map((id) => ({ type: 'public-key', id: bytes(id) })),
        authenticatorSelection: {
          residentKey: 'required',
          requireResidentKey: true,
          userVerification: 'required',
        },
        attestation: 'none',
        timeout: options.timeout_ms,
      },
    }),
  )
  const response = made.response as AuthenticatorAttestationResponse
  return {
    challenge: options.challenge,
    credential_id: made.id,
    client_data: text(response.clientDataJSON),
    attestation: text(response.attestationObject),
  }
}

/**
 * Have a device sign for whoever unlocks it. With `offered` nobody is asked: the browser offers
 * passkeys where a user name is filled in, until that is aborted.
 */
export async function provePasskey(
  options: PasskeyChallenge,
  offered?: AbortSignal,
): Promise<PasskeyProof> {
  const given = await asked(() =>
    navigator.credentials.get({
      ...(offered ? { mediation: 'conditional', signal: offered } : {}),
      publicKey: {
        challenge: bytes(options.challenge),
        rpId: options.rp_id,
        userVerification: 'required',
        timeout: options.timeout_ms,
      },
    }),
  )
  const response = given.response as AuthenticatorAssertionResponse
  return {
    challenge: options.challenge,
    credential_id: given.id,
    client_data: text(response.clientDataJSON),
    authenticator_data: text(response.authenticatorData),
    signature: text(response.signature),
    user_handle: response.userHandle?.byteLength ? text(response.userHandle) : null,
  }
}

/** Ask the browser, and say in a word why it gave nothing. */
async function asked(ask: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  let given: Credential | null
  try {
    given = await ask()
  } catch (error) {
    const name = error instanceof Error ? error.name : ''
    // Browsers do not tell apart who said no, let it time out, or has no passkey here.
    if (name === 'NotAllowedError' || name === 'AbortError') throw new PasskeyError('cancelled')
    throw new PasskeyError(name === 'InvalidStateError' ? 'present' : 'failed')
  }
  if (!given) throw new PasskeyError('cancelled')
  return given as PublicKeyCredential
}

/** The bytes of base64url. */
export function bytes(coded: string): Uint8Array<ArrayBuffer> {
  const plain = atob(coded.replace(/-/g, '+').replace(/_/g, '/'))
  return Uint8Array.from(plain, (sign) => sign.charCodeAt(0))
}

/** Bytes as base64url without padding. */
export function text(raw: ArrayBuffer): string {
  const plain = String.fromCharCode(...new Uint8Array(raw))
  return btoa(plain).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
}
