"""A centre that alerts, without HTTP: incidents in, texts out, on a clock that tests turn."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from central.alerts.channels import ChannelError
from central.alerts.dispatch import dispatch
from central.alerts.watch import watch
from central.auth.schemas import Role
from central.incidents import intake
from central.tables.alerts import ContactRow, ShiftRow
from edge.contract.messages import Phase
from tests.builders import NOON, ManualClock, incident_message
from tests.centre import add_box, add_person, centre_parts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from central.alerts.texts import AlertText
    from central.db import Database
    from edge.contract.messages import IncidentMessage

TEAM, LEAD, COMMANDER = "team", "lead", "commander"


@dataclass
class Outbox:
    """A channel that keeps what it was given, or fails as told."""

    sent: list[tuple[str, str]] = field(default_factory=list)
    failures: int = 0
    final: bool = False

    def send(self, address: str, text: AlertText, delivery_id: int) -> None:
        """Keep a text, or fail."""
        if self.failures:
            self.failures -= 1
            raise ChannelError(f"down, delivery {delivery_id}", final=self.final)
        self.sent.append((address, text.vi))

    @property
    def told(self) -> list[str]:
        """Return who was told, in order."""
        return [address for address, _ in self.sent]


class AlertingCentre:
    """A centre with a team, a shift lead and a commander on call, reached over one channel."""

    def __init__(self, database: Database, folder: Path) -> None:
        """Register the box and the people."""
        self.clock = ManualClock()
        self.outbox = Outbox()
        self.parts, _ = centre_parts(database, folder, self.clock.now)
        self._count = 0
        add_box(database, "n1")
        for step, name in enumerate((TEAM, LEAD, COMMANDER)):
            add_person(database, name, Role.OFFICER, self.clock.now)
            with database.write() as session:
                session.add(on_call(name, step))
                session.add(ContactRow(username=name, channel="sms", address=name, created_at=NOON))

    def happen(self, **given: Any) -> str:
        """Let an incident be stored; return its id."""
        return self.burst([given])[0]

    def burst(self, several: Sequence[dict[str, Any]]) -> list[str]:
        """Let incidents be stored together, as a batch that came in at once; return their ids."""
        messages = [self._message(given) for given in several]
        with self.parts.database.write() as session:
            intake.store(session, messages, self.clock.now())
        return [message.incident_id for message in messages]

    def _message(self, given: dict[str, Any]) -> IncidentMessage:
        self._count += 1
        now = self.clock.now()
        fields: dict[str, Any] = {
            "rule": "wrong_way",
            "area_code": "16681",
            "occurred_at": now,
            "decided_at": now,
            "sent_at": now,
        } | given
        incident_id = str(fields.pop("incident_id", f"i{self._count}"))
        return incident_message(incident_id, fields.pop("revision", 1), **fields)

    def close(self, incident_id: str, **given: Any) -> None:
        """Let an incident end now."""
        now = self.clock.now()
        self.happen(incident_id=incident_id, revision=2, phase=Phase.CLOSED, ended_at=now, **given)

    def tick(self, seconds: float = 1.0) -> None:
        """Let time pass, then decide and send once."""
        self.clock.advance(seconds)
        watch(self.parts)
        dispatch(self.parts, {"sms": self.outbox})

    def run(self, seconds: float, step_s: float = 5.0) -> None:
        """Let time pass in steps."""
        for _ in range(int(seconds / step_s)):
            self.tick(step_s)


def on_call(username: str, step: int, area_code: str = "", **given: Any) -> ShiftRow:
    """Return a shift that covers the test's day."""
    fields: dict[str, Any] = {
        "starts_at": NOON - timedelta(days=1),
        "ends_at": NOON + timedelta(days=2),
    }
    return ShiftRow(username=username, step=step, area_code=area_code, **(fields | given))
