/**
 * Who is logged in. The cookie is the centre's and unreadable here; this only mirrors it.
 *
 * Roles decide what the console offers; what is allowed is decided by the centre alone.
 */
import { computed, reactive, readonly } from 'vue'
import * as accounts from '@/api/accounts'
import { ApiError, onUnauthorised } from '@/api/client'
import { startLive, stopLive } from './live'

const state = reactive<{ me: accounts.Me | null; known: boolean; expired: boolean }>({
  me: null,
  known: false,
  expired: false,
})
export const session = readonly(state)

/** What each role is offered. */
const OFFERS: Record<accounts.Role, readonly Offer[]> = {
  admin: ['fleet', 'feeds', 'users', 'keep', 'suspend', 'audit'],
  technician: ['fleet', 'feeds'],
  operator: ['review', 'feeds', 'suspend'],
  shift_lead: ['review', 'suspend'],
  officer: ['review', 'keep', 'desk', 'suspend', 'plates'],
  commander: ['review', 'keep', 'desk', 'suspend', 'plates'],
  commune_police: ['review', 'plates'],
  auditor: ['desk', 'audit', 'plates'],
  leader: [],
}
/**
 * Deciding on incidents; boxes and models; feeds; accounts; evidence to hold and take out; the
 * review desk; letting rules rest; the audit log; number plates.
 */
export type Offer =
  'review' | 'fleet' | 'feeds' | 'users' | 'keep' | 'desk' | 'suspend' | 'audit' | 'plates'

/** Whether the present user is offered an action (reactive). */
export function may(offer: Offer): boolean {
  return state.me !== null && OFFERS[state.me.role].includes(offer)
}
export const canReview = computed(() => may('review'))

function enter(me: accounts.Me | null): void {
  state.me = me
  state.known = true
  if (me && !me.must_change_password && !me.must_enrol) startLive(expire)
  else stopLive()
}

function expire(): void {
  state.expired = state.me !== null
  enter(null)
}
onUnauthorised(expire)

/** Ask the centre who we are; null when nobody is logged in. Raises when it cannot be reached. */
export async function loadSession(): Promise<accounts.Me | null> {
  if (state.known) return state.me
  try {
    enter(await accounts.getSession())
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error
    enter(null)
  }
  return state.me
}

export async function logIn(username: string, password: string, code?: string): Promise<void> {
  const me = await accounts.logIn(username, password, code)
  state.expired = false
  enter(me)
}

export async function logOut(): Promise<void> {
  try {
    await accounts.logOut()
  } finally {
    enter(null)
  }
}

export async function changePassword(current: string, next: string): Promise<void> {
  enter(await accounts.changePassword(current, next))
}

/** Ask the centre anew who we are: something about how we log in has changed. */
export async function refreshSession(): Promise<void> {
  enter(await accounts.getSession())
}
