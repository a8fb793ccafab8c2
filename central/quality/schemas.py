"""JSON of quality: precision, time to decision, samples for a second look, training data."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from central.asked import Asked, AskedQuery
from central.custody.schemas import Reason
from central.incidents.schemas import Note, ReviewStatus, RuleItem
from central.quality.intervals import wilson
from edge.contract.messages import UtcTime

LONGEST = timedelta(days=400)
"""The longest period of one question: a year with its neighbours."""
USUAL = timedelta(days=30)
"""What is looked at when nobody says. Source: own choice."""
Verdict = Literal[ReviewStatus.CONFIRMED, ReviewStatus.REJECTED]


class Share(BaseModel):
    """How many of those that were counted hit, and how sure that is."""

    hits: int
    trials: int
    low: float | None
    """Lower end of the 95 % interval; None where nothing was counted."""
    high: float | None

    @classmethod
    def of(cls, hits: int, trials: int) -> Self:
        """Return a share with its interval."""
        low, high = wilson(hits, trials) or (None, None)
        return cls(hits=hits, trials=trials, low=low, high=high)


class RulePrecision(RuleItem):
    """Precision of one rule."""

    precision: Share


class CameraPrecision(BaseModel):
    """Precision of all rules on one camera."""

    box_id: str
    camera_id: str
    camera_name: str
    precision: Share


class DayPrecision(BaseModel):
    """Precision of what happened on one day in Việt Nam."""

    day: date
    precision: Share


class ReasonCount(BaseModel):
    """How often a reason was given for rejecting."""

    code: str
    name_vi: str
    name_en: str
    count: int


class DecisionTime(BaseModel):
    """Seconds from the arrival of an incident to its verdict."""

    median_s: float | None
    p90_s: float | None


class QualityFigures(BaseModel):
    """What the verdicts of a period say: confirmed is a hit, rejected is none."""

    starts_at: UtcTime
    ends_at: UtcTime
    precision: Share
    by_rule: list[RulePrecision]
    """Most verdicts first."""
    by_camera: list[CameraPrecision]
    """Most verdicts first, at most 200."""
    by_day: list[DayPrecision]
    reasons: list[ReasonCount]
    decision_time: DecisionTime


class QualityFilter(AskedQuery):
    """Which incidents figures are about, by the time they happened; absent fields ask for all."""

    from_at: UtcTime | None = Field(
        default=None, alias="from", description="occurred at or after; 30 days before the end"
    )
    to_at: UtcTime | None = Field(default=None, alias="to", description="occurred before; now")
    area_code: str | None = Field(default=None, max_length=20)
    rule: str | None = Field(default=None, max_length=64)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        """Refuse a period that ends before it starts, or is longer than figures are made for."""
        if self.from_at is None or self.to_at is None:
            return self
        if not timedelta(0) < self.to_at - self.from_at <= LONGEST:
            raise ValueError(f"the period must end after it starts, within {LONGEST.days} days")
        return self

    def period(self, now: datetime) -> tuple[datetime, datetime]:
        """Return the period that is asked about."""
        if self.from_at is not None and self.to_at is None:
            return self.from_at, min(max(now, self.from_at), self.from_at + LONGEST)
        end = self.to_at or now
        return self.from_at or end - USUAL, end


class QualityQuery(QualityFilter):
    """What the page of quality asks for, all at once: a visit is one line of the audit log."""

    week: date | None = Field(default=None, description="Of which samples are listed; the newest")


class TrainingOrder(QualityFilter):
    """Which verdicts are taken out, how, and what for."""

    format: Literal["jsonl", "csv"] = "jsonl"
    purpose: Reason


class DrawOrder(Asked):
    """How many judged incidents of a week get a second look."""

    week: date = Field(description="The Monday, in Việt Nam")
    size: int = Field(default=20, ge=1, le=200)


class SampleWeek(BaseModel):
    """The samples of one week, and how often the second person agreed."""

    week: date
    drawn: int
    agreement: Share
    """Of those that were looked at again."""


class SampleWeekList(BaseModel):
    """Weeks with samples, newest first."""

    items: list[SampleWeek]
    next_cursor: str | None = None


class SampleItem(RuleItem):
    """One sample. What the first person said stays hidden until the second has spoken."""

    incident_id: str
    week: date
    camera_name: str
    area_code: str
    occurred_at: UtcTime
    may_look: bool
    """Whether who asks may give the second look: their role, and not their own verdict."""
    looked_at: UtcTime | None
    looked_by: str | None
    first: ReviewStatus | None
    second: ReviewStatus | None
    reason_code: str | None
    """Why the second person would reject it."""
    note: str


class SampleList(BaseModel):
    """The samples of one week, in the order of time."""

    week: date | None
    """None: nothing was ever drawn."""
    items: list[SampleItem]
    weeks: list[SampleWeek]
    """Every week with samples, newest first."""
    next_cursor: str | None = None


class QualityReport(QualityFigures):
    """The page of quality: figures of a period, and samples of a week."""

    second_looks: SampleList


class SecondLook(Asked):
    """What another person says of a sample, on their own."""

    verdict: Verdict
    reason_code: Annotated[str | None, Field(max_length=40)] = None
    note: Note = ""

    @model_validator(mode="after")
    def _reason_when_rejected(self) -> Self:
        """Want a reason with a rejection, and none without."""
        if (self.verdict == ReviewStatus.REJECTED) != (self.reason_code is not None):
            raise ValueError("a rejection, and only that, needs a reason code")
        return self
