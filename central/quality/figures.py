"""Figures from the verdicts: one pass over ``ix_incidents_verdict`` each, no row of the table read.

Invariants:
    * What is counted is chosen by the time it happened, so a late verdict changes the figures of
      the day that it is about.
    * A confirmation is a hit; a rejection of whatever reason is none. Reasons stand beside.
    * What somebody is to look at on their own first is counted for them once they have: else the
      sum of a quiet day would tell. Times to the decision tell no verdict and hold all.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func, literal_column, select

from central.auth.veil import UNVEILED, Veil
from central.db import is_postgres
from central.incidents.catalogue import REJECT_REASONS, describe_rule
from central.incidents.schemas import ReviewStatus
from central.quality.schemas import (
    CameraPrecision,
    DayPrecision,
    DecisionTime,
    QualityFigures,
    ReasonCount,
    RulePrecision,
    Share,
)
from central.tables.fleet import CameraRow
from central.tables.incidents import IncidentRow

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import ColumnElement, SQLColumnExpression
    from sqlalchemy.orm import Session

    from central.auth.scope import Scope

MOST_CAMERAS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Which judged incidents: of a period, within a scope, perhaps of one commune or rule.

    Attributes:
        veil: What is not to be told to who asks.
    """

    start: datetime
    end: datetime
    scope: Scope
    area_code: str | None = None
    rule: str | None = None
    veil: Veil = UNVEILED

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return what a row must meet; the first makes the partial index usable."""
        found = [
            IncidentRow.verdict_at.is_not(None),
            IncidentRow.occurred_at >= self.start,
            IncidentRow.occurred_at < self.end,
            self.scope.condition(_unindexed(IncidentRow.area_code)),
        ]
        if self.area_code is not None:
            found.append(_unindexed(IncidentRow.area_code) == self.area_code)
        if self.rule is not None:
            found.append(_unindexed(IncidentRow.rule) == self.rule)
        return found


def _unindexed(column: SQLColumnExpression[str]) -> ColumnElement[str]:
    """Return a column as an expression, which has no index of its own.

    Else SQLite finds the rows of a commune or a rule by that index and then reads each whole.
    """
    return column.concat("")


def report(session: Session, judged: Judged) -> QualityFigures:
    """Return all figures of a period."""
    by_reason = _counted(session, judged, IncidentRow.rule, IncidentRow.verdict_reason)
    hits, trials = _total(by_reason)
    decided = trials + _covered(session, judged)
    return QualityFigures(
        starts_at=judged.start,
        ends_at=judged.end,
        precision=Share.of(hits, trials),
        by_rule=_by_rule(by_reason),
        by_camera=_by_camera(session, judged),
        by_day=_by_day(session, judged),
        reasons=_reasons(by_reason),
        decision_time=DecisionTime(
            median_s=_after_s(session, judged, 0.5, decided),
            p90_s=_after_s(session, judged, 0.9, decided),
        ),
    )


def _counted(
    session: Session, judged: Judged, *keys: SQLColumnExpression[Any]
) -> list[tuple[tuple[Any, ...], int, int]]:
    """Return (keys, hits, trials) of every group."""
    hit = case((IncidentRow.status == ReviewStatus.CONFIRMED, 1), else_=0)
    query = select(*keys, func.sum(hit), func.count()).where(*judged.conditions()).group_by(*keys)
    found = {tuple(row[:-2]): (int(row[-2]), int(row[-1])) for row in session.execute(query)}
    if covered := sorted(judged.veil.covered):
        # Taken off, not left out: a few rows by their ids, and the rest still by the index alone.
        # What was judged between the two questions may be in a group that the first did not know.
        for row in session.execute(query.where(IncidentRow.incident_id.in_(covered))):
            hits, trials = found.get(tuple(row[:-2]), (0, 0))
            found[tuple(row[:-2])] = (hits - int(row[-2]), trials - int(row[-1]))
    return [(group, max(0, hits), n) for group, (hits, n) in found.items() if n > 0]


def _covered(session: Session, judged: Judged) -> int:
    """Return how many of them are not told to who asks."""
    if not judged.veil.covered:
        return 0
    covered = IncidentRow.incident_id.in_(sorted(judged.veil.covered))
    return session.scalar(select(func.count()).where(*judged.conditions(), covered)) or 0


def _total(groups: Iterable[tuple[tuple[Any, ...], int, int]]) -> tuple[int, int]:
    """Return (hits, trials) of all groups together."""
    counts = [(hits, trials) for _, hits, trials in groups]
    return sum(hits for hits, _ in counts), sum(trials for _, trials in counts)


def _by_rule(by_reason: list[tuple[tuple[Any, ...], int, int]]) -> list[RulePrecision]:
    """Return the precision of each rule, most verdicts first."""
    found = [
        RulePrecision(
            **describe_rule(rule).model_dump(),
            precision=Share.of(*_total(group for group in by_reason if group[0][0] == rule)),
        )
        for rule in sorted({keys[0] for keys, _, _ in by_reason})
    ]
    return sorted(found, key=lambda each: -each.precision.trials)


def _by_camera(session: Session, judged: Judged) -> list[CameraPrecision]:
    """Return the precision of each camera, most verdicts first."""
    groups = _counted(session, judged, IncidentRow.box_id, IncidentRow.camera_id)
    known = select(CameraRow.box_id, CameraRow.camera_id, CameraRow.name)
    names = {(box_id, camera_id): name for box_id, camera_id, name in session.execute(known)}
    most = sorted(groups, key=lambda group: (-group[2], group[0]))[:MOST_CAMERAS]
    return [
        CameraPrecision(
            box_id=box_id,
            camera_id=camera_id,
            camera_name=names.get((box_id, camera_id)) or camera_id,
            precision=Share.of(hits, trials),
        )
        for (box_id, camera_id), hits, trials in most
    ]


def _by_day(session: Session, judged: Judged) -> list[DayPrecision]:
    """Return the precision of each day that has verdicts, oldest first."""
    at = IncidentRow.occurred_at
    local: ColumnElement[str] = (
        func.to_char(
            func.timezone(literal_column("'Asia/Ho_Chi_Minh'"), at), literal_column("'YYYY-MM-DD'")
        )
        if is_postgres(session)
        else func.date(at, "+7 hours")
    )
    day = local.label("day")
    return [
        DayPrecision(day=keys[0], precision=Share.of(hits, trials))
        for keys, hits, trials in sorted(_counted(session, judged, day))
    ]


def _reasons(by_reason: Iterable[tuple[tuple[Any, ...], int, int]]) -> list[ReasonCount]:
    """Return how often each reason was given, the most frequent first."""
    counts: dict[str, int] = {}
    for (_, code), hits, trials in by_reason:
        if code is not None:
            counts[code] = counts.get(code, 0) + trials - hits
    return [
        ReasonCount(code=code, count=count, **_names(code))
        for code, count in sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    ]


def _names(code: str) -> dict[str, str]:
    """Return both names of a reason; the code where an older release had another list."""
    known = REJECT_REASONS.get(code)
    return {
        "name_vi": known.name_vi if known else code,
        "name_en": known.name_en if known else code,
    }


def _after_s(session: Session, judged: Judged, share: float, decided: int) -> float | None:
    """Return the seconds within which that share of the verdicts came; None where there are none.

    The nearest rank: a value that was measured, not one between two. Source: Hyndman and Fan,
    "Sample quantiles in statistical packages", The American Statistician 50 (1996), definition 1.
    """
    rank = max(0, ceil(share * decided) - 1)
    after_s = IncidentRow.verdict_after_s
    query = select(after_s).where(*judged.conditions()).order_by(after_s)
    return session.scalar(query.offset(rank).limit(1))
