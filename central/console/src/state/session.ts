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
  admin: ['fleet', 'feeds', 'users', 'keep', 'suspend', 'book', 'rota', 'contacts'],
  technician: ['fleet', 'feeds'],
  operator: ['review', 'feeds', 'suspend', 'book', 'hand_over', 'rota', 'silence'],
  shift_lead: ['review', 'suspend', 'book', 'hand_over', 'rota', 'silence', 'on_call'],
  officer: ['review', 'keep', 'desk', 'suspend', 'book', 'hand_over', 'rota', 'silence'],
  commander: [
    'review',
    'keep',
    'desk',
    'suspend',
    'book',
    'hand_over',
    'rota',
    'silence',
    'on_call',
  ],
  commune_police: ['review', 'book', 'hand_over'],
  auditor: ['desk', 'book'],
  leader: [],
}
/**
 * Deciding on incidents; boxes and models; feeds; accounts; holding and taking out evidence; the
 * review desk; letting rules rest; reading past handovers; handing a shift over; seeing shifts and
 * silences; silencing; putting people on call; saying how people are reached.
 */
export type Offer =
  | 'review'
  | 'fleet'
  | 'feeds'
  | 'users'
  | 'keep'
  | 'desk'
  | 'suspend'
  | 'book'
  | 'hand_over'
  | 'rota'
  | 'silence'
  | 'on_call'
  | 'contacts'
/** What cannot be divided by communes: only for who sees the whole province. */
const WHOLE: readonly Offer[] = ['rota', 'silence', 'on_call', 'contacts']

/** Whether the present user is offered an action (reactive). */
export function may(offer: Offer): boolean {
  if (!state.me || !OFFERS[state.me.role].includes(offer)) return false
  return !WHOLE.includes(offer) || state.me.areas.includes(accounts.PROVINCE)
}
export const canReview = computed(() => may('review'))

function enter(me: accounts.Me | null): void {
  state.me = me
  state.known = true
  if (me && !me.must_change_password) startLive(expire)
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

export async function logIn(username: string, password: string): Promise<void> {
  const me = await accounts.logIn(username, password)
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
