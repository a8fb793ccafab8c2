/**
 * Reports that wait on this phone until the centre has them.
 *
 * Invariants:
 *   * a report is on the shelf before anybody is told that it is noted, and leaves it only when the
 *     centre took it, or when its author gave it up;
 *   * reports of one person are sent one after the other in the order in which they were made; one
 *     that the centre refuses stays, with its words, and holds up nobody;
 *   * without an answer nothing is decided: everything waits, and the key of a report makes sending it
 *     again harmless;
 *   * whoever else logs in on this phone never sends another's reports under their own name.
 *
 * Pure but for the shelf and the one function that sends.
 */
import { ApiError } from '@/api/client'
import type { IncidentItem } from '@/api/incidents'
import type { Kept, Shelf } from './shelf'

export type ReportKind = 'acknowledge' | 'arrive' | 'note' | 'photo'

/** Why the centre did not take a report, in its own words. */
export interface Refusal {
  code: string
  vi: string
  en: string
}

export interface Report extends Kept {
  /** A UUID: the centre takes each once. */
  key: string
  username: string
  incidentId: string
  /** What the incident is called, for the list of what waits. */
  name: { vi: string; en: string }
  kind: ReportKind
  version: number
  madeAt: string
  /** Place in the order of this phone. */
  order: number
  note: string
  photo: Blob | null
  sha256: string
  refusal: Refusal | null
}

/** What a page says; the rest is the outbox's. */
export type NewReport = Omit<Report, 'key' | 'order' | 'madeAt' | 'refusal' | 'username'>

export type Send = (report: Report) => Promise<IncidentItem>

/** Statuses that say nothing about the report itself: later it may be taken. */
const LATER = new Set([0, 401, 408, 423, 425, 429])
const isLater = (error: ApiError) =>
  LATER.has(error.status) || error.status >= 500 || error.code === 'password_change_required'

export class Outbox {
  private line: Promise<void> = Promise.resolve()
  private last = 0

  constructor(
    private readonly shelf: Shelf<Report>,
    private readonly send: Send,
    private readonly now: () => Date = () => new Date(),
    private readonly newKey: () => string = () => crypto.randomUUID(),
  ) {}

  /** Everything that waits on this phone, whoever's, in order. */
  async all(): Promise<Report[]> {
    return (await this.shelf.all()).sort((a, b) => a.order - b.order)
  }

  /** Note a report; resolves once it is kept. Rejects where the phone has no room for it. */
  async note(username: string, report: NewReport): Promise<Report> {
    const at = this.now()
    this.last = Math.max(this.last + 1, at.getTime())
    const noted: Report = {
      ...report,
      username,
      key: this.newKey(),
      madeAt: at.toISOString(),
      order: this.last,
      refusal: null,
    }
    await this.shelf.put(noted)
    return noted
  }

  /** Give a report up, or one that was refused another try on what the incident is now. */
  giveUp(report: Report): Promise<void> {
    return this.shelf.remove(report.key)
  }
  tryAgain(report: Report, version: number): Promise<void> {
    return this.shelf.put({ ...report, version, refusal: null })
  }

  /**
   * Send what `username` has waiting, as far as it goes; `taken` gets each incident as it is then.
   *
   * Runs follow each other: two at once would send in two orders.
   */
  flush(username: string, taken: (item: IncidentItem) => void): Promise<void> {
    const run = this.line.then(() => this.run(username, taken))
    this.line = run.catch(() => undefined)
    return run
  }

  private async run(username: string, taken: (item: IncidentItem) => void): Promise<void> {
    for (;;) {
      const all = await this.all()
      const next = all.find((report) => report.username === username && !report.refusal)
      if (!next) return
      try {
        const item = await this.send(next)
        await this.moveOn(all, next, item)
        await this.shelf.remove(next.key)
        taken(item)
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        if (isLater(error)) return
        const refusal = { code: error.code, vi: error.messageVi, en: error.messageEn }
        await this.shelf.put({ ...next, refusal })
      }
    }
  }

  /** What was said after a step of one's own was said knowing of it. */
  private async moveOn(all: Report[], sent: Report, item: IncidentItem): Promise<void> {
    for (const report of all) {
      const follows = report.order > sent.order && report.incidentId === sent.incidentId
      if (follows && report.username === sent.username && report.version === sent.version) {
        await this.shelf.put({ ...report, version: item.version })
      }
    }
  }
}

/** How an incident will stand once what waits is taken: what the page offers next follows this. */
export function expected(item: IncidentItem, waiting: readonly Report[]): IncidentItem {
  const own = waiting.filter((r) => r.incidentId === item.incident_id && !r.refusal)
  if (item.incident_class === 'violation') return item
  if (own.some((report) => report.kind === 'arrive')) return { ...item, stage: 'on_scene' }
  const acknowledged = own.some((report) => report.kind === 'acknowledge')
  return acknowledged && item.stage === 'new' ? { ...item, stage: 'acknowledged' } : item
}
