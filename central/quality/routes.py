"""HTTP routes of quality: figures from verdicts, samples for a second look, training data."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from sqlalchemy.orm import Session

from central.auth import audit
from central.auth.guard import Gate, Reach
from central.auth.schemas import DUTY, Role
from central.auth.scope import scope_of
from central.auth.veil import veil_of
from central.centre import Centre, CentreDep
from central.incidents.stages import LEADS
from central.quality import figures, samples, training
from central.quality.figures import Judged
from central.quality.schemas import (
    DrawOrder,
    QualityFilter,
    QualityQuery,
    QualityReport,
    SampleItem,
    SampleList,
    SampleWeek,
    SampleWeekList,
    SecondLook,
    TrainingOrder,
)
from central.tables.users import UserRow

router = APIRouter(prefix="/quality", tags=["quality"])
Viewer = Annotated[UserRow, Depends(Gate(Reach.AREA, record="view"))]
Drawer = Annotated[UserRow, Depends(Gate(Reach.PROVINCE, *LEADS))]
Looker = Annotated[UserRow, Depends(Gate(Reach.AREA, *DUTY))]
Trainer = Annotated[UserRow, Depends(Gate(Reach.AREA, Role.COMMANDER, Role.TECHNICIAN))]
MEDIA_TYPES = {"jsonl": "application/jsonl", "csv": "text/csv; charset=utf-8"}


@router.get("")
def get_report(
    wanted: Annotated[QualityQuery, Query()], user: Viewer, centre: CentreDep
) -> QualityReport:
    """Return all that the page of quality shows, as one view.

    Precision per rule, camera and day, reasons, the time to decision of a period; the weeks of
    which samples were drawn, and the samples of one.
    """
    with centre.database.read() as session:
        found = figures.report(session, _judged(centre, session, wanted, user))
        looks = samples.of_week(session, user, scope_of(user), wanted.week)
    return QualityReport(**dict(found), second_looks=looks)


@router.get("/weeks")
def list_weeks(user: Viewer, centre: CentreDep) -> SampleWeekList:
    """List the weeks of which samples were drawn, with how often the second person agreed."""
    with centre.database.read() as session:
        return SampleWeekList(items=samples.weeks(session, scope_of(user)))


@router.get("/samples")
def list_samples(user: Viewer, centre: CentreDep, week: date | None = None) -> SampleList:
    """List the samples of a week, of the newest when none is named."""
    with centre.database.read() as session:
        return samples.of_week(session, user, scope_of(user), week)


@router.post("/samples")
def draw_samples(wanted: DrawOrder, user: Drawer, centre: CentreDep) -> SampleWeek:
    """Draw judged incidents of a week that is over; drawing again adds only what is missing."""
    with centre.database.write() as session:
        return samples.draw(session, centre, wanted, user)


@router.post("/samples/{incident_id}/look")
def look_again(incident_id: str, wanted: SecondLook, user: Looker, centre: CentreDep) -> SampleItem:
    """Say what you make of a sample, once. 403 for who judged it first."""
    with centre.database.write() as session:
        return samples.look(session, centre, incident_id, wanted, user)


@router.get("/verdicts", response_class=StreamingResponse)
def export_verdicts(
    wanted: Annotated[TrainingOrder, Query()], user: Trainer, centre: CentreDep
) -> StreamingResponse:
    """Return verdicts as training data, JSON lines or CSV, without plates or people; recorded.

    Left out is what the person is to look at on their own first.
    """
    with centre.database.read() as session:
        judged = _judged(centre, session, wanted, user)
    asked = {"area_code": wanted.area_code or "", "rule": wanted.rule or ""}
    with centre.database.write() as session:
        audit.record(
            session,
            centre.clock(),
            user.username,
            "export",
            ("verdicts", f"{judged.start.isoformat()}/{judged.end.isoformat()}"),
            purpose=wanted.purpose,
            format=wanted.format,
            **asked,
        )
    name = f"verdicts-{judged.start:%Y%m%d}-{judged.end:%Y%m%d}.{wanted.format}"
    return StreamingResponse(
        _lines(centre, judged, wanted.format),
        media_type=MEDIA_TYPES[wanted.format],
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )


def _lines(centre: Centre, judged: Judged, written: str) -> Iterator[str]:
    """Yield the lines of an export while they are read."""
    write = training.table if written == "csv" else training.json_lines
    with centre.database.read() as session:
        yield from write(training.records(session, judged))


def _judged(centre: Centre, session: Session, wanted: QualityFilter, user: UserRow) -> Judged:
    """Return which verdicts are asked about, within what the person sees and may know."""
    start, end = wanted.period(centre.clock())
    return Judged(
        start=start,
        end=end,
        scope=scope_of(user),
        area_code=wanted.area_code,
        rule=wanted.rule,
        veil=veil_of(session, user),
    )
