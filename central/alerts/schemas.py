"""JSON of alerts, contacts, shifts and silences."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

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


class AlertDelivery(BaseModel):
    """How one person was told, or why not."""

    model_config = ConfigDict(from_attributes=True)

    step: int
    username: str
    channel: str
    state: Literal["pending", "sent", "given_up"]
    tries: int
    created_at: UtcTime
    sent_at: UtcTime | None
    error: str


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
    """One alert with its incidents and who was told."""

    incident_ids: list[str] = []
    deliveries: list[AlertDelivery] = []


class AlertList(BaseModel):
    """Alerts, newest first."""

    items: list[AlertItem]
    next_cursor: int | None = None


class NewContact(BaseModel):
    """A way to reach a person."""

    username: str = Field(max_length=64)
    channel: ChannelName
    address: str = Field(min_length=3, max_length=2000)


class ContactItem(NewContact):
    """A stored way to reach a person."""

    model_config = ConfigDict(from_attributes=True)

    id: int


class ContactList(BaseModel):
    """Contacts, and which channels this installation has."""

    items: list[ContactItem]
    channels: list[str]


class NewShift(BaseModel):
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
    """Shifts that have not ended, by their start."""

    items: list[ShiftItem]


class NewSilence(BaseModel):
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
    """Silences in force."""

    items: list[SilenceItem]


class PushKeys(BaseModel):
    """With which a browser reads, in base64url: a point of P-256 and 16 secret bytes."""

    p256dh: str = Field(pattern=r"^[A-Za-z0-9_-]{87}=?$")
    auth: str = Field(pattern=r"^[A-Za-z0-9_-]{22}={0,2}$")


class NewSubscription(BaseModel):
    """A browser's subscription, as its ``PushSubscription.toJSON()`` has it."""

    endpoint: str = Field(min_length=10, max_length=1000)
    keys: PushKeys


class PushState(BaseModel):
    """Whether Web Push is to be had, and whether this browser rings."""

    available: bool
    public_key: str
    """What a browser subscribes with (``applicationServerKey``)."""
    subscribed: bool
