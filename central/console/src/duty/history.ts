/**
 * The history of an alert as a story: each time people were told, with what became of every text.
 *
 * A text belongs to the telling of its step that came last before it. Pure.
 */
import type { AlertDelivery, AlertDetail, AlertEvent, DeliveryState } from '@/api/duty'

export interface Chapter {
  event: AlertEvent
  /** The texts that were stored with it. */
  deliveries: AlertDelivery[]
  /** It came here at once: nobody was on call for the step before. */
  atOnce: boolean
}

/** How a state looks: what nobody can be reached by is critical. */
export const DELIVERY_TONE: Record<DeliveryState, string> = {
  waiting: 'accent',
  retrying: 'medium',
  sent: 'good',
  refused: 'critical',
  given_up: 'critical',
  unneeded: '',
}

const tells = (event: AlertEvent) => event.kind !== 'acknowledged' && event.kind !== 'ended'

function telling(events: readonly AlertEvent[], delivery: AlertDelivery): AlertEvent | undefined {
  const before = events.filter(
    (event) => tells(event) && Date.parse(event.at) <= Date.parse(delivery.created_at),
  )
  return before.findLast((event) => event.step === delivery.step) ?? before.at(-1) ?? events[0]
}

/** The chapters of an alert, oldest first. */
export function chapters(alert: AlertDetail): Chapter[] {
  return alert.events.map((event, index) => ({
    event,
    atOnce: event.kind === 'escalated' && alert.events[index - 1]?.people.length === 0,
    deliveries: alert.deliveries.filter((each) => telling(alert.events, each) === event),
  }))
}
