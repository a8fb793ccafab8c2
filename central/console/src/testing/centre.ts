/**
 * A stand-in for the centre in unit tests: it answers `fetch` from a table and keeps live lines
 * open that the test writes to. Browser tests use the real centre.
 */
import { vi } from 'vitest'

type Answer =
  { status?: number; body?: unknown } | (() => Promise<{ status?: number; body?: unknown }>)

export interface LiveLine {
  /** Last-Event-ID the console asked to resume after. */
  resumeAfter: string | null
  send: (id: number | null, event: string, data: unknown) => void
  close: () => void
}

export class FakeCentre {
  /** "GET /api/v1/incidents" → what to answer; the query is not part of the key. */
  readonly answers = new Map<string, Answer>()
  readonly requests: { method: string; path: string; query: URLSearchParams; body: unknown }[] = []
  readonly lines: LiveLine[] = []
  /** Status with which the live line is answered. */
  liveStatus = 200

  /** Take the place of the network until {@link remove}. */
  install(): this {
    vi.stubGlobal('fetch', (path: string, init: RequestInit = {}) => this.answer(path, init))
    return this
  }
  remove(): void {
    for (const line of this.lines) line.close()
    vi.unstubAllGlobals()
  }

  private async answer(address: string, init: RequestInit): Promise<Response> {
    const url = new URL(address, 'http://centre')
    if (url.pathname === '/api/v1/live') return this.open(init)
    const method = init.method ?? 'GET'
    const body: unknown = typeof init.body === 'string' ? JSON.parse(init.body) : null
    this.requests.push({ method, path: url.pathname, query: url.searchParams, body })
    const known = this.answers.get(`${method} ${url.pathname}`)
    const given = typeof known === 'function' ? await known() : known
    const status = given ? (given.status ?? 200) : 404
    return new Response(JSON.stringify(given?.body ?? {}), { status })
  }

  private open(init: RequestInit): Response {
    if (this.liveStatus !== 200) return new Response('', { status: this.liveStatus })
    let sink: ReadableStreamDefaultController<Uint8Array>
    let over = false
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => void (sink = controller),
    })
    const end = (act: () => void) => {
      if (over) return
      over = true
      act()
    }
    init.signal?.addEventListener('abort', () => end(() => sink.error(new Error('aborted'))))
    this.lines.push({
      resumeAfter: new Headers(init.headers).get('Last-Event-ID'),
      send: (id, event, data) => {
        const head = id === null ? '' : `id: ${id}\n`
        const text = `${head}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
        sink.enqueue(new TextEncoder().encode(text))
      },
      close: () => end(() => sink.close()),
    })
    return new Response(stream, { status: 200 })
  }
}
