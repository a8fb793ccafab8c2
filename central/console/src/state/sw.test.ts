import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'

/** The worker's file, run with a small stand-in for what a browser gives a worker. */
const source = readFileSync(join(import.meta.dirname, '../../worker/sw.js'), 'utf8')
const FILES = ['/theme.js', '/assets/index-1.js']

interface Shown {
  title: string
  options: { body: string; data: string; tag: string }
}

class Browser {
  readonly listeners = new Map<string, (event: unknown) => void>()
  readonly caches = new Map<string, Map<string, Response>>()
  readonly asked: string[] = []
  readonly shown: Shown[] = []
  readonly visited: string[] = []
  /** Path → what the centre answers; everything else is its page. */
  readonly centre = new Map<string, Response>([
    ['/theme.js', file('js')],
    ['/assets/index-1.js', file('js')],
    ['/assets/late-2.js', file('late')],
  ])
  online = true
  skipped = 0
  pages: { url: string }[] = []

  constructor(version: string, caches?: Map<string, Map<string, Response>>) {
    if (caches) this.caches = caches
    const shell = JSON.stringify({ version, files: FILES })
    const scope = {
      location: { origin: 'https://centre.vn' },
      addEventListener: (kind: string, run: (event: unknown) => void) =>
        this.listeners.set(kind, run),
      skipWaiting: async () => void (this.skipped += 1),
      clients: {
        claim: async () => undefined,
        openWindow: async (url: string) => void this.visited.push(`new ${url}`),
        matchAll: async () =>
          this.pages.map((page) => ({
            ...page,
            navigate: async (url: string) => {
              this.visited.push(url)
              return { focus: () => this.visited.push('focus') }
            },
          })),
      },
      registration: {
        showNotification: async (title: string, options: Shown['options']) =>
          void this.shown.push({ title, options }),
      },
    }
    new Function('self', 'caches', 'fetch', source.replace('= __SHELL__', `= ${shell}`))(
      scope,
      this.storage(),
      (asked: string | { url: string }) => this.fetch(asked),
    )
  }

  private storage() {
    return {
      open: async (name: string) => {
        const cache = this.caches.get(name) ?? new Map<string, Response>()
        this.caches.set(name, cache)
        return {
          match: async (path: string) => cache.get(path)?.clone(),
          put: async (path: string, answer: Response) => void cache.set(path, answer),
        }
      },
      keys: async () => [...this.caches.keys()],
      delete: async (name: string) => this.caches.delete(name),
    }
  }
  private async fetch(asked: string | { url: string }): Promise<Response> {
    const path = typeof asked === 'string' ? asked : new URL(asked.url).pathname
    this.asked.push(path)
    if (!this.online) throw new TypeError('no network')
    return this.centre.get(path)?.clone() ?? page('release 1')
  }

  /** Let something happen and wait for it; for a fetch, what the worker answers with. */
  async happen(kind: string, event: Record<string, unknown> = {}): Promise<Response | undefined> {
    const waited: Promise<unknown>[] = []
    let answer: Promise<Response> | undefined
    this.listeners.get(kind)?.({
      ...event,
      waitUntil: (work: Promise<unknown>) => waited.push(work),
      respondWith: (work: Promise<Response>) => (answer = work),
    })
    await Promise.all(waited)
    return answer
  }
  visit(path: string, request: Partial<Request> = {}) {
    const url = path.startsWith('http') ? path : `https://centre.vn${path}`
    return this.happen('fetch', { request: { method: 'GET', mode: 'cors', url, ...request } })
  }
}
const file = (text: string) =>
  new Response(text, { headers: { 'content-type': 'text/javascript' } })
const page = (text: string) => new Response(text, { headers: { 'content-type': 'text/html' } })
const pushed = (told: unknown) => ({ data: { json: () => told } })

describe('the worker', () => {
  let browser: Browser
  beforeEach(async () => {
    browser = new Browser('one')
    await browser.happen('install')
    browser.asked.length = 0
  })

  it('opens every page from this device without a network', async () => {
    browser.online = false
    for (const path of ['/', '/officer/K7Q2MX', '/incidents/i-1']) {
      const answer = await browser.visit(path, { mode: 'navigate' })
      expect(await answer?.text()).toBe('release 1')
    }
    expect(await (await browser.visit('/assets/index-1.js'))?.text()).toBe('js')
  })
  it('lets everything of the centre pass: none of it can be stale', async () => {
    for (const path of ['/api/v1/alerts', '/api/v1/evidence/e-1', '/metrics', '/healthz'])
      expect(await browser.visit(path)).toBeUndefined()
    expect(await browser.visit('/api/v1/incidents/i/export', { mode: 'navigate' })).toBeUndefined()
    expect(await browser.visit('/officer', { method: 'POST' })).toBeUndefined()
    expect(await browser.visit('https://elsewhere.vn/a.js')).toBeUndefined()
    expect(browser.asked).toEqual([])
  })
  it('keeps what is fetched later under a name that holds its hash', async () => {
    await browser.visit('/assets/late-2.js')
    browser.online = false
    expect(await (await browser.visit('/assets/late-2.js'))?.text()).toBe('late')
  })
  it('takes today’s headers for the page of its own release, and no other page', async () => {
    const kept = () => browser.caches.get('songlam-shell-one')?.get('/')
    const before = kept()
    await browser.visit('/officer', { mode: 'navigate' })
    expect(kept()).not.toBe(before)
    browser.centre.set('/', page('release 2'))
    await browser.visit('/officer', { mode: 'navigate' })
    expect(await kept()?.clone().text()).toBe('release 1')
  })
  it('takes over when told, and only then clears the release before', async () => {
    const next = new Browser('two', browser.caches)
    await next.happen('install')
    expect([...browser.caches.keys()]).toEqual(['songlam-shell-one', 'songlam-shell-two'])
    expect(next.skipped).toBe(0)
    await next.happen('message', { data: 'take over' })
    expect(next.skipped).toBe(1)
    browser.caches.set('something of others', new Map())
    await next.happen('activate')
    expect([...browser.caches.keys()]).toEqual(['songlam-shell-two', 'something of others'])
  })
  it('refuses a release of which a file is not there yet', async () => {
    const next = new Browser('two')
    next.centre.delete('/assets/index-1.js') // the centre gives its page instead
    await expect(next.happen('install')).rejects.toThrow('/assets/index-1.js')
  })
})

describe('a message', () => {
  let browser: Browser
  beforeEach(() => void (browser = new Browser('one')))

  it('is shown with the kind of incident and the code', async () => {
    await browser.happen(
      'push',
      pushed({ code: 'K7Q2MX', kind: 'Đi ngược chiều', url: '/officer/K7Q2MX' }),
    )
    const [shown] = browser.shown
    expect(shown?.title).toBe('Đi ngược chiều')
    expect(shown?.options).toMatchObject({ tag: 'K7Q2MX', data: '/officer/K7Q2MX', lang: 'vi' })
    expect(shown?.options.body).toContain('K7Q2MX')
  })
  it.each([{}, { data: null }, pushed(null), pushed({ code: 7 })])(
    'that cannot be read is shown all the same',
    async (event) => {
      await browser.happen('push', event)
      expect(browser.shown[0]?.title).toBe('Có cảnh báo mới')
    },
  )
  it('opens its alert in the page that is open, or in a new one', async () => {
    const click = { notification: { close: () => undefined, data: '/officer/K7Q2MX' } }
    await browser.happen('notificationclick', click)
    browser.pages = [{ url: 'https://centre.vn/desk' }, { url: 'https://centre.vn/officer' }]
    await browser.happen('notificationclick', click)
    expect(browser.visited).toEqual([
      'new https://centre.vn/officer/K7Q2MX',
      'https://centre.vn/officer/K7Q2MX',
      'focus',
    ])
  })
  it('never leads to anybody else', async () => {
    const click = { notification: { close: () => undefined, data: '//evil.example/x' } }
    await browser.happen('notificationclick', click)
    expect(browser.visited).toEqual(['new https://centre.vn/officer'])
  })
})
