/**
 * What concerns the officer now. Without a network it is what this phone saw last, with its time: the
 * page says how old it is, and nothing else here pretends to be fresh.
 */
import { computed, ref, shallowRef } from 'vue'
import { type Board, getBoard } from '@/api/field'
import { ApiError } from '@/api/client'
import type { IncidentItem } from '@/api/incidents'
import { session } from '@/state/session'
import { useLive } from '@/state/useLive'
import { type Kept, type Shelf, openShelf } from './shelf'

interface KeptBoard extends Kept {
  board: Board
}

/** The board with one incident as it is now. */
export function withIncident(board: Board, item: IncidentItem): Board {
  const place = (list: IncidentItem[]) =>
    list.map((each) => (each.incident_id === item.incident_id ? item : each))
  return {
    ...board,
    alerts: board.alerts.map((alert) => ({ ...alert, news: place(alert.news) })),
    mine: place(board.mine),
  }
}

/** Incidents to go on with that no alert on the board shows already. */
export function ownWork(board: Board): IncidentItem[] {
  const shown = new Set(
    board.alerts.flatMap((alert) => alert.news.slice(0, 1).map((item) => item.incident_id)),
  )
  return board.mine.filter((item) => !shown.has(item.incident_id))
}

export function useBoard(code: () => string) {
  const board = shallowRef<Board | null>(null)
  const error = shallowRef<ApiError | null>(null)
  const loading = ref(false)
  const stale = computed(() => error.value !== null && board.value !== null)
  let shelf: Promise<Shelf<KeptBoard>> | null = null
  let round = 0
  let timer = 0
  const keptBoards = () => (shelf ??= openShelf<KeptBoard>('board'))

  async function load(): Promise<void> {
    const mine = ++round
    loading.value = true
    try {
      const answer = await getBoard(code())
      if (mine !== round) return
      board.value = answer
      error.value = null
      const key = session.me?.username ?? ''
      // Where the phone has no room the page works on; it only shows less without a network.
      await (await keptBoards()).put({ key, board: answer }).catch(() => undefined)
    } catch (failure) {
      if (!(failure instanceof ApiError)) throw failure
      if (mine !== round) return
      error.value = failure
      board.value ??= await lastSeen()
    } finally {
      if (mine === round) loading.value = false
    }
  }

  async function lastSeen(): Promise<Board | null> {
    const all = await (await keptBoards()).all()
    return all.find((kept) => kept.key === session.me?.username)?.board ?? null
  }
  function receive(item: IncidentItem): void {
    if (board.value) board.value = withIncident(board.value, item)
    soon()
  }
  /** News come in bursts; one question answers them all. */
  function soon(): void {
    window.clearTimeout(timer)
    timer = window.setTimeout(() => void load(), 300)
  }

  useLive('alert', soon)
  useLive<IncidentItem>('incident', receive)
  useLive('reset', () => void load())
  void load()
  return { board, error, loading, stale, load, receive }
}
