"""A box's outbox and publisher in a process of its own, to be killed by tests at any instant.

``python tests/delivery_process.py FOLDER PORT TOKEN FIRST COUNT`` puts COUNT incidents numbered
from FIRST, prints each number once its ``put`` has returned, and goes on sending until it is ended.
Each line of its standard input is a number of seconds that its clocks then jump forward, as if the
box had waited so long. Incident number n is of camera n modulo ``--cameras``.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from edge.clock import SystemClock
from edge.config.box import BoxConfig, OutboxConfig
from edge.contract.messages import CameraState
from edge.counters import Counters
from edge.outbox import Outbox
from edge.publisher import Publisher
from tests.builders import NOON, incident_message, state_message

if TYPE_CHECKING:
    from datetime import datetime

    from edge.contract.messages import IncidentMessage

BOXES = tuple((0.1 * n, 100.5 + n, 80.25, 160.75 + n, 140.5) for n in range(30))
"""Three seconds of a track: with it an incident message is about 2 kB, as a real one."""


class SkippingClock(SystemClock):
    """The system's clock, plus the seconds that a test pretends to have waited."""

    skipped_s = 0.0

    def now(self) -> datetime:
        """Return wall time."""
        return super().now() + timedelta(seconds=self.skipped_s)

    def monotonic(self) -> float:
        """Return monotonic seconds."""
        return super().monotonic() + self.skipped_s


def incident(number: int, cameras: int) -> IncidentMessage:
    """Return one incident, its camera and time told by its number."""
    at = NOON + timedelta(seconds=number)
    camera = f"camera-{number % cameras}"
    return incident_message(
        f"i{number}", camera_id=camera, occurred_at=at, decided_at=at, boxes=BOXES
    )


def main(given: argparse.Namespace) -> None:
    """Put and send until killed."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    counters = Counters()
    clock = SkippingClock()
    path = given.folder / "outbox.sqlite3"
    outbox = Outbox(path, config=OutboxConfig(), clock=clock, counters=counters)
    box = BoxConfig.model_validate(
        {
            "box_id": "n1",
            "centre": {"url": "http://127.0.0.1:1", "token": given.token},
            "broker": {"port": given.port, "keepalive_s": 5},
            "detector": {"manifest": "unused"},
            "cameras": ["unused"],
        }
    )
    publisher = Publisher(
        box,
        outbox,
        clock=clock,
        counters=counters,
        on_desired=lambda _: None,
        on_command=lambda _: None,
    )
    cameras = (
        CameraState(camera_id=f"camera-{n}", status="online", since=NOON)
        for n in range(given.cameras)
    )
    publisher.announce(state_message(cameras=tuple(cameras)))
    publisher.start()
    for number in range(given.first, given.first + given.count):
        if outbox.put(incident(number, given.cameras)):
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()
        time.sleep(given.pause)
    for line in sys.stdin:
        clock.skipped_s += float(line)
    threading.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("port", type=int)
    parser.add_argument("token")
    parser.add_argument("first", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("--cameras", type=int, default=1)
    parser.add_argument("--pause", type=float, default=0.005)
    main(parser.parse_args())
