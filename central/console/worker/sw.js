/**
 * The console's worker: the shell from this device, news as notifications.
 *
 * Invariants:
 *   * what the centre knows (`/api` and the like) never passes through here: no answer of it is kept,
 *     and none can be stale;
 *   * one release is one cache, filled whole or not at all; the one before goes when the new one takes
 *     over, never under a page that still runs it;
 *   * a notification says what kind of incident it is and the code, and opens a page of our own only.
 *
 * The build puts the list of files and its version in place of __SHELL__ (vite.config.ts).
 */
const SHELL = __SHELL__
const PREFIX = 'songlam-shell-'
const CACHE = PREFIX + SHELL.version
const PAGE = '/'
const OF_THE_CENTRE = /^\/(api|healthz|readyz|metrics)(\/|$)/

self.addEventListener('install', (event) => event.waitUntil(fill()))
self.addEventListener('activate', (event) => event.waitUntil(takeOver()))
self.addEventListener('message', (event) => {
  if (event.data === 'take over') void self.skipWaiting()
})
self.addEventListener('fetch', (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== self.location.origin) return
  if (OF_THE_CENTRE.test(url.pathname)) return
  if (request.mode === 'navigate') {
    event.respondWith(fromShell(PAGE, request))
    event.waitUntil(refresh().catch(() => undefined)) // without a network the kept page is right
  } else if (isShell(url.pathname)) event.respondWith(fromShell(url.pathname, request))
})

const isShell = (path) => SHELL.files.includes(path) || path.startsWith('/assets/')

async function fill() {
  const cache = await caches.open(CACHE)
  await Promise.all(
    [PAGE, ...SHELL.files].map(async (path) => {
      // Past the browser's own cache: a shell is made of one release.
      const answer = await fetch(path, { cache: 'reload' })
      const isPage = (answer.headers.get('content-type') ?? '').startsWith('text/html')
      // For a file that is gone the centre gives its page: then this release is half there.
      if (!answer.ok || isPage !== (path === PAGE)) throw new Error(`no ${path}`)
      await cache.put(path, answer)
    }),
  )
}

async function takeOver() {
  const names = await caches.keys()
  const old = names.filter((name) => name.startsWith(PREFIX) && name !== CACHE)
  await Promise.all(old.map((name) => caches.delete(name)))
  await self.clients.claim()
}

async function fromShell(path, request) {
  const cache = await caches.open(CACHE)
  const kept = await cache.match(path)
  if (kept) return kept
  const answer = await fetch(request)
  // Names below /assets/ hold a hash of the content: what was fetched once stays true.
  if (answer.ok && path.startsWith('/assets/')) await cache.put(path, answer.clone())
  return answer
}

/** The page of this release with today's headers: what an installation allows may change without one. */
async function refresh() {
  const cache = await caches.open(CACHE)
  const [kept, answer] = await Promise.all([cache.match(PAGE), fetch(PAGE, { cache: 'no-cache' })])
  const same = kept && answer.ok && (await kept.text()) === (await answer.clone().text())
  if (same) await cache.put(PAGE, answer)
}

self.addEventListener('push', (event) => event.waitUntil(show(event.data)))
self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  event.waitUntil(openPage(event.notification.data))
})

function show(data) {
  const told = read(data)
  // Browsers demand that every message is shown; one that cannot be read is news all the same.
  return self.registration.showNotification(told.kind || 'Có cảnh báo mới', {
    body: told.code ? `Mã ${told.code}. Chạm để mở và tiếp nhận.` : 'Chạm để mở và tiếp nhận.',
    tag: told.code || 'songlam',
    renotify: true,
    requireInteraction: true,
    lang: 'vi',
    icon: '/icon-192.png',
    vibrate: [400, 120, 400],
    data: told.url,
  })
}

function read(data) {
  try {
    const told = data.json()
    const text = (value) => (typeof value === 'string' ? value.slice(0, 120) : '')
    return { code: text(told.code), kind: text(told.kind), url: text(told.url) }
  } catch {
    return { code: '', kind: '', url: '' }
  }
}

async function openPage(path) {
  const wanted = new URL(path || '/officer', self.location.origin)
  const own = wanted.origin === self.location.origin
  const url = own ? wanted.href : `${self.location.origin}/officer`
  const pages = await self.clients.matchAll({ type: 'window' })
  const page = pages.find((each) => new URL(each.url).pathname.startsWith('/officer')) ?? pages[0]
  if (!page) return self.clients.openWindow(url)
  const shown = await page.navigate(url)
  return shown?.focus()
}
