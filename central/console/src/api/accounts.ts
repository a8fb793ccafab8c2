/** Sessions, users and the messages that could not be read. */
import { type Page, del, get, patch, post } from './client'

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
}

export interface User extends Me {
  disabled: boolean
  created_at: string
}

export interface OneTimePassword {
  username: string
  password: string
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
export const logIn = (username: string, password: string) =>
  post<Me>('/session', { username, password })
export const logOut = () => del<null>('/session')
export const changePassword = (old_password: string, new_password: string) =>
  post<Me>('/session/password', { old_password, new_password })

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
