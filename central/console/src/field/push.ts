/**
 * Letting this phone ring: permission, the browser's subscription, and the centre that is told of it.
 *
 * A subscription is renewed whenever the page opens, because browsers change theirs without a word
 * and a new log-in is a new owner.
 */
import { type PushState, dropSubscription, getPush, putSubscription } from '@/api/field'

/**
 * How this phone stands: `unsupported` (an iPhone: put the page on the home screen first), `absent` (the
 * centre has it switched off), `denied` (in the browser's settings), `off` or `on`.
 */
export type Ringing = 'unsupported' | 'absent' | 'denied' | 'off' | 'on'

const supported = () =>
  'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window

/** What the browser wants of a key in base64url. */
export function keyBytes(key: string): Uint8Array<ArrayBuffer> {
  const text = atob(key.replace(/-/g, '+').replace(/_/g, '/'))
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0))
}

async function subscriptionFor(state: PushState): Promise<PushSubscription> {
  const { pushManager } = await navigator.serviceWorker.ready
  const known = await pushManager.getSubscription()
  const options = { userVisibleOnly: true, applicationServerKey: keyBytes(state.public_key) }
  try {
    return await pushManager.subscribe(options)
  } catch (error) {
    // Made for another key, as after the centre's was lost: begin anew.
    if (!known) throw error
    await known.unsubscribe()
    return pushManager.subscribe(options)
  }
}

/** How this phone stands; one that may ring is renewed on the way. */
export async function lookAtPush(): Promise<Ringing> {
  if (!supported()) return 'unsupported'
  const state = await getPush()
  if (!state.available) return 'absent'
  if (Notification.permission === 'denied') return 'denied'
  if (Notification.permission !== 'granted') return 'off'
  const registration = await navigator.serviceWorker.getRegistration()
  if (!(await registration?.pushManager.getSubscription())) return 'off'
  await putSubscription((await subscriptionFor(state)).toJSON())
  return 'on'
}

/** Let this phone ring; must be called from a tap, which the browser asks for. */
export async function startRinging(): Promise<Ringing> {
  const state = await getPush()
  if (!state.available) return 'absent'
  if ((await Notification.requestPermission()) !== 'granted') return 'denied'
  await putSubscription((await subscriptionFor(state)).toJSON())
  return 'on'
}

/** Let the browser forget its subscription: whoever uses it next hears nothing that was not theirs. */
export async function silence(): Promise<void> {
  if (!supported()) return
  const registration = await navigator.serviceWorker.getRegistration()
  await (await registration?.pushManager.getSubscription())?.unsubscribe()
}

export async function stopRinging(): Promise<Ringing> {
  await silence()
  await dropSubscription()
  return 'off'
}
