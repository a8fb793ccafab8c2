/**
 * Who is logged in. The cookie is the centre's and unreadable here; this only mirrors it.
 *
 * Roles decide what the console offers; what is allowed is decided by the centre alone.
 */
import { computed, reactive, readonly } from 'vue'
import * as accounts from '@/api/accounts'
import { ApiError, onUnauthorised } from '@/api/client'
import * as passkeys from '@/api/passkeys'
import { silence } from '@/field/push'
import { provePasskey } from '@/passkey'
import { startLive, stopLive } from './live'

const state = reactive<{ me: accounts.Me | null; known: boolean; expired: boolean }>({
  me: null,
  known: false,
  expired: false,
})
export const session = readonly(state)
/** Who was logged in on this device: a phone that starts without a network shows their page. */
const LAST = 'songlam.me'

/** What each role is offered. */
const OFFERS: Record<accounts.Role, readonly Offer[]> = {
  admin: [
    'fleet',
    'feeds',
    'users',
    'keep',
    'suspend',
    'draw',
    'train',
    'audit',
    'book',
    'rota',
    'contacts',
    'wall',
  ],
  technician: ['fleet', 'feeds', 'train'],
  operator: ['review', 'feeds', 'suspend', 'book', 'hand_over', 'rota', 'silence'],
  shift_lead: [
    'review',
    'suspend',
    'draw',
    'book',
    'hand_over',
    'rota',
    'silence',
    'on_call',
    'wall',
  ],
  officer: ['review', 'keep', 'desk', 'suspend', 'plates', 'book', 'hand_over', 'rota', 'silence'],
  commander: [
    'review',
    'keep',
    'desk',
    'suspend',
    'draw',
    'train',
    'plates',
    'book',
    'hand_over',
    'rota',
    'silence',
    'on_call',
  ],
  commune_police: ['review', 'plates', 'book', 'hand_over'],
  auditor: ['desk', 'audit', 'plates', 'book'],
  leader: [],
}
/**
 * Deciding on incidents; boxes and models; feeds; accounts; evidence to hold and take out; the
 * review desk; letting rules rest; drawing samples; taking out training data; the audit log; number
 * plates; past handovers; handing a shift over; seeing shifts and silences; silencing; putting
 * people on call; how people are reached; screens that show the wall without a log-in.
 */
export type Offer =
  | 'review'
  | 'fleet'
  | 'feeds'
  | 'users'
  | 'keep'
  | 'desk'
  | 'suspend'
  | 'draw'
  | 'train'
  | 'audit'
  | 'plates'
  | 'book'
  | 'hand_over'
  | 'rota'
  | 'silence'
  | 'on_call'
  | 'contacts'
  | 'wall'
/** What cannot be divided by communes: only for who sees the whole province. */
const WHOLE: readonly Offer[] = ['rota', 'silence', 'on_call', 'contacts']

/** Whether the present user is offered an action (reactive). */
export function may(offer: Offer): boolean {
  if (!state.me || !OFFERS[state.me.role].includes(offer)) return false
  return !WHOLE.includes(offer) || state.me.areas.includes(accounts.PROVINCE)
}
/** Whether this screen is a video wall: nobody is logged in, and it only shows the wall. */
export const isWall = computed(() => state.me?.username.startsWith('wall:') ?? false)
export const canReview = computed(() => may('review'))

function lastHere(): accounts.Me | null {
  try {
    return JSON.parse(localStorage.getItem(LAST) ?? 'null') as accounts.Me | null
  } catch {
    return null // storage forbidden, or not ours: the log-in page it is
  }
}

function remember(me: accounts.Me | null): void {
  try {
    if (me && !me.must_change_password) localStorage.setItem(LAST, JSON.stringify(me))
    else localStorage.removeItem(LAST)
  } catch {
    // Storage forbidden: without a network there is only the log-in page.
  }
}

function enter(me: accounts.Me | null): void {
  state.me = me
  state.known = true
  remember(me)
  if (me && !me.must_change_password && !me.must_enrol) startLive(expire)
  else stopLive()
}

function expire(): void {
  state.expired = state.me !== null
  enter(null)
}
onUnauthorised(expire)

/**
 * Ask the centre who we are; null when nobody is logged in.
 *
 * Where it cannot be reached it is who was here last, and the centre is asked again with the next page;
 * raises when nobody was.
 */
export async function loadSession(): Promise<accounts.Me | null> {
  if (state.known) return state.me
  try {
    enter(await accounts.getSession())
  } catch (error) {
    if (error instanceof ApiError && error.status === 0 && lastHere()) {
      state.me ??= lastHere()
      startLive(expire)
      return state.me
    }
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

/** Log in with a passkey: the one that was offered and taken, or whatever the browser asks for. */
export async function logInByPasskey(offered?: passkeys.PasskeyProof): Promise<void> {
  const proof = offered ?? (await provePasskey(await passkeys.passkeyChallenge()))
  const me = await passkeys.logInByPasskey(proof)
  state.expired = false
  enter(me)
}

export async function logOut(): Promise<void> {
  // A browser that does not answer is silenced by the centre all the same.
  await silence().catch(() => undefined)
  try {
    const left = await accounts.logOut()
    if (left?.provider_url) window.location.assign(left.provider_url)
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
