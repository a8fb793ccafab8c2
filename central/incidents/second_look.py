"""The page of an incident for who may still give a second look: nothing of what followed a verdict.

Which incidents these are, and how they stood, :mod:`central.auth.veil` says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from central.incidents.schemas import VERDICTS

if TYPE_CHECKING:
    from central.incidents.schemas import IncidentDetail


def unjudged(veiled: IncidentDetail) -> IncidentDetail:
    """Return all that was known of an incident before the first verdict."""
    judged = (n for n, each in enumerate(veiled.events) if each.to_status in VERDICTS)
    stood = {"status": veiled.status, "stage": veiled.stage}
    events = veiled.events[: next(judged, None)]
    warned = {each.detail.get("deadline") for each in events}
    periods = [
        each.model_copy(update={"met_at": None})
        for each in veiled.legal.deadlines
        if each.code in warned
    ]
    return veiled.model_copy(
        update={
            "events": events,
            "findings": None,
            "requirements": [],
            "legal": veiled.legal.model_copy(update={"deadlines": periods}),
            "may_teach": False,
            "taught_until": None,
            "merged": [each.model_copy(update=stood) for each in veiled.merged],
        }
    )
