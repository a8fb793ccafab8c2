/**
 * Taking a step on one incident: straight away, or after a reason or a note was asked for. Pages
 * show the dialog that `asking` names.
 */
import { type Ref, ref } from 'vue'
import type { Findings, IncidentItem } from '@/api/incidents'
import { needsNote } from './lifeCycle'
import { type Rejection, type Verb, useReview, verbsFor } from './useReview'

export function useSteps(
  item: Ref<IncidentItem | null>,
  changed: (item: IncidentItem) => void,
  findings?: () => Findings | undefined,
) {
  const { review, reject: send, busy } = useReview(changed)
  /** The step that waits for a reason or a note. */
  const asking = ref<Verb | null>(null)

  async function choose(verb: Verb): Promise<boolean> {
    const now = item.value
    if (!now || !verbsFor(now).includes(verb)) return false
    if (verb === 'reject' || needsNote(now, verb)) {
      asking.value = verb
      return false
    }
    if (verb !== 'confirm') return review(now, { verb })
    const found = findings?.()
    return review(now, found ? { verb, findings: found } : { verb })
  }
  async function reject(rejection: Rejection): Promise<boolean> {
    const done = item.value !== null && (await send(item.value, rejection))
    asking.value = null
    return done
  }
  async function annotate(note: string): Promise<boolean> {
    const verb = asking.value
    const done =
      item.value !== null &&
      verb !== null &&
      verb !== 'reject' &&
      (await review(item.value, { verb, note }))
    asking.value = null
    return done
  }
  return { choose, reject, annotate, asking, busy }
}
