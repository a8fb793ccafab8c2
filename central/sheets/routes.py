"""HTTP route of the printed sheet."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from central.centre import CentreDep
from central.custody.schemas import Reason
from central.evidence.custody_routes import Keeper, attachment
from central.evidence.export import Errand
from central.sheets import service
from central.sheets.press import Press
from central.sheets.words import Locale

router = APIRouter(tags=["custody"])


class Pdf(Response):
    """A PDF."""

    media_type = "application/pdf"


def get_press(request: Request) -> Press:
    """Return the press of this centre."""
    press: Press = request.app.state.press
    return press


@router.get("/incidents/{incident_id}/sheet", response_class=Pdf)
async def print_sheet(
    incident_id: str,
    purpose: Annotated[Reason, Query(description="Case number or what it is for; recorded")],
    user: Keeper,
    centre: CentreDep,
    press: Annotated[Press, Depends(get_press)],
    locale: Annotated[Locale, Query(description="Language of the sheet")] = "vi",
) -> Response:
    """Return a sheet about an incident as PDF/A, to print and sign; recorded.

    Plates are masked, and pictures left out, for who may not read plates. 409 for who still owes
    it a second look; 503 when too many sheets wait.
    """
    errand = Errand(username=user.username, at=centre.clock(), purpose=purpose)
    sheet = await run_in_threadpool(service.prepare, centre, incident_id, user, errand, locale)
    pdf = await press.print_sheet(sheet)
    await run_in_threadpool(service.record, centre, incident_id, errand, sheet, pdf)
    return Pdf(pdf, headers=attachment(f"{incident_id}.pdf"))
