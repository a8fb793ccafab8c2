"""JSON of alerts, contacts, shifts and silences."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from central.alerts.policy import Verdict
from central.asked import Asked
from edge.contract.messages import UtcTime

ChannelName = Literal["sms", "email", "zalo", "webhook"]
StepNumber = Annotated[int, Field(ge=0, le=2)]
"""0 the team, 1 the shift lead, 2 the commander."""


class AlertNews(BaseModel):
    """What the live stream says of an alert: that it changed; the list has the rest."""

    code: str
    area_code: str
    status: str
    step: int


class DeliveryState(StrEnum):
    """How it stands with one text to one person."""

    WAITING = "waiting"
    RETRYING = "retrying"
    """Tried in vain so far; tried again."""
    SENT = "sent"
    REFUSED = "refused"
    """For good: the gateway will never take it."""
    GIVEN_UP = "given_up"
    """Tried for hours."""
    UNNEEDED = "unneeded"
    """Somebody answered before it was sent."""


class AlertDelivery(BaseModel):
    """How one person was told, or why not; the address is for administrators only."""

    step: int
    username: str
    channel: str
    state: DeliveryState
    tries: int
    created_at: UtcTime
    next_try_at: UtcTime | None
    sent_at: UtcTime | None
    error: str


class AlertChange(StrEnum):
    """What can become of an alert."""

    OPENED = "opened"
    TOLD_AGAIN = "told_again"
    """Answered before, and news again: elsewhere or worse."""
    ESCALATED = "escalated"
    ACKNOWLEDGED = "acknowledged"
    ENDED = "ended"


class AlertEvent(BaseModel):
    """One change of an alert; never altered."""

    model_config = ConfigDict(from_attributes=True)

    at: UtcTime
    kind: AlertChange
    step: int
    actor: str
    people: list[str]
    """Who was on call for the step; nobody: it passed on at once."""


class AlertItem(BaseModel):
    """One alert."""

    model_config = ConfigDict(from_attributes=True)

    code: str
    rule: str
    name_vi: str = ""
    name_en: str = ""
    severity: str
    area_code: str
    camera_id: str
    opened_at: UtcTime
    last_at: UtcTime
    incidents: int
    status: Literal["open", "acknowledged", "ended"]
    step: int
    escalate_at: UtcTime | None
    acknowledged_by: str | None
    acknowledged_at: UtcTime | None


class AlertDetail(AlertItem):
    """One alert with its incidents, what became of it and who was told."""

    incident_ids: list[str] = []
    events: list[AlertEvent] = []
    deliveries: list[AlertDelivery] = []


class IncidentAlert(BaseModel):
    """What became of one incident as news."""

    verdict: Verdict | None
    """None: nothing was decided yet."""
    decided_at: UtcTime | None
    alert: AlertDetail | None
    """None where nobody was told of it, or where the alert is of a foreign commune."""


class AlertList(BaseModel):
    """Alerts, newest first."""

    items: list[AlertItem]
    next_cursor: int | None = None


class NewContact(Asked):
    """A way to reach a person."""

    username: str = Field(max_length=64)
    channel: ChannelName
    address: str = Field(min_length=3, max_length=2000)


class ContactItem(NewContact):
    """A stored way to reach a person; what may be secret of a webhook's address is cut."""

    model_config = ConfigDict(from_attributes=True)

    id: int


class ContactList(BaseModel):
    """Contacts, and which channels this installation has."""

    items: list[ContactItem]
    channels: list[str]


class NewShift(Asked):
    """Somebody is on call."""

    username: str = Field(max_length=64)
    step: StepNumber
    area_code: str = Field(default="", max_length=20)
    starts_at: UtcTime
    ends_at: UtcTime


class ShiftItem(NewShift):
    """A stored shift."""

    model_config = ConfigDict(from_attributes=True)

    id: int


class ShiftList(BaseModel):
    """Shifts by their start."""

    items: list[ShiftItem]


class NewSilence(Asked):
    """What not to tell anybody about; an empty field matches everything."""

    rule: str = Field(default="", max_length=64)
    camera_id: str = Field(default="", max_length=64)
    area_code: str = Field(default="", max_length=20)
    reason: str = Field(min_length=3, max_length=500)
    expires_at: UtcTime


class SilenceItem(NewSilence):
    """A stored silence."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    author: str
    created_at: UtcTime
    ended_at: UtcTime | None
    ended_by: str | None


class SilenceList(BaseModel):
    """Silences in force, and what cannot be silenced."""

    items: list[SilenceItem]
    never: list[str]
    """Rules about people who may be hurt."""


class PushKeys(Asked):
    """With which a browser reads, in base64url: a point of P-256 and 16 secret bytes."""

    p256dh: str = Field(pattern=r"^[A-Za-z0-9_-]{87}=?$")
    auth: str = Field(pattern=r"^[A-Za-z0-9_-]{22}={0,2}$")


class NewSubscription(Asked):
    """A browser's subscription, as its ``PushSubscription.toJSON()`` has it."""

    endpoint: str = Field(min_length=10, max_length=1000)
    keys: PushKeys


class PushState(BaseModel):
    """Whether Web Push is to be had, and whether this browser rings."""

    available: bool
    public_key: str
    """What a browser subscribes with (``applicationServerKey``)."""
    subscribed: bool
