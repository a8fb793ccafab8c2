"""A box's outbox and publisher in a process of its own, to be killed by tests at any instant.

``python tests/delivery_process.py FOLDER PORT TOKEN FIRST COUNT`` puts COUNT incidents numbered
from FIRST, prints each number once its ``put`` has returned, and goes on sending until it is ended.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import structlog

from edge.clock import SystemClock
from edge.config.box import BoxConfig, OutboxConfig
from edge.counters import Counters
from edge.outbox import Outbox
from edge.publisher import Publisher
from tests.builders import incident_message

PAUSE_S = 0.005


def main(folder: Path, port: int, token: str, first: int, count: int) -> None:
    """Put and send until killed."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    counters = Counters()
    clock = SystemClock()
    outbox = Outbox(
        folder / "outbox.sqlite3", config=OutboxConfig(), clock=clock, counters=counters
    )
    box = BoxConfig.model_validate(
        {
            "box_id": "n1",
            "centre": {"url": "http://127.0.0.1:1", "token": token},
            "broker": {"port": port, "keepalive_s": 5},
            "detector": {"manifest": "unused"},
            "cameras": ["unused"],
        }
    )
    Publisher(
        box,
        outbox,
        clock=clock,
        counters=counters,
        on_desired=lambda _: None,
        on_command=lambda _: None,
    ).start()
    for number in range(first, first + count):
        if outbox.put(incident_message(f"i{number}")):
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()
        time.sleep(PAUSE_S)
    threading.Event().wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
