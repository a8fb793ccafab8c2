/**
 * What a box can lose, in plain words, beside how often it happened. Pure.
 *
 * The words stand in a list that a test of the box's side holds against every counter there is: a
 * new counter must be said to mean a loss or not.
 */
import list from './fleet-losses.json'
import type { Locale } from './state/preferences'

export interface Loss {
  counter: string
  text: string
  count: number
}

/** Every kind of loss, the ones that happened first; a counter the box does not send is zero. */
export function lossesOf(counters: Readonly<Record<string, number>>, locale: Locale): Loss[] {
  return list.lost
    .map((entry) => ({
      counter: entry.counter,
      text: entry[locale],
      count: counters[entry.counter] ?? 0,
    }))
    .sort((a, b) => Number(b.count > 0) - Number(a.count > 0))
}
