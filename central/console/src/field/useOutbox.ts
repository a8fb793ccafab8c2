/**
 * The outbox of this phone, shared by every page: reports are noted, and sent whenever there is a
 * chance: at once, when the network is back, when the live line is, and every few seconds.
 */
import { computed, onBeforeUnmount, onMounted, ref, shallowRef } from 'vue'
import { putPhoto, putReport } from '@/api/field'
import type { IncidentItem } from '@/api/incidents'
import { session } from '@/state/session'
import { useLive } from '@/state/useLive'
import { type NewReport, Outbox, type Report } from './outbox'
import { openShelf } from './shelf'

const EVERY_S = 15

async function send(report: Report): Promise<IncidentItem> {
  const { incidentId, key, kind, note, sha256, madeAt: made_at } = report
  if (kind === 'photo') {
    const told = { made_at, sha256, note }
    return (await putPhoto(incidentId, key, told, report.photo ?? new Blob())).incident
  }
  const said = { kind, version: report.version, made_at, note }
  return (await putReport(incidentId, key, said)).incident
}

/** Whether the phone keeps reports when the page is closed; false in a private window. */
const lasting = ref(true)
const reports = shallowRef<Report[]>([])
let outbox: Promise<Outbox> | null = null

async function open(): Promise<Outbox> {
  const shelf = await openShelf<Report>('reports')
  lasting.value = shelf.lasting
  // Without it a phone that runs out of room may empty the shelf.
  if (shelf.lasting) void navigator.storage?.persist?.()
  return new Outbox(shelf, send)
}
const theOutbox = () => (outbox ??= open())

/** `taken` gets each incident that the centre answers with. */
export function useOutbox(taken: (item: IncidentItem) => void) {
  const sending = ref(false)
  const me = () => session.me?.username ?? ''
  const mine = computed(() => reports.value.filter((report) => report.username === me()))
  const others = computed(() => reports.value.filter((report) => report.username !== me()))
  let timer = 0

  async function refresh(): Promise<void> {
    reports.value = await (await theOutbox()).all()
  }
  async function flush(): Promise<void> {
    if (!me()) return
    sending.value = true
    try {
      await (await theOutbox()).flush(me(), taken)
    } finally {
      sending.value = false
      await refresh()
    }
  }
  /** Note a report; resolves once the phone has it, whether or not there is a network. */
  async function note(report: NewReport): Promise<void> {
    await (await theOutbox()).note(me(), report)
    await refresh()
    void flush()
  }
  async function giveUp(report: Report): Promise<void> {
    await (await theOutbox()).giveUp(report)
    await refresh()
  }
  async function tryAgain(report: Report, version: number): Promise<void> {
    await (await theOutbox()).tryAgain(report, version)
    await flush()
  }
  const online = () => void flush()

  useLive('reset', online)
  onMounted(() => {
    window.addEventListener('online', online)
    timer = window.setInterval(() => mine.value.length && online(), EVERY_S * 1000)
    void refresh().then(online)
  })
  onBeforeUnmount(() => {
    window.removeEventListener('online', online)
    window.clearInterval(timer)
  })
  return { mine, others, lasting, sending, note, flush, giveUp, tryAgain }
}
