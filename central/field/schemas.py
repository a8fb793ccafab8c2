"""JSON of the officer's page."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, Field, model_validator

from central.alerts.schemas import AlertItem
from central.asked import AskedQuery
from central.incidents.case_schemas import StepKind
from central.incidents.schemas import IncidentItem, Step
from edge.contract.messages import Sha256, UtcTime

KEY_PATTERN = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
"""Of a UUID that the phone made with the report: sent again it is the same report."""


class FieldReport(Step):
    """What an officer said from the phone; a note stands whatever the version is by now."""

    kind: Literal[StepKind.ACKNOWLEDGE, StepKind.ARRIVE, StepKind.NOTE]
    made_at: UtcTime
    """When it was said, by the phone's clock."""

    @model_validator(mode="after")
    def _note_has_words(self) -> Self:
        """Refuse a note without words."""
        if self.kind == StepKind.NOTE and not self.note.strip():
            raise ValueError("a note must say something")
        return self


class PhotoTold(AskedQuery):
    """What a phone says about a photo it sends."""

    made_at: UtcTime
    sha256: Sha256
    note: str = Field(default="", max_length=2000)


class ReportAnswer(BaseModel):
    """The incident as it stands now."""

    incident: IncidentItem
    repeated: bool
    """This report had come before; nothing was done again."""


class BoardAlert(AlertItem):
    """An alert with the incidents that matter in it, newest first."""

    news: list[IncidentItem]


class Board(BaseModel):
    """What concerns one person now."""

    at: UtcTime
    on_call_until: UtcTime | None
    """None: not on call."""
    alerts: list[BoardAlert]
    """Those that have not ended, of one's shift or answered by oneself, newest first."""
    mine: list[IncidentItem]
    """Incidents under way on which one has taken a step, newest first."""
    areas: dict[str, str]
    """Code → name of the communes in it: a phone without a network asks nobody for names."""
