/**
 * Decisions on incidents: send, show, offer to undo; and what to do when somebody else was faster.
 */
import { reactive } from 'vue'
import { ApiError } from '@/api/client'
import {
  type Decision,
  type IncidentItem,
  type StepKind,
  decide,
  getIncident,
} from '@/api/incidents'
import { nameOf } from '@/format'
import { isViolation, stepsFor } from './lifeCycle'
import { useText } from '@/i18n'
import { session } from '@/state/session'
import { toast } from '@/state/toasts'
import { type Lesson, useTeaching } from './useTeaching'

export type Verb = Decision['verb']
/** Why something is rejected, and what its box learns from it. */
export interface Rejection {
  reason_code: string
  note: string
  /** null: nothing. */
  lesson: Lesson | null
}

/** What the present user may do next with an incident, most usual first. */
export function verbsFor(item: IncidentItem): readonly Verb[] {
  return stepsFor(item, session.me?.role) as readonly Verb[]
}

/** What a step is called; confirming a violation is verifying it. */
export function verbKey(item: IncidentItem, verb: StepKind): string {
  return `cases.act.${verb === 'confirm' && isViolation(item) ? 'verify' : verb}`
}

/** `changed` gets the incident as the centre now has it. */
export function useReview(changed: (item: IncidentItem) => void) {
  const { t, locale } = useText()
  const busy = reactive(new Set<string>())
  const { teach } = useTeaching()

  async function review(item: IncidentItem, decision: Decision): Promise<boolean> {
    if (busy.has(item.incident_id) || !verbsFor(item).includes(decision.verb)) return false
    busy.add(item.incident_id)
    try {
      const after = await decide(item.incident_id, item.version, decision)
      changed(after)
      announce(after, decision.verb)
      return true
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      await explain(item, error)
      return false
    } finally {
      busy.delete(item.incident_id)
    }
  }

  async function reject(item: IncidentItem, rejection: Rejection): Promise<boolean> {
    const { lesson, ...why } = rejection
    const done = await review(item, { verb: 'reject', ...why })
    if (done && lesson) await teach(item.incident_id, lesson)
    return done
  }

  function announce(after: IncidentItem, verb: Verb): void {
    const undo = { label: t('common.undo'), run: () => void review(after, { verb: 'reopen' }) }
    toast(t('cases.done', { step: t(verbKey(after, verb)), name: nameOf(after, locale.value) }), {
      action: verbsFor(after).includes('reopen') ? undo : null,
      seconds: 8,
    })
  }

  async function explain(item: IncidentItem, error: ApiError): Promise<void> {
    if (error.status !== 409) {
      toast(error.text(locale.value), { tone: 'critical', seconds: 10 })
      return
    }
    const text = error.code === 'stale_version' ? t('incident.conflict') : error.text(locale.value)
    toast(text, { tone: 'critical', seconds: 10 })
    const latest = await getIncident(item.incident_id).catch(() => null)
    if (latest) changed(latest)
  }

  return { review, reject, busy }
}
