"""A box's outbox and publisher in a process of its own, to be killed by tests at any instant.

``python tests/delivery_process.py FOLDER PORT TOKEN FIRST COUNT`` puts COUNT incidents numbered
from FIRST, prints each number once its ``put`` has returned, and goes on sending until it is ended.
Then it takes orders, one per line of its standard input: ``skip S`` lets its clocks jump forward,
as if the box had waited S seconds; ``live N S`` puts N more incidents, one per S seconds.

Incident number n is of camera n modulo ``--cameras``; the first happen n seconds after noon, those
with ``--live`` and those ordered when they are put, by the machine's own clock. With ``--centre``
files are uploaded: ``--clips`` clips of ``--clip-bytes`` at the start, a thumbnail per incident.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from edge.clock import SystemClock
from edge.config.box import BoxConfig, OutboxConfig
from edge.contract.messages import CameraState, EvidenceKind
from edge.counters import Counters
from edge.outbox import MediaUpload, Outbox
from edge.publisher import Publisher
from edge.uploads import Uploader
from tests.builders import NOON, incident_message, state_message

if TYPE_CHECKING:
    from edge.contract.messages import IncidentMessage

THUMBNAIL_BYTES = 10_000
BOXES = tuple((0.1 * n, 100.5 + n, 80.25, 160.75 + n, 140.5) for n in range(30))
"""Three seconds of a track: with it an incident message is about 2 kB, as a real one."""
YESTERDAY = datetime.combine(datetime.now(UTC), datetime.min.time(), UTC) - timedelta(days=1)
"""When the first incident of an outage happened: of what is older, periods of the law are over."""


class SkippingClock(SystemClock):
    """The system's clock, plus the seconds that a test pretends to have waited."""

    skipped_s = 0.0

    def now(self) -> datetime:
        """Return wall time."""
        return super().now() + timedelta(seconds=self.skipped_s)

    def monotonic(self) -> float:
        """Return monotonic seconds."""
        return super().monotonic() + self.skipped_s


def incident(number: int, cameras: int, at: datetime | None = None) -> IncidentMessage:
    """Return one incident, its camera and, if not given, its time told by its number."""
    at = at or YESTERDAY + timedelta(seconds=number)
    camera = f"camera-{number % cameras}"
    return incident_message(
        f"i{number}", camera_id=camera, occurred_at=at, decided_at=at, boxes=BOXES
    )


def file_of_evidence(folder: Path, name: str, kind: EvidenceKind, size: int) -> MediaUpload:
    """Write one file of evidence and return the order to upload it."""
    content = hashlib.shake_128(name.encode()).digest(size)
    path = folder / f"{name}.{kind.value}"
    path.write_bytes(content)
    return MediaUpload(
        evidence_id=path.name,
        incident_id=name,
        kind=kind,
        media_type="image/jpeg" if kind is EvidenceKind.THUMBNAIL else "video/mp4",
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=size,
        path=str(path),
    )


def box_of(given: argparse.Namespace) -> BoxConfig:
    """Return the box that the arguments describe."""
    box = BoxConfig.model_validate(
        {
            "box_id": "n1",
            "data_dir": str(given.folder),
            "centre": {"url": given.centre or "http://127.0.0.1:1", "token": given.token},
            "broker": {"port": given.port, "keepalive_s": 15 if given.centre else 5},
            "detector": {"manifest": "unused"},
            "uploads": {"max_bytes_per_day": 10**12},
            "cameras": ["unused"],
        }
    )
    # A box refuses to send its token in clear over a network; this one is on the same machine.
    return box.model_copy(update={"broker": box.broker.model_copy(update={"host": given.host})})


def main(given: argparse.Namespace) -> None:
    """Put and send until killed."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    counters = Counters()
    clock = SkippingClock()
    path = given.folder / "outbox.sqlite3"
    outbox = Outbox(path, config=OutboxConfig(), clock=clock, counters=counters)
    box = box_of(given)
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
    if given.centre:
        for number in range(given.clips):
            clip = (f"clip{number}", EvidenceKind.CLIP, given.clip_bytes)
            outbox.put_media(file_of_evidence(given.folder, *clip))
        Uploader(box, outbox, clock=clock, counters=counters).start()
    numbers = itertools.count(given.first)
    for number in itertools.islice(numbers, given.count):
        put(outbox, incident(number, given.cameras, SystemClock().now() if given.live else None))
        if given.centre:
            picture = (f"i{number}", EvidenceKind.THUMBNAIL, THUMBNAIL_BYTES)
            outbox.put_media(file_of_evidence(given.folder, *picture))
        time.sleep(given.pause)
    for line in sys.stdin:
        order, *figures = line.split()
        if order == "skip":
            clock.skipped_s += float(figures[0])
            continue
        for number in itertools.islice(numbers, int(figures[0])):
            put(outbox, incident(number, given.cameras, SystemClock().now()))
            time.sleep(float(figures[1]))
    threading.Event().wait()


def put(outbox: Outbox, message: IncidentMessage) -> None:
    """Put an incident and tell its number once it is durable."""
    if outbox.put(message):
        sys.stdout.write(f"{message.incident_id.removeprefix('i')}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("port", type=int)
    parser.add_argument("token")
    parser.add_argument("first", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("--cameras", type=int, default=1)
    parser.add_argument("--pause", type=float, default=0.005)
    parser.add_argument("--live", action="store_true")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--centre", default="")
    parser.add_argument("--clips", type=int, default=0)
    parser.add_argument("--clip-bytes", type=int, default=0)
    main(parser.parse_args())
