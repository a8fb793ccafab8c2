/**
 * Why a box has no evidence or no picture, and why a text did not go out, in Vietnamese.
 *
 * Boxes and channels write these sentences in English, for their logs. `reasons.json` holds each with its
 * Vietnamese text; `{slots}` are what the box filled in. A test of the centre reads the box's own
 * sources and fails when a sentence is not in the list. What is unknown (an older or newer box) is
 * shown as it came.
 */
import type { Locale } from '@/state/preferences'
import sentences from './reasons.json'

const BETWEEN = '; '

const known = sentences.map(({ en, vi }) => ({
  pattern: new RegExp(
    `^${en.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{(\w+)\}/g, '(?<$1>.+?)')}$`,
  ),
  vi,
}))

function translated(sentence: string): string | null {
  for (const { pattern, vi } of known) {
    const slots = pattern.exec(sentence)
    if (slots) return vi.replace(/\{(\w+)\}/g, (_, name: string) => slots.groups?.[name] ?? '')
  }
  return null
}

/** What a box wrote, in the reader's language; several reasons stand in it one after the other. */
export function reasonText(text: string, locale: Locale): string {
  if (locale !== 'vi') return text
  const parts = text.split(BETWEEN)
  const said: string[] = []
  for (let from = 0; from < parts.length;) {
    // A sentence may hold the separator itself: take as many parts as make a known one.
    const whole = parts
      .slice(from)
      .map((_, more) => parts.slice(from, from + more + 1).join(BETWEEN))
      .findIndex((sentence) => translated(sentence) !== null)
    const taken = whole < 0 ? 1 : whole + 1
    const sentence = parts.slice(from, from + taken).join(BETWEEN)
    said.push(translated(sentence) ?? sentence)
    from += taken
  }
  return said.join(BETWEEN)
}
