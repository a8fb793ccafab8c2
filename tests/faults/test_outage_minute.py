"""One minute without a broker, the box killed meanwhile: every incident arrives exactly once.

Nothing stands in for anything: real clips in real time, the real detector, box and centre as
processes, Mosquitto. What must arrive is what the box itself wrote down: the outbox file found
after the kill and, for the box's second life, its own count of messages.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING

import pytest

from edge.contract.messages import IncidentMessage, Phase, StateMessage
from tests.stand_in_centre import wait_until
from tests.whole_line import Arrival, WholeLine

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fault_matrix import FaultCase

pytestmark = [
    *(pytest.mark.broker, pytest.mark.assets, pytest.mark.timeout(300)),
    pytest.mark.fault("broker"),
]
CAMERAS = ("vn-hanoi-hangbai-redlight", "vn-hanoi-giangvo-queue")
AWAY_S = 60.0
KILLED_AFTER_S = 30.0
BACK_S = 90.0
"""The box waits up to 40 s between two tries, so that a province does not come back at once."""

Key = tuple[str, int]


def queued(line: WholeLine) -> dict[Key, IncidentMessage]:
    """Return the incident messages in the outbox of a box that does not run."""
    with closing(sqlite3.connect(line.folder / "var/outbox.sqlite3")) as db:
        rows = db.execute("SELECT payload FROM parcel WHERE channel = 'incident'").fetchall()
    messages = [IncidentMessage.model_validate_json(row[0]) for row in rows]
    return {(message.incident_id, message.revision): message for message in messages}


def keys(arrivals: list[Arrival]) -> set[Key]:
    """Return which revisions arrived."""
    return {one.key for one in arrivals}


@dataclass(frozen=True, kw_only=True)
class Story:
    """What the box wrote down and what the centre has, after an outage."""

    before: set[Key]
    """Stored before the broker went."""
    left: set[Key]
    """In the outbox of the killed box."""
    farewell: StateMessage
    """Of the second life."""
    unsent: dict[Key, IncidentMessage]
    """In the outbox of the second life when it had ended, and not at the centre."""
    arrivals: list[Arrival]
    copies: int
    drained_s: float

    @property
    def saved(self) -> set[Key]:
        """Return what only the killed box's disk knew."""
        return self.left - self.before

    def __str__(self) -> str:
        """Return the figures in a line."""
        incidents = len(heads(self.arrivals))
        return (
            f"broker away {AWAY_S:.0f} s, box killed once: {incidents} incidents in"
            f" {len(self.arrivals)} revisions, each stored once ({self.copies} copies recognised);"
            f" {len(self.saved)} only on the killed box's disk; all sent"
            f" {self.drained_s:.0f} s after the broker came back"
        )


def test_a_minute_without_broker_and_a_kill_lose_and_double_nothing(
    tmp_path: Path, fault_case: FaultCase
) -> None:
    fault_case.injected("broker away for a minute, box killed in the middle; real clips and centre")
    with ExitStack() as stack:
        story = told(WholeLine(tmp_path, stack, CAMERAS))

    print(story)  # noqa: T201 - the figures are the point
    assert story.farewell.status == "offline"
    assert story.farewell.counters["outbox_refused"] == 0
    assert len(story.saved) >= 5
    assert story.left <= keys(story.arrivals)
    # Exactly what both lives wrote down: nothing lost, nothing invented.
    written = len(story.before | story.left) + story.farewell.counters["incidents_queued"]
    assert len(story.arrivals) + len(story.unsent) == written
    # Only what was closed while stopping may wait in the outbox for the next start.
    assert {message.phase for message in story.unsent.values()} <= {Phase.CLOSED}
    late = {one.key for one in story.arrivals if one.message.historical}
    assert story.saved <= late
    lost = story.left - keys(story.arrivals)
    fault_case.lost("incident messages", len(lost), of=len(story.left))
    fault_case.recovered_in(story.drained_s)
    check_lives(heads(story.arrivals), {incident_id for incident_id, _ in story.unsent})


def told(line: WholeLine) -> Story:
    """Let it happen: the broker stops for a minute, and the box is killed in the middle of it."""
    first = line.box()
    assert wait_until(lambda: bool(line.arrivals()), 60), first.log[-2000:]
    line.broker.stop()
    gone_s = time.monotonic()
    assert wait_until(lambda: not line.is_ready())  # what had arrived is stored by now
    before = keys(line.arrivals())
    time.sleep(KILLED_AFTER_S - (time.monotonic() - gone_s))
    first.kill()
    left = queued(line)
    second = line.box()
    time.sleep(AWAY_S - (time.monotonic() - gone_s))
    assert keys(line.arrivals()) == before
    line.broker.start()
    back_at, back_s = datetime.now(UTC), time.monotonic()
    assert wait_until(lambda: is_drained(line, back_at), BACK_S), second.log[-2000:]
    drained_s = time.monotonic() - back_s
    assert second.terminate() == 0
    arrivals = line.arrivals()
    return Story(
        before=before,
        left=set(left),
        farewell=line.state(),
        unsent={key: m for key, m in queued(line).items() if key not in keys(arrivals)},
        arrivals=arrivals,
        copies=line.duplicates(),
        drained_s=drained_s,
    )


def is_drained(line: WholeLine, back_at: datetime) -> bool:
    """Say whether the box, as it tells itself, has sent all that waited for the broker."""
    box = line.box_row()
    if box.last_seen_at is None or box.last_seen_at < back_at:
        return False
    return box.oldest_unsent_at is None or box.oldest_unsent_at > back_at


def heads(arrivals: list[Arrival]) -> dict[str, list[IncidentMessage]]:
    """Return each incident's revisions in order."""
    grouped = groupby(arrivals, key=lambda one: one.message.incident_id)
    return {incident_id: [one.message for one in group] for incident_id, group in grouped}


def check_lives(incidents: dict[str, list[IncidentMessage]], unfinished: set[str]) -> None:
    """Every incident came revision after revision, from its opening to its end."""
    for incident_id, messages in incidents.items():
        assert [message.revision for message in messages] == list(range(1, len(messages) + 1))
        told = [message.phase for message in messages]
        assert told == sorted(told, key=list(Phase).index), incident_id
        assert told.count(Phase.OPENED) == 1
        assert told[-1] is Phase.CLOSED or incident_id in unfinished
