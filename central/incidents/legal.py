"""What the law says about one incident: article, authority and periods, by the day of capture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from central.incidents.case_schemas import DeadlineItem, LegalView, OffenceItem, RouteItem, StepKind
from central.incidents.catalogue import describe_rule
from central.law.periods import UnknownYearError, local_day
from central.law.tables import SHIPPED, load_law
from edge.contract.catalogue_entry import IncidentClass

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from central.law.schemas import Deadline
    from central.law.tables import Law
    from central.settings import Settings
    from central.tables.incidents import IncidentEventRow, IncidentRow


def law_of(settings: Settings) -> Law:
    """Return the tables that this centre uses."""
    return load_law(Path(settings.law_dir) if settings.law_dir else SHIPPED)


def view(law: Law, row: IncidentRow, events: Sequence[IncidentEventRow]) -> LegalView:
    """Return what applies to an incident with these events."""
    day = local_day(row.occurred_at)
    chosen = str((row.findings or {}).get("vehicle_class", "")) or row.object_class
    offence = law.offence(_code(row), chosen, day)
    route = law.route(offence, chosen, day) if offence is not None else None
    return LegalView(
        object_class=chosen,
        offence=offence
        and OffenceItem(**offence.model_dump(include=set(OffenceItem.model_fields))),
        route=route
        and RouteItem.model_validate(
            {
                "unit": route.unit,
                "area_code": row.area_code,
                "authority_vi": route.authority.name_vi,
                "authority_en": route.authority.name_en,
                "limit_dong": route.authority.limit_dong,
                "reason": route.reason,
                "source": route.authority.source,
                "verified": route.authority.verified,
            }
        ),
        deadlines=deadlines(law, row, events),
    )


def _code(row: IncidentRow) -> str:
    """Return the catalogue's code of the act, which the box knows better than its rule's name.

    A box of an older release tells none.
    """
    return str(row.message.get("code") or describe_rule(row.rule).code)


def deadlines(law: Law, row: IncidentRow, events: Sequence[IncidentEventRow]) -> list[DeadlineItem]:
    """Return the periods that run or ran for a violation; those not begun are left out."""
    if row.incident_class != IncidentClass.VIOLATION:
        return []
    found = []
    for each in law.deadlines_on(local_day(row.occurred_at)):
        start = row.occurred_at if each.starts == "detected" else _last(events, each.starts)
        if start is not None:
            found.append(_item(law, each, start, _last(events, each.ends)))
    return found


def _item(law: Law, deadline: Deadline, start: datetime, met: datetime | None) -> DeadlineItem:
    """Return one period."""
    ends: datetime | None
    try:
        ends = law.calendar.ends_at(deadline, start)
    except UnknownYearError:
        ends = None
    return DeadlineItem(
        **deadline.model_dump(include=set(DeadlineItem.model_fields)),
        starts_at=start,
        ends_at=ends,
        met_at=met,
    )


def _last(events: Sequence[IncidentEventRow], kind: str) -> datetime | None:
    """Return when a step was last taken."""
    times = [event.at for event in events if event.kind == StepKind(kind)]
    return times[-1] if times else None
