"""Corrects the wall times of incidents that the box had told before its clock was set.

Invariants:
    * ``clip_s`` and every other stream second stay: they never depended on the clock.
    * Only wall times that the box's own clock gave are moved; a camera's own time stays.
    * An earlier revision stays at the centre as it was sent: what the box believed is not erased.

Nothing here reads a clock or decides that it was set.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from edge.contract.messages import EvidenceItem, IncidentMessage, SignalChange
    from edge.scene import TimeQuality

TOLERANCE_S = 0.5
"""Times this near were given by the same clock: the rest is the network's delay."""


def moved(message: IncidentMessage, by_s: float, quality: TimeQuality) -> IncidentMessage:
    """Return ``message`` as it would have been had the clock been set before; same revision."""
    if message.time_source == "rtcp" == quality.source:
        return message
    by = timedelta(seconds=by_s)
    ended_at = message.ended_at
    later = message.model_copy(
        update={
            "occurred_at": message.occurred_at + by,
            "decided_at": message.decided_at + by,
            "ended_at": None if ended_at is None else ended_at + by,
            "time_source": quality.source,
            "clock_offset_s": quality.offset_s,
            "time_trust": quality.trust,
        }
    )
    evidence = with_evidence(later, message.evidence, message.evidence_missing)
    return later.model_copy(update={**evidence, "signal_log": aligned(later, message.signal_log)})


def offset_known(message: IncidentMessage, quality: TimeQuality) -> dict[str, object]:
    """Return the fields of an incident told before the camera's first report, now that it came."""
    if message.clock_offset_s is not None or quality.offset_s is None:
        return {}
    return {"clock_offset_s": quality.offset_s, "time_trust": quality.trust}


def with_evidence(
    message: IncidentMessage, items: Iterable[EvidenceItem], missing: str
) -> dict[str, object]:
    """Return the fields of a revision with ``items``, their wall times as the incident's."""
    evidence = tuple(_aligned_item(message, item) for item in items)
    return {"evidence": evidence, "evidence_missing": missing}


def aligned(
    message: IncidentMessage, signal_log: Iterable[SignalChange]
) -> tuple[SignalChange, ...]:
    """Return the log of phases with its wall times as the incident's."""
    return tuple(
        change.model_copy(update={"at": change.at + _error(message, change.clip_s, change.at)})
        for change in signal_log
    )


def _aligned_item(message: IncidentMessage, item: EvidenceItem) -> EvidenceItem:
    """Return one file's item with its wall times as the incident's."""
    if item.start_clip_s is None:
        return item
    by = _error(message, item.start_clip_s, item.starts_at)
    ends_at = None if item.ends_at is None else item.ends_at + by
    return item.model_copy(update={"starts_at": item.starts_at + by, "ends_at": ends_at})


def _error(message: IncidentMessage, clip_s: float, told: datetime) -> timedelta:
    """Return what ``told`` lacks to be the wall time of a stream second by the incident's clock."""
    right = message.occurred_at + timedelta(seconds=clip_s - message.clip_s)
    by = right - told
    return by if abs(by.total_seconds()) > TOLERANCE_S else timedelta()
