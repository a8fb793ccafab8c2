"""HTTP routes of alerts, contacts, shifts and silences."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query

from central.alerts import rota, service
from central.alerts.channels import channels_of
from central.alerts.schemas import (
    AlertDetail,
    AlertList,
    ContactItem,
    ContactList,
    IncidentAlert,
    NewContact,
    NewShift,
    NewSilence,
    ShiftItem,
    ShiftList,
    SilenceItem,
    SilenceList,
)
from central.auth.guard import Gate, Reach
from central.auth.schemas import DUTY, Role
from central.auth.scope import scope_of
from central.centre import CentreDep
from central.incidents.stages import FIELD, LEADS
from central.tables.users import UserRow
from edge.contract.messages import UtcTime

router = APIRouter(tags=["alerts"])
Viewer = Annotated[UserRow, Depends(Gate(Reach.AREA))]
Watcher = Annotated[UserRow, Depends(Gate(Reach.AREA, wall=True))]
Answerer = Annotated[UserRow, Depends(Gate(Reach.AREA, *FIELD))]
Duty = Annotated[UserRow, Depends(Gate(Reach.PROVINCE, *DUTY))]
Lead = Annotated[UserRow, Depends(Gate(Reach.PROVINCE, *LEADS))]
Admin = Annotated[UserRow, Depends(Gate(Reach.PROVINCE, Role.ADMIN))]


@router.get("/alerts")
def list_alerts(
    user: Watcher,
    centre: CentreDep,
    status: Literal["open", "acknowledged", "ended"] | None = None,
    before: int | None = None,
) -> AlertList:
    """List alerts, newest first."""
    with centre.database.read() as session:
        return service.listed(session, scope_of(user), status, before)


@router.get("/alerts/{alert_code}")
def get_alert(alert_code: str, user: Viewer, centre: CentreDep) -> AlertDetail:
    """Return one alert by the code people were sent, with who was told how."""
    with centre.database.read() as session:
        return service.detail(session, scope_of(user), alert_code)


@router.post("/alerts/{alert_code}/acknowledge")
def acknowledge_alert(alert_code: str, user: Answerer, centre: CentreDep) -> AlertDetail:
    """Answer an alert: nobody else is told, nothing escalates."""
    with centre.database.write() as session:
        return service.answer(session, centre, scope_of(user), alert_code, user.username)


@router.get("/incidents/{incident_id}/alert")
def get_alert_of_incident(incident_id: str, user: Viewer, centre: CentreDep) -> IncidentAlert:
    """Return what became of an incident as news: who was told, or why nobody was."""
    with centre.database.read() as session:
        return service.of_incident(session, scope_of(user), incident_id)


@router.get("/contacts")
def list_contacts(_: Admin, centre: CentreDep) -> ContactList:
    """List how people are reached, and which channels this installation has."""
    with centre.database.read() as session:
        items = rota.contacts(session)
    return ContactList(items=items, channels=sorted(channels_of(centre.settings)))


@router.post("/contacts", status_code=201)
def add_contact(new: NewContact, user: Admin, centre: CentreDep) -> ContactItem:
    """Store a way to reach a person."""
    known = channels_of(centre.settings)
    with centre.database.write() as session:
        return rota.add_contact(session, centre, new, known, user.username)


@router.delete("/contacts/{contact_id}", status_code=204)
def remove_contact(contact_id: int, user: Admin, centre: CentreDep) -> None:
    """Forget a way to reach a person."""
    with centre.database.write() as session:
        rota.remove_contact(session, centre, contact_id, user.username)


@router.get("/shifts")
def list_shifts(
    _: Duty,
    centre: CentreDep,
    after: Annotated[UtcTime | None, Query(alias="from")] = None,
    before: Annotated[UtcTime | None, Query(alias="to")] = None,
) -> ShiftList:
    """List the shifts that have not ended, or those of a span of time."""
    with centre.database.read() as session:
        rows = rota.shifts(session, after or centre.clock(), before)
        return ShiftList(items=[ShiftItem.model_validate(row) for row in rows])


@router.post("/shifts", status_code=201)
def add_shift(new: NewShift, user: Lead, centre: CentreDep) -> ShiftItem:
    """Put somebody on call for a step, an area and a time."""
    with centre.database.write() as session:
        row = rota.add_shift(session, centre, new, user.username)
        return ShiftItem.model_validate(row)


@router.delete("/shifts/{shift_id}", status_code=204)
def remove_shift(shift_id: int, user: Lead, centre: CentreDep) -> None:
    """Take somebody off call; a shift under way ends now."""
    with centre.database.write() as session:
        rota.end_shift(session, centre, shift_id, user.username)


@router.get("/silences")
def list_silences(_: Duty, centre: CentreDep) -> SilenceList:
    """List the silences in force."""
    with centre.database.read() as session:
        items = [SilenceItem.model_validate(row) for row in service.silences(session, centre)]
    return SilenceList(items=items, never=service.NEVER_SILENCED)


@router.post("/silences", status_code=201)
def add_silence(new: NewSilence, user: Duty, centre: CentreDep) -> SilenceItem:
    """Let nobody be disturbed about something until a time, with a reason."""
    with centre.database.write() as session:
        row = service.add_silence(session, centre, new, user.username)
        return SilenceItem.model_validate(row)


@router.delete("/silences/{silence_id}")
def end_silence(silence_id: int, user: Duty, centre: CentreDep) -> SilenceItem:
    """End a silence before its time."""
    with centre.database.write() as session:
        row = service.end_silence(session, centre, silence_id, user.username)
        return SilenceItem.model_validate(row)
