/**
 * A list of incidents that stays true while events arrive.
 *
 * Invariants: newest first by the time it happened; one entry per incident; an older message never
 * replaces a newer one. Pure; {@link useQueue} holds the state.
 */
import type { IncidentItem } from '@/api/incidents'

/** Rows kept on screen; the oldest leave when more arrive. */
export const MAX_ROWS = 400

type Versioned = Pick<IncidentItem, 'revision' | 'version'>

/** Whether `a` says at least as much as `b` about the same incident. */
export function supersedes(a: Versioned, b: Versioned): boolean {
  return a.revision >= b.revision && a.version >= b.version
}

function earlier(a: IncidentItem, b: IncidentItem): boolean {
  if (a.occurred_at !== b.occurred_at) return Date.parse(a.occurred_at) < Date.parse(b.occurred_at)
  return a.incident_id < b.incident_id
}

/**
 * Put one incident into its place in `list` (in place).
 *
 * Returns what happened: `added`, `replaced`, `removed` (it no longer belongs), or `ignored`.
 */
export function place(
  list: IncidentItem[],
  item: IncidentItem,
  belongs: boolean,
): 'added' | 'replaced' | 'removed' | 'ignored' {
  const at = list.findIndex((entry) => entry.incident_id === item.incident_id)
  const known = list[at]
  if (known && !supersedes(item, known)) return 'ignored'
  if (known && belongs && known.occurred_at === item.occurred_at) {
    list[at] = item
    return 'replaced'
  }
  if (known) list.splice(at, 1)
  if (!belongs) return known ? 'removed' : 'ignored'
  const before = list.findIndex((entry) => earlier(entry, item))
  list.splice(before < 0 ? list.length : before, 0, item)
  return known ? 'replaced' : 'added'
}

/** Join a freshly loaded page behind what is already there, without doubles. */
export function append(list: IncidentItem[], page: readonly IncidentItem[]): void {
  for (const item of page) place(list, item, true)
}
