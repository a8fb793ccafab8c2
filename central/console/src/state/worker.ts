/**
 * The page's worker: it keeps the shell on this device and shows what is pushed (`worker/sw.js`).
 *
 * A new release is taken when the page opens; while somebody works it is only offered.
 */
import { i18n } from '@/i18n'
import { toast } from './toasts'

const LOOK_EVERY_S = 3600
const t = i18n.global.t
let kept = false

/** Register the worker, once; elsewhere than in a built console there is none. */
export async function keepShell(): Promise<void> {
  if (kept || !import.meta.env.PROD || !('serviceWorker' in navigator)) return
  kept = true
  // Refused in a private window: the page works as any other.
  const registration = await navigator.serviceWorker.register('/sw.js').catch(() => null)
  if (!registration) return
  if (registration.waiting && navigator.serviceWorker.controller) return take(registration.waiting)
  registration.addEventListener('updatefound', () => {
    const next = registration.installing
    next?.addEventListener('statechange', () => {
      if (next.state === 'installed' && navigator.serviceWorker.controller) offer(next)
    })
  })
  window.setInterval(() => void registration.update().catch(() => undefined), LOOK_EVERY_S * 1000)
}

function offer(next: ServiceWorker): void {
  const action = { label: t('field.release.take'), run: () => take(next) }
  toast(t('field.release.found'), { action, seconds: 600 })
}

function take(next: ServiceWorker): void {
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), {
    once: true,
  })
  next.postMessage('take over')
}
