import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AuditCheck, AuditLine, AuditState } from '@/api/audit'
import { FakeCentre } from '@/testing/centre'
import { flushPromises } from '@/testing/flush'
import { type Drawn, draw } from '@/testing/page'
import AuditPage from './AuditPage.vue'

const check = (change: Partial<AuditCheck> = {}): AuditCheck => ({
  id: 1,
  requested_at: '2026-11-23T03:00:00Z',
  requested_by: 'system',
  finished_at: '2026-11-23T03:00:02Z',
  lines: 1200,
  checkpoints: 3,
  events: 4,
  fault_count: 0,
  faults: [],
  ...change,
})
const state = (change: Partial<AuditState> = {}): AuditState => ({
  lines: 1234,
  head: { line: 1230, sha256: 'ab'.repeat(32), signed_at: '2026-11-23T03:01:00Z' },
  last_check: check(),
  next_check: null,
  actions: ['view', 'strange'],
  object_kinds: ['incident'],
  ...change,
})
const line = (id: number): AuditLine => ({
  id,
  at: '2026-11-23T03:00:00Z',
  actor: 'chien',
  action: id % 2 ? 'view' : 'strange',
  object_kind: 'incident',
  object_id: `i${id}`,
  detail: { query: 'rule=red_light' },
  sha256: 'c'.repeat(64),
})
let centre: FakeCentre
let page: Drawn

beforeEach(() => {
  centre = new FakeCentre().install()
  HTMLDialogElement.prototype.showModal = function () {
    this.open = true
  }
})
afterEach(() => {
  page.app.unmount()
  centre.remove()
})

async function open(address = '/audit', given = state()): Promise<void> {
  centre.answers.set('GET /api/v1/audit/state', { body: given })
  centre.answers.set('GET /api/v1/audit', { body: { items: [line(2), line(1)], next_cursor: 'c' } })
  page = await draw(AuditPage, address)
}
const searches = () => centre.requests.filter((each) => each.path === '/api/v1/audit')

describe('the audit page', () => {
  it('shows lines in words, and as recorded what it has no word for', async () => {
    await open()
    const text = page.place.querySelector('table')?.textContent ?? ''
    expect(text).toContain('Xem')
    expect(text).toContain('strange')
    expect(text).toContain('Sự kiện')
    expect(text).toContain('23/11/2026 10:00:00')
  })
  it('says that the log is whole, how long it is and what was signed', async () => {
    await open()
    expect(page.by('verdict')?.textContent).toBe('Nguyên vẹn')
    expect(page.by('chain')?.textContent).toContain('1.234')
    expect(page.by('chain')?.textContent).toContain('1.230')
  })
  it('says aloud where the log was altered', async () => {
    const found = check({ fault_count: 1, faults: ['line 5: altered (view by x)'] })
    await open('/audit', state({ last_check: found }))
    expect(page.by('verdict')?.classList).toContain('critical')
    expect(page.by('chain')?.querySelector('[role=alert]')?.textContent).toContain('line 5')
  })
  it('searches only when told to, and puts it into the address', async () => {
    await open('/audit?actor=an')
    expect(searches().at(-1)?.query.get('actor')).toBe('an')
    page.fill('actor', 'binh')
    await flushPromises()
    expect(searches()).toHaveLength(1)
    await page.send()
    expect(searches().at(-1)?.query.get('actor')).toBe('binh')
    expect(page.router.currentRoute.value.query).toEqual({ actor: 'binh' })
  })
  it('takes up where the page ended', async () => {
    await open()
    centre.answers.set('GET /api/v1/audit', { body: { items: [line(0)], next_cursor: null } })
    const more = [...page.place.querySelectorAll('button')].find(
      (b) => b.textContent === 'Tải thêm',
    )
    more?.click()
    await flushPromises()
    expect(searches().at(-1)?.query.get('cursor')).toBe('c')
    expect(page.place.querySelectorAll('[data-testid=line]')).toHaveLength(3)
  })
  it('has the log checked and shows that it is under way', async () => {
    await open()
    const waiting = check({ id: 2, finished_at: null })
    centre.answers.set('POST /api/v1/audit/checks', { status: 202, body: waiting })
    centre.answers.set('GET /api/v1/audit/state', { body: state({ next_check: waiting }) })
    page.by('check')?.click()
    await flushPromises()
    expect(page.by('checking')).not.toBeNull()
    expect((page.by('check') as HTMLButtonElement).disabled).toBe(true)
  })
  it('shows what else a line holds', async () => {
    await open()
    page.place.querySelector<HTMLButtonElement>('[data-testid=line] button')?.click()
    await flushPromises()
    expect(page.by('details')?.textContent).toContain('rule=red_light')
  })
  it('exports only with a purpose', async () => {
    await open('/audit?actor=an')
    page.by('audit-export')?.click()
    await flushPromises()
    expect((page.by('reason-send') as HTMLButtonElement).disabled).toBe(true)
  })
})
