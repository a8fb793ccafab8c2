import { beforeEach, describe, expect, it } from 'vitest'
import { ApiError, networkError } from '@/api/client'
import type { IncidentItem } from '@/api/incidents'
import { incident } from '@/testing/builders'
import { type NewReport, Outbox, type Report, expected } from './outbox'
import { MemoryShelf } from './shelf'

const said = (change: Partial<NewReport> = {}): NewReport => ({
  incidentId: 'i-1',
  name: { vi: 'Tai nạn', en: 'Crash' },
  kind: 'note',
  version: 1,
  note: 'hai xe',
  photo: null,
  sha256: '',
  ...change,
})
const refusedWith = (status: number, code: string) =>
  new ApiError(status, code, 'Mai đã tiếp nhận lúc 10:32.', 'Mai took it on at 10:32.')

describe('the outbox of a phone', () => {
  let shelf: MemoryShelf<Report>
  let sent: Report[]
  let taken: IncidentItem[]
  /** What the centre answers to each report in turn; then it takes everything. */
  let answers: (ApiError | IncidentItem)[]
  let outbox: Outbox
  let clock: Date
  const flush = (username = 'mai') => outbox.flush(username, (item) => taken.push(item))
  const left = async () => (await outbox.all()).map((report) => report.note)
  const open = () => {
    let keys = 0
    return new Outbox(
      shelf,
      async (report) => {
        sent.push(report)
        const answer = answers.shift() ?? incident({ version: report.version + 1 })
        if (answer instanceof ApiError) throw answer
        return answer
      },
      () => clock,
      () => `key-${(keys += 1)}-${sent.length}`,
    )
  }
  beforeEach(() => {
    shelf = new MemoryShelf<Report>()
    sent = []
    taken = []
    answers = []
    clock = new Date('2026-11-28T03:00:00Z')
    outbox = open()
  })

  it('keeps what is noted without a network, with the time it was noted', async () => {
    answers = [networkError(), networkError()]
    await outbox.note('mai', said())
    await flush()
    clock = new Date('2026-11-28T04:00:00Z')
    await flush()
    const [report] = await outbox.all()
    expect(report).toMatchObject({ note: 'hai xe', madeAt: '2026-11-28T03:00:00.000Z' })
    expect(report?.refusal).toBeNull()
  })
  it('sends in the order in which things were said, even within one millisecond', async () => {
    for (const note of ['một', 'hai', 'ba']) await outbox.note('mai', said({ note }))
    await flush()
    expect(sent.map((report) => report.note)).toEqual(['một', 'hai', 'ba'])
    expect([await left(), taken.length]).toEqual([[], 3])
  })
  it('stops at the first that gets no answer: nothing overtakes it', async () => {
    answers = [incident(), networkError()]
    for (const note of ['một', 'hai', 'ba']) await outbox.note('mai', said({ note }))
    await flush()
    expect(sent.map((report) => report.note)).toEqual(['một', 'hai'])
    expect(await left()).toEqual(['hai', 'ba'])
  })
  it('sends the same key again after an answer was lost', async () => {
    answers = [networkError()]
    await outbox.note('mai', said())
    await flush()
    await flush()
    expect(sent[0]?.key).toBe(sent[1]?.key)
    expect(await left()).toEqual([])
  })
  it.each([401, 423, 429, 500, 503, 507])('waits when the centre answers %i', async (status) => {
    answers = [refusedWith(status, 'later')]
    await outbox.note('mai', said())
    await flush()
    expect((await outbox.all())[0]?.refusal).toBeNull()
  })
  it('keeps what is refused with the centre’s words, and goes on with the rest', async () => {
    answers = [refusedWith(409, 'already_taken')]
    await outbox.note('mai', said({ kind: 'acknowledge', note: '' }))
    await outbox.note('mai', said())
    await flush()
    const [refused, ...rest] = await outbox.all()
    expect(rest).toEqual([])
    expect(refused?.refusal).toEqual({
      code: 'already_taken',
      vi: 'Mai đã tiếp nhận lúc 10:32.',
      en: 'Mai took it on at 10:32.',
    })
    await flush()
    expect(sent).toHaveLength(2)
  })
  it('sends a refused one again on the version it is told, or gives it up', async () => {
    answers = [refusedWith(409, 'stale_version'), refusedWith(409, 'stale_version')]
    await outbox.note('mai', said({ kind: 'arrive' }))
    await flush()
    const [refused] = await outbox.all()
    await outbox.tryAgain(refused!, 4)
    await flush()
    expect(sent.map((report) => report.version)).toEqual([1, 4])
    await outbox.giveUp((await outbox.all())[0]!)
    expect(await outbox.all()).toEqual([])
  })
  it('lets what follows one’s own step know of it', async () => {
    answers = [incident({ version: 2 })]
    await outbox.note('mai', said({ kind: 'acknowledge', note: '' }))
    await outbox.note('mai', said({ kind: 'arrive', note: '' }))
    await outbox.note('mai', said({ kind: 'arrive', note: '', incidentId: 'i-2' }))
    await flush()
    expect(sent.map((report) => report.version)).toEqual([1, 2, 1])
  })
  it('never sends another’s reports', async () => {
    await outbox.note('hung', said({ note: 'của Hùng' }))
    await outbox.note('mai', said({ note: 'của Mai' }))
    await flush('mai')
    expect(sent.map((report) => report.username)).toEqual(['mai'])
    expect(await left()).toEqual(['của Hùng'])
  })
  it('sends nothing twice when two things ask at once, and forgets nothing noted meanwhile', async () => {
    await outbox.note('mai', said({ note: 'một' }))
    const first = flush()
    await outbox.note('mai', said({ note: 'hai' }))
    await Promise.all([first, flush(), flush()])
    expect(sent.map((report) => report.note)).toEqual(['một', 'hai'])
  })
  it('is there after the page was closed', async () => {
    answers = [networkError()]
    await outbox.note('mai', said())
    await flush()
    outbox = open()
    await flush()
    expect(await left()).toEqual([])
  })
  it('says so when the phone has no room: that is not noted', async () => {
    shelf.put = async () => Promise.reject(new Error('QuotaExceededError'))
    await expect(outbox.note('mai', said())).rejects.toThrow('Quota')
  })
  it('does not swallow a mistake of our own', async () => {
    outbox = new Outbox(shelf, async () => Promise.reject(new TypeError('ours')))
    await outbox.note('mai', said())
    await expect(flush()).rejects.toThrow('ours')
    expect(await left()).toEqual(['hai xe'])
  })
})

describe('what the page offers next', () => {
  const crash = incident({ incident_class: 'incident', stage: 'new' })
  const waits = (kind: Report['kind'], change: Partial<Report> = {}): Report => ({
    ...said({ kind }),
    key: kind,
    username: 'mai',
    madeAt: '',
    order: 1,
    refusal: null,
    ...change,
  })
  it('follows what waits', () => {
    expect(expected(crash, []).stage).toBe('new')
    expect(expected(crash, [waits('acknowledge')]).stage).toBe('acknowledged')
    expect(expected(crash, [waits('acknowledge'), waits('arrive')]).stage).toBe('on_scene')
    expect(expected(crash, [waits('note')]).stage).toBe('new')
  })
  it('follows neither what was refused nor what is about something else', () => {
    const refusal = { code: 'x', vi: 'x', en: 'x' }
    expect(expected(crash, [waits('acknowledge', { refusal })]).stage).toBe('new')
    expect(expected(crash, [waits('acknowledge', { incidentId: 'i-9' })]).stage).toBe('new')
  })
  it('never says that a violation was verified', () => {
    const violation = incident({ incident_class: 'violation', stage: 'detected' })
    expect(expected(violation, [waits('acknowledge')])).toBe(violation)
  })
})
