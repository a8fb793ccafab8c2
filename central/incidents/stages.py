"""The two life cycles as tables: which step leads from where to where, and who may take it.

An **incident** (crash, congestion, obstacle): new → acknowledged → confirmed → dispatched → on
scene → resolved or false alarm → closed. Clearing is no stage: the road may be free before anybody
looked.

A **suspected violation**: detected → in verification → needs more or verified → approved or
rejected → handed over → settled. Nobody approves what they verified.

Pure: no database, no clock. The verdict on the detection (``ReviewStatus``) follows from the steps,
so retention and the quality of rules read the same of both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from central.auth.schemas import DUTY, POLICE, Role
from central.incidents.case_schemas import LifeCycle, Stage, StepKind, StepRule
from central.incidents.schemas import ReviewStatus
from edge.contract.catalogue_entry import IncidentClass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FIELD = DUTY | {Role.COMMUNE_POLICE}
LEADS = frozenset({Role.SHIFT_LEAD, Role.COMMANDER})
VERIFIERS = frozenset({Role.OFFICER})
APPROVERS = frozenset({Role.COMMANDER})


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSpec:
    """What a step does."""

    sources: frozenset[Stage]
    target: Stage | None
    """None: the stage stays as it is."""
    roles: frozenset[Role]
    verdict: ReviewStatus | None = None
    """What it says about the detection; None: nothing new."""
    note_required: bool = False


def _step(
    sources: Iterable[Stage],
    target: Stage | None,
    roles: frozenset[Role],
    verdict: ReviewStatus | None = None,
    *,
    note_required: bool = False,
) -> StepSpec:
    """Return one step."""
    return StepSpec(
        sources=frozenset(sources),
        target=target,
        roles=roles,
        verdict=verdict,
        note_required=note_required,
    )


UNDER_WAY = (Stage.ACKNOWLEDGED, Stage.CONFIRMED, Stage.DISPATCHED, Stage.ON_SCENE)
INCIDENT: Mapping[StepKind, StepSpec] = {
    StepKind.ACKNOWLEDGE: _step([Stage.NEW], Stage.ACKNOWLEDGED, FIELD, ReviewStatus.ACKNOWLEDGED),
    StepKind.CONFIRM: _step(
        [Stage.NEW, Stage.ACKNOWLEDGED], Stage.CONFIRMED, DUTY, ReviewStatus.CONFIRMED
    ),
    StepKind.DISPATCH: _step([Stage.ACKNOWLEDGED, Stage.CONFIRMED], Stage.DISPATCHED, DUTY),
    # Who went without being sent is there all the same.
    StepKind.ARRIVE: _step(
        [Stage.ACKNOWLEDGED, Stage.CONFIRMED, Stage.DISPATCHED], Stage.ON_SCENE, FIELD
    ),
    StepKind.CLEAR: _step([Stage.NEW, *UNDER_WAY], None, FIELD),
    StepKind.RESOLVE: _step(UNDER_WAY, Stage.RESOLVED, FIELD, ReviewStatus.CONFIRMED),
    StepKind.REJECT: _step(
        [Stage.NEW, Stage.ACKNOWLEDGED, Stage.DISPATCHED, Stage.ON_SCENE],
        Stage.FALSE_ALARM,
        DUTY,
        ReviewStatus.REJECTED,
    ),
    StepKind.CLOSE: _step([Stage.RESOLVED, Stage.FALSE_ALARM], Stage.CLOSED, LEADS),
    StepKind.REOPEN: _step(
        [Stage.CONFIRMED, Stage.RESOLVED, Stage.FALSE_ALARM, Stage.CLOSED],
        Stage.ACKNOWLEDGED,
        DUTY,
        ReviewStatus.ACKNOWLEDGED,
    ),
}
VIOLATION: Mapping[StepKind, StepSpec] = {
    StepKind.ACKNOWLEDGE: _step(
        [Stage.DETECTED, Stage.NEEDS_MORE],
        Stage.IN_VERIFICATION,
        VERIFIERS,
        ReviewStatus.ACKNOWLEDGED,
    ),
    StepKind.NEED_MORE: _step(
        [Stage.DETECTED, Stage.IN_VERIFICATION],
        Stage.NEEDS_MORE,
        VERIFIERS,
        ReviewStatus.ACKNOWLEDGED,
        note_required=True,
    ),
    StepKind.CONFIRM: _step(
        [Stage.DETECTED, Stage.IN_VERIFICATION, Stage.NEEDS_MORE],
        Stage.VERIFIED,
        VERIFIERS,
        ReviewStatus.CONFIRMED,
    ),
    StepKind.REJECT: _step(
        [Stage.DETECTED, Stage.IN_VERIFICATION, Stage.NEEDS_MORE],
        Stage.REJECTED,
        POLICE,
        ReviewStatus.REJECTED,
    ),
    StepKind.APPROVE: _step([Stage.VERIFIED], Stage.APPROVED, APPROVERS),
    StepKind.SEND_BACK: _step(
        [Stage.VERIFIED, Stage.APPROVED],
        Stage.IN_VERIFICATION,
        APPROVERS,
        ReviewStatus.ACKNOWLEDGED,
        note_required=True,
    ),
    StepKind.HAND_OVER: _step([Stage.APPROVED], Stage.HANDED_OVER, POLICE),
    StepKind.SETTLE: _step([Stage.HANDED_OVER], Stage.SETTLED, POLICE),
    StepKind.REOPEN: _step(
        [Stage.VERIFIED, Stage.REJECTED],
        Stage.IN_VERIFICATION,
        POLICE,
        ReviewStatus.ACKNOWLEDGED,
    ),
}
OVER = frozenset({Stage.REJECTED, Stage.SETTLED, Stage.FALSE_ALARM, Stage.CLOSED})
"""Stages in which nothing more is waited for."""


def life_cycle(incident_class: str) -> Mapping[StepKind, StepSpec]:
    """Return the steps of a class: violations have their own, everything else is an incident."""
    return VIOLATION if incident_class == IncidentClass.VIOLATION else INCIDENT


def described(name: Literal["incident", "violation"]) -> LifeCycle:
    """Return a life cycle as people's programs read it."""
    return LifeCycle(
        name=name,
        first=first_stage(name),
        steps=[
            StepRule(
                kind=kind,
                sources=sorted(spec.sources),
                target=spec.target,
                roles=sorted(spec.roles),
                note_required=spec.note_required,
            )
            for kind, spec in life_cycle(name).items()
        ],
    )


def first_stage(incident_class: str) -> Stage:
    """Return where a class begins."""
    return Stage.DETECTED if incident_class == IncidentClass.VIOLATION else Stage.NEW
