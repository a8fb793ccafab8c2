/**
 * The two life cycles, as the centre has them: which step is open at a stage and for whom.
 *
 * `life-cycles.json` is a copy of `central/incidents/stages.py`; a test on the Python side compares
 * them. The centre alone decides what is allowed; this decides what is offered.
 */
import type { Role } from '@/api/accounts'
import type { IncidentItem, Stage, StepKind } from '@/api/incidents'
import table from './life-cycles.json'

interface Step {
  kind: StepKind
  sources: Stage[]
  target: Stage | null
  roles: Role[]
  note_required: boolean
}
const CYCLES = table as { incident: { steps: Step[] }; violation: { steps: Step[] } }
/** Stages in the order in which a case usually passes them. */
const TRACK: Record<'incident' | 'violation', readonly Stage[]> = {
  incident: ['new', 'acknowledged', 'confirmed', 'dispatched', 'on_scene', 'resolved', 'closed'],
  violation: ['detected', 'in_verification', 'verified', 'approved', 'handed_over', 'settled'],
}
/** Stages beside the track, and the place of the track they stand for. */
const ASIDE: Partial<Record<Stage, Stage>> = {
  false_alarm: 'resolved',
  needs_more: 'in_verification',
  rejected: 'verified',
}
const ORDER: readonly StepKind[] = [
  'confirm',
  'approve',
  'hand_over',
  'settle',
  'need_more',
  'send_back',
  'dispatch',
  'arrive',
  'resolve',
  'close',
  'clear',
  'reject',
  'reopen',
]

export const isViolation = (item: IncidentItem): boolean => item.incident_class === 'violation'
const cycleOf = (item: IncidentItem) => (isViolation(item) ? 'violation' : 'incident')

/**
 * What `role` may do next with an incident, most usual first. Nobody decides on what they are to
 * look at again on their own.
 */
export function stepsFor(item: IncidentItem, role: Role | undefined): readonly StepKind[] {
  if (!role || item.merged_into || item.second_look) return []
  const open = CYCLES[cycleOf(item)].steps
    .filter((step) => step.sources.includes(item.stage) && step.roles.includes(role))
    .filter((step) => step.kind !== 'clear' || item.cleared_at === null)
    .map((step) => step.kind)
  const rank = (kind: StepKind) => (kind === 'acknowledge' ? -1 : ORDER.indexOf(kind))
  return open.sort((a, b) => rank(a) - rank(b))
}

/** Whether a step asks for a note. */
export function needsNote(item: IncidentItem, kind: StepKind): boolean {
  return CYCLES[cycleOf(item)].steps.some((step) => step.kind === kind && step.note_required)
}

export interface TrackStage {
  stage: Stage
  state: 'done' | 'now' | 'ahead'
}

/** The life cycle of an incident as a row of stages; one beside the track takes its place. */
export function trackOf(item: IncidentItem): TrackStage[] {
  const row = TRACK[cycleOf(item)].map((stage) =>
    stage === ASIDE[item.stage] ? item.stage : stage,
  )
  const at = row.indexOf(item.stage)
  return row.map((stage, index) => ({
    stage,
    state: index < at ? 'done' : index === at ? 'now' : 'ahead',
  }))
}

/** Whether `role` may say which incidents are one event: who may acknowledge such a one may. */
export function maySort(item: IncidentItem, role: Role | undefined): boolean {
  return takes(cycleOf(item), 'acknowledge', role)
}

/** Whether `role` may teach a box from a rejected incident: whoever is on duty. */
export const mayTeach = (role: Role | undefined): boolean => takes('incident', 'confirm', role)

function takes(cycle: 'incident' | 'violation', kind: StepKind, role: Role | undefined): boolean {
  return CYCLES[cycle].steps.some(
    (step) => step.kind === kind && role !== undefined && step.roles.includes(role),
  )
}
