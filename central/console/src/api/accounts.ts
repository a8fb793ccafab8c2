/** Sessions, users and the messages that could not be read. */
import { type Page, del, get, patch, post, put } from './client'

export type Role =
  | 'admin'
  | 'technician'
  | 'operator'
  | 'shift_lead'
  | 'officer'
  | 'commander'
  | 'commune_police'
  | 'auditor'
  | 'leader'
export const ROLES: readonly Role[] = [
  'operator',
  'shift_lead',
  'officer',
  'commander',
  'commune_police',
  'technician',
  'auditor',
  'leader',
  'admin',
]
/** In place of the codes of communes: the whole province. */
export const PROVINCE = '*'

export interface Me {
  username: string
  display_name: string
  role: Role
  /** Codes of communes, or `*`: whose things they see. */
  areas: string[]
  must_change_password: boolean
  /** Whether a code of their phone is asked for at log-in. */
  second_factor: boolean
  /** Whether their role must set one up before anything else. */
  must_enrol: boolean
}

export interface User extends Me {
  disabled: boolean
  created_at: string
  passkeys: number
  /** Who they are at the provider that is configured. */
  identity: string | null
}

/** How one may log in here beside the password. */
export interface WaysIn {
  passkey: boolean
  /** Whether the province's own directory can be asked. */
  provider: boolean
  /** What its button says; empty for our own words. */
  provider_label: string
}

export interface OneTimePassword {
  username: string
  password: string
}

/** Where one stands with one's own second factor. */
export interface SecondFactor {
  since: string | null
  /** The role must have one, so it cannot be turned off. */
  required: boolean
  recovery_codes_left: number
}

/** What a phone needs to make codes; not shown again. */
export interface NewSecret {
  secret: string
  uri: string
  /** SVG as a `data:` address. */
  qr_url: string
}

export interface QuarantineItem {
  id: number
  received_at: string
  last_received_at: string
  /** How often the very same message came. */
  occurrences: number
  topic: string
  box_id: string | null
  reason: string
  size_bytes: number
  sha256: string
  preview: string
  payload_kept: boolean
  dismissed_at: string | null
  dismissed_by: string | null
}

export const getSession = () => get<Me>('/session')
export const logIn = (username: string, password: string, code?: string) =>
  post<Me>('/session', { username, password, code })
export const getWaysIn = () => get<WaysIn>('/session/ways')
export const leaveForProvider = (next: string) =>
  post<{ url: string }>('/session/provider', { next })
export const linkIdentity = (username: string, subject: string) =>
  put<User>(`/users/${encodeURIComponent(username)}/identity`, { subject })
export const unlinkIdentity = (username: string) =>
  del<User>(`/users/${encodeURIComponent(username)}/identity`)
/** `provider_url`: where the browser must go to be logged out at the provider it came through. */
export const logOut = () => del<{ provider_url: string | null }>('/session')
export const changePassword = (old_password: string, new_password: string) =>
  post<Me>('/session/password', { old_password, new_password })

const FACTOR = '/session/second-factor'
export const getSecondFactor = () => get<SecondFactor>(FACTOR)
export const beginSecondFactor = (password: string) => post<NewSecret>(FACTOR, { password })
export const confirmSecondFactor = (code: string) =>
  post<{ codes: string[] }>(`${FACTOR}/confirm`, { code })
export const renewRecoveryCodes = (password: string) =>
  post<{ codes: string[] }>(`${FACTOR}/recovery-codes`, { password })
export const removeSecondFactor = (password: string) => post<null>(`${FACTOR}/remove`, { password })
export const resetSecondFactor = (username: string) =>
  del<User>(`/users/${encodeURIComponent(username)}/second-factor`)

export const listUsers = () => get<Page<User>>('/users')
export const createUser = (user: {
  username: string
  display_name: string
  role: Role
  areas: string[]
}) => post<OneTimePassword>('/users', user)
export const changeUser = (
  username: string,
  change: { role?: Role; areas?: string[]; disabled?: boolean },
) => patch<User>(`/users/${encodeURIComponent(username)}`, change)
export const resetPassword = (username: string) =>
  post<OneTimePassword>(`/users/${encodeURIComponent(username)}/password`)

export const listQuarantine = () => get<Page<QuarantineItem>>('/quarantine')
export const dismissQuarantine = (id: number) => post<null>(`/quarantine/${id}/dismiss`)
export const quarantinePayloadUrl = (id: number) => `/api/v1/quarantine/${id}/payload`
