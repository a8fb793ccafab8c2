"""JSON of the two life cycles: stages, steps, findings, the law, and what a hand-over needs."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Literal, Self

from pydantic import BaseModel, Field, model_validator

from central.asked import Asked
from central.auth.schemas import Role
from edge.contract.messages import UtcTime


class Stage(StrEnum):
    """Where an incident or a suspected violation stands in its life cycle."""

    NEW = "new"
    ACKNOWLEDGED = "acknowledged"
    CONFIRMED = "confirmed"
    DISPATCHED = "dispatched"
    ON_SCENE = "on_scene"
    RESOLVED = "resolved"
    FALSE_ALARM = "false_alarm"
    CLOSED = "closed"
    DETECTED = "detected"
    IN_VERIFICATION = "in_verification"
    NEEDS_MORE = "needs_more"
    VERIFIED = "verified"
    APPROVED = "approved"
    REJECTED = "rejected"
    HANDED_OVER = "handed_over"
    SETTLED = "settled"


class StepKind(StrEnum):
    """What was done to an incident: by a person, or by the centre on its own."""

    ACKNOWLEDGE = "acknowledge"
    CONFIRM = "confirm"
    REJECT = "reject"
    REOPEN = "reopen"
    DISPATCH = "dispatch"
    ARRIVE = "arrive"
    CLEAR = "clear"
    RESOLVE = "resolve"
    CLOSE = "close"
    NEED_MORE = "need_more"
    APPROVE = "approve"
    SEND_BACK = "send_back"
    HAND_OVER = "hand_over"
    SETTLE = "settle"
    MERGE = "merge"
    SPLIT = "split"
    ESCALATE = "escalate"
    NOTE = "note"
    PHOTO = "photo"


class OffenceItem(BaseModel):
    """The article that applied to an act when it was captured."""

    code: str
    article: str
    source: str
    effective_from: date
    effective_to: date | None
    fine_min_dong: int | None
    fine_max_dong: int | None
    points: int
    note: str
    verified: bool
    """Whether a competent person compared the entry with the text of the law."""


class DeadlineItem(BaseModel):
    """A period of the law that runs, was met, or is over."""

    code: str
    name_vi: str
    name_en: str
    starts_at: UtcTime
    ends_at: UtcTime | None
    """None: it counts working days of a year whose days off have not been entered."""
    met_at: UtcTime | None
    working_days: bool
    source: str
    verified: bool


class RouteItem(BaseModel):
    """Who may sanction it, and whose desk it goes to."""

    unit: Literal["pc08", "commune_police", "provincial_police"]
    area_code: str
    authority_vi: str
    authority_en: str
    limit_dong: int
    reason: Literal["amount", "commune_list"]
    source: str
    verified: bool


class LegalView(BaseModel):
    """What the law says about an incident, by the day of its capture."""

    object_class: str
    """The class it was looked up for: the reviewer's word, else the detector's."""
    offence: OffenceItem | None
    route: RouteItem | None
    deadlines: list[DeadlineItem]


class Requirement(BaseModel):
    """One thing that must be there before a case goes to the police."""

    code: str
    met: bool


class Findings(Asked):
    """What the verifying officer read from the evidence."""

    plate_state: Literal["read", "unreadable", "hidden", "absent"]
    plate: str = Field(default="", pattern=r"^[A-Z0-9]{0,12}$")
    """Without blanks, dots and dashes; masked for who may not read it."""
    plate_colour: Literal["", "white", "yellow", "blue", "red"] = ""
    vehicle_class: str = Field(default="", max_length=40)

    @model_validator(mode="after")
    def _plate_when_read(self) -> Self:
        """Refuse a plate that was read and is not given."""
        if self.plate_state == "read" and not self.plate:
            raise ValueError("a plate that was read must be given")
        return self


class StepRule(BaseModel):
    """One step of a life cycle."""

    kind: StepKind
    sources: list[Stage]
    target: Stage | None
    """None: the stage stays."""
    roles: list[Role]
    note_required: bool


class LifeCycle(BaseModel):
    """One of the two life cycles."""

    name: Literal["incident", "violation"]
    first: Stage
    steps: list[StepRule]


class LifeCycleList(BaseModel):
    """Both life cycles: what may be done where and by whom."""

    items: list[LifeCycle]
    next_cursor: str | None = None
