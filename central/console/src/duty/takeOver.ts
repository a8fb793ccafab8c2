/**
 * Who can take a shift over, and who may say they did: the centre's own rules, to offer no more.
 *
 * Pure.
 */
import { PROVINCE, type Role } from '@/api/accounts'
import type { HandoverItem, Person } from '@/api/duty'

const ON_DUTY: readonly Role[] = [
  'operator',
  'shift_lead',
  'officer',
  'commander',
  'commune_police',
]
const LEADS: readonly Role[] = ['shift_lead', 'commander']

/** Whether somebody's areas hold all of others. */
function sees(areas: readonly string[], all: readonly string[]): boolean {
  return areas.includes(PROVINCE) || (all.length > 0 && all.every((each) => areas.includes(each)))
}

/** Whether `person` can take over the shift of `me`. */
export const canTakeOver = (
  person: Person,
  me: { readonly username: string; readonly areas: readonly string[] },
): boolean =>
  person.username !== me.username && ON_DUTY.includes(person.role) && sees(person.areas, me.areas)

/** How `me` may accept a handover: as the named person, in their place, or not at all. */
export function acceptance(
  handover: HandoverItem,
  me: { readonly username: string; readonly role: Role } | null,
): 'own' | 'in_place' | null {
  if (!me || handover.acceptance || !ON_DUTY.includes(me.role)) return null
  if (handover.to_username === me.username) return 'own'
  return LEADS.includes(me.role) && handover.from_username !== me.username ? 'in_place' : null
}
