/**
 * The live line to the centre: one connection per tab, shared by every page.
 *
 * Invariants:
 *   * after a lost line it reconnects by itself and asks to resume after the last id seen;
 *   * `reset` is announced whenever events may have been missed, so that pages reload their lists:
 *     also on `ready`, the centre's word that a fresh line begins here;
 *   * silence longer than {@link SILENCE_S} is treated as a dead line: the centre sends a heartbeat
 *     every 15 s.
 * It does not interpret events; whoever subscribes knows their type.
 */
import { reactive, readonly } from 'vue'
import { API } from '@/api/client'
import { EventParser, type ServerEvent } from '@/api/sse'

export type LineState = 'connecting' | 'live' | 'lost'
export type LiveEvent =
  | 'incident'
  | 'alert'
  | 'handover'
  | 'box'
  | 'quarantine'
  | 'indicator'
  | 'rollout'
  | 'ready'
  | 'reset'

const SILENCE_S = 40
const BACKOFF_S = [0.5, 1, 2, 3, 5]

interface Line {
  state: LineState
  /** When the line entered this state. */
  since: Date
  /** Events that could not be read; shown nowhere unless it grows. */
  unreadable: number
}

const line = reactive<Line>({ state: 'connecting', since: new Date(), unreadable: 0 })
/** State of the line, for the indicator in the top bar. */
export const liveLine = readonly(line)

const listeners = new Map<LiveEvent, Set<(data: unknown) => void>>()
let lastId = ''
let running: AbortController | null = null

/**
 * Call `listener` for each event of a kind; returns the function that ends it.
 *
 * The subscriber ends it (pages do so through {@link useLive}), nothing else removes entries.
 */
export function subscribe<T>(kind: LiveEvent, listener: (data: T) => void): () => void {
  const set = listeners.get(kind) ?? new Set()
  listeners.set(kind, set)
  set.add(listener as (data: unknown) => void)
  return () => set.delete(listener as (data: unknown) => void)
}

function announce(kind: LiveEvent, data: unknown): void {
  for (const listener of listeners.get(kind) ?? []) listener(data)
}

function enter(state: LineState): void {
  if (line.state === state) return
  line.state = state
  line.since = new Date()
}

/** Open the line and keep it open until {@link stopLive}. */
export function startLive(onUnauthorised: () => void): void {
  if (running) return
  running = new AbortController()
  void keepOpen(running.signal, onUnauthorised)
}

/** Close the line and forget where it stood: the next user starts afresh. */
export function stopLive(): void {
  running?.abort()
  running = null
  lastId = ''
  enter('connecting')
}

async function keepOpen(stopped: AbortSignal, onUnauthorised: () => void): Promise<void> {
  let failures = 0
  while (!stopped.aborted) {
    const began = Date.now()
    const outcome = await connectOnce(stopped)
    if (stopped.aborted) return
    if (outcome === 'unauthorised') return onUnauthorised()
    enter('lost')
    failures = Date.now() - began > 30_000 ? 0 : failures + 1
    const wait = BACKOFF_S[Math.min(failures, BACKOFF_S.length - 1)] ?? 10
    await pause(wait * 1000, stopped)
  }
}

async function connectOnce(stopped: AbortSignal): Promise<'ended' | 'unauthorised'> {
  const attempt = new AbortController()
  const giveUp = () => attempt.abort()
  stopped.addEventListener('abort', giveUp)
  let watchdog = setTimeout(giveUp, SILENCE_S * 1000)
  try {
    const headers: Record<string, string> = { Accept: 'text/event-stream' }
    if (lastId) headers['Last-Event-ID'] = lastId
    const response = await fetch(`${API}/live`, {
      headers,
      credentials: 'same-origin',
      cache: 'no-store',
      signal: attempt.signal,
    })
    if (response.status === 401) return 'unauthorised'
    if (!response.ok || !response.body) return 'ended'
    enter('live')
    const parser = new EventParser()
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return 'ended'
      clearTimeout(watchdog)
      watchdog = setTimeout(giveUp, SILENCE_S * 1000)
      for (const event of parser.push(value)) receive(event)
    }
  } catch {
    return 'ended' // refused, cut or silent: all the same to the loop, and shown as "lost"
  } finally {
    clearTimeout(watchdog)
    stopped.removeEventListener('abort', giveUp)
  }
}

function receive(event: ServerEvent): void {
  if (event.id) lastId = event.id
  let data: unknown
  try {
    data = JSON.parse(event.data || 'null')
  } catch {
    line.unreadable += 1
    return
  }
  announce(event.event as LiveEvent, data)
  if (event.event === 'ready') announce('reset', data)
}

function pause(ms: number, stopped: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    stopped.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
