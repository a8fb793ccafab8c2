/** Passkeys: one's own, and log-in with one. Bytes travel as base64url. */
import { type Me, type User } from './accounts'
import { del, get, patch, post } from './client'

export interface Passkey {
  id: number
  name: string
  created_at: string
  last_used_at: string | null
  /** When its counter went back: it logs in no more and is to be removed. */
  cloned_at: string | null
}

export interface Passkeys {
  items: Passkey[]
  next_cursor: string | null
  /** Browsers offer passkeys only to a named host under https. */
  possible: boolean
}

/** What a browser needs to ask for a passkey; it counts once. */
export interface PasskeyChallenge {
  challenge: string
  rp_id: string
  timeout_ms: number
}

/** What a browser needs to have a passkey made. */
export interface NewPasskeyOptions extends PasskeyChallenge {
  user_handle: string
  username: string
  display_name: string
  algorithms: number[]
  exclude: string[]
}

/** A passkey that a device made. */
export interface NewPasskey {
  challenge: string
  credential_id: string
  client_data: string
  attestation: string
}

/** What a device signed to log its owner in. */
export interface PasskeyProof {
  challenge: string
  credential_id: string
  client_data: string
  authenticator_data: string
  signature: string
  user_handle: string | null
}

const OWN = '/session/passkeys'
export const listPasskeys = () => get<Passkeys>(OWN)
export const beginPasskey = (password: string) => post<NewPasskeyOptions>(OWN, { password })
export const confirmPasskey = (made: NewPasskey, name: string) =>
  post<Passkeys>(`${OWN}/confirm`, { ...made, name })
export const renamePasskey = (id: number, name: string) => patch<Passkeys>(`${OWN}/${id}`, { name })
export const removePasskey = (id: number, password: string) =>
  post<Passkeys>(`${OWN}/${id}/remove`, { password })
export const passkeyChallenge = () => post<PasskeyChallenge>('/session/passkey/challenge')
export const logInByPasskey = (proof: PasskeyProof) => post<Me>('/session/passkey', proof)
export const removePasskeys = (username: string) =>
  del<User>(`/users/${encodeURIComponent(username)}/passkeys`)
