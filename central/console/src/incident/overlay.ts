/**
 * Where the boxes of an incident lie on the picture at one moment of its clip. Pure.
 *
 * Boxes are `[clip_s, x1, y1, x2, y2]`: seconds on the stream's clock, source pixels. A clip's own
 * time plus `start_clip_s` is the stream's time.
 */
import type { BoxAt, SignalChange } from '@/api/incidents'

/** x1, y1, x2, y2 in source pixels. */
export type Rect = [number, number, number, number]

/** A box older than this is not where the object is any more, in seconds. */
const STALE_S = 0.35
/** Between two boxes farther apart than this nothing is invented, in seconds. */
const GAP_S = 1.2

/** Boxes with the same time stand together; times ascend. */
export function groupByTime(boxes: readonly BoxAt[]): { at: number; rects: Rect[] }[] {
  const groups: { at: number; rects: Rect[] }[] = []
  for (const [at, x1, y1, x2, y2] of [...boxes].sort((a, b) => a[0] - b[0])) {
    const last = groups.at(-1)
    if (last && Math.abs(last.at - at) < 1e-3) last.rects.push([x1, y1, x2, y2])
    else groups.push({ at, rects: [[x1, y1, x2, y2]] })
  }
  return groups
}

function between(a: Rect, b: Rect, share: number): Rect {
  return a.map((value, i) => value + ((b[i] ?? value) - value) * share) as Rect
}

/** Boxes to draw at stream time `clip_s`; a single track is interpolated between its sightings. */
export function rectsAt(groups: ReturnType<typeof groupByTime>, clipS: number): Rect[] {
  let before = -1
  for (let i = 0; i < groups.length && groups[i]!.at <= clipS + 1e-6; i += 1) before = i
  const a = groups[before]
  const b = groups[before + 1]
  if (a && b && a.rects.length === 1 && b.rects.length === 1 && b.at - a.at <= GAP_S) {
    return [between(a.rects[0]!, b.rects[0]!, (clipS - a.at) / (b.at - a.at))]
  }
  if (a && clipS - a.at <= STALE_S) return a.rects
  if (b && b.at - clipS <= STALE_S / 2) return b.rects
  return []
}

/** Foot points (bottom centre) of a single track over the last `seconds`, oldest first. */
export function trail(
  groups: ReturnType<typeof groupByTime>,
  clipS: number,
  seconds = 4,
): [number, number][] {
  return groups
    .filter((g) => g.rects.length === 1 && g.at <= clipS && g.at >= clipS - seconds)
    .map((g) => [(g.rects[0]![0] + g.rects[0]![2]) / 2, g.rects[0]![3]])
}

/** How a picture of `source` size lies inside a view that shows all of it (object-fit: contain). */
export function fit(
  source: readonly [number, number],
  view: readonly [number, number],
): { scale: number; x: number; y: number } {
  const scale = Math.min(view[0] / source[0], view[1] / source[1])
  return { scale, x: (view[0] - source[0] * scale) / 2, y: (view[1] - source[1] * scale) / 2 }
}

export interface PhaseSpan {
  state: SignalChange['state']
  /** Shares of the clip's length, 0..1. */
  from: number
  to: number
}

/** The signal's phases over a clip from `start` to `end` (stream seconds), for a strip. */
export function phaseSpans(
  log: readonly SignalChange[],
  start: number,
  end: number,
): { signal_id: string; spans: PhaseSpan[] }[] {
  const ids = [...new Set(log.map((entry) => entry.signal_id))]
  const share = (at: number) => Math.min(1, Math.max(0, (at - start) / (end - start)))
  return ids.map((signal_id) => {
    const changes = log
      .filter((entry) => entry.signal_id === signal_id)
      .sort((a, b) => a.clip_s - b.clip_s)
    const spans = changes
      .map((entry, i) => ({
        state: entry.state,
        from: share(entry.clip_s),
        to: share(changes[i + 1]?.clip_s ?? end),
      }))
      .filter((span) => span.to > span.from)
    return { signal_id, spans }
  })
}
