/** Which file of an incident to play, and which pictures to show. Pure. */
import type { Evidence, IncidentDetail } from '@/api/incidents'

export interface Footage {
  /** The file to play, or null when none can be (yet). */
  play: Evidence | null
  /** The original clip, which alone is evidence. */
  original: Evidence | null
  /** Whether `play` is a transcoded copy. */
  derived: boolean
}

/** The original where browsers play it, else its marked playback copy. */
export function footage(detail: Pick<IncidentDetail, 'evidence'>): Footage {
  const original = detail.evidence.find((item) => item.kind === 'clip') ?? null
  const ready = detail.evidence.filter(
    (item) => item.state === 'stored' && item.url && item.playable,
  )
  const play =
    ready.find((item) => item.kind === 'clip') ??
    ready.find((item) => item.kind === 'playback') ??
    null
  return { play, original, derived: play?.kind === 'playback' }
}

const STILL_ORDER = ['wide', 'before_line', 'on_line', 'past_line']

/** Stills in the order of the act: wide, before, on, past the line; then what officers took there. */
export function stills(detail: Pick<IncidentDetail, 'evidence'>): Evidence[] {
  const rank = (item: Evidence) => {
    if (item.kind === 'photo') return STILL_ORDER.length + 1
    const at = STILL_ORDER.indexOf(item.label)
    return at < 0 ? STILL_ORDER.length : at
  }
  return detail.evidence
    .filter((item) => item.kind === 'still' || item.kind === 'photo')
    .sort((a, b) => rank(a) - rank(b) || (a.starts_at ?? '').localeCompare(b.starts_at ?? ''))
}

/** The picture that says most of an incident: its first still, else its thumbnail; null for none. */
export function stillOf(detail: Pick<IncidentDetail, 'evidence' | 'thumbnail_url'>): string | null {
  const stored = stills(detail).find((item) => item.state === 'stored' && item.url)
  return stored?.url ?? detail.thumbnail_url
}
