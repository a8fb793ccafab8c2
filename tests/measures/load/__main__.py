"""``scripts/bench central [MEASURE …]``: what the centre bears, as one JSON line.

Starts a Mosquitto, a database and the centre for each measure, on loopback only, and ends them.
Progress goes to stderr. Exit code 1: something was lost, or came twice; the line says what.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.measures.load import ingest, phone, screen
from tests.measures.load.site import Options, Site, allow_files, machine

if TYPE_CHECKING:
    from collections.abc import Sequence

MEASURES = {"ingest": ingest, "screen": screen, "phone": phone}
EXAMPLES = """\
measures:
  ingest   receipts a second at full pace, publish -> receipt at full pace and at a modest rate,
           memory, rows stored against receipts, beside the bare database on the same rows
  screen   incident published -> told to every one of many live viewers
  phone    incident published -> SMS gateway has the text

examples:
  scripts/bench central                                  all three on SQLite, some minutes
  scripts/bench central ingest --seconds 300 --database postgres
  scripts/bench central screen --viewers 500 --seconds 30
  scripts/bench central ingest --seconds 20 --inflight 1000   with another window at the broker

Nothing else should run beside it. --folder must be on the disk that is meant: commits wait for it.
"""


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = argparse.ArgumentParser(
        prog="scripts/bench central",
        description="Measure what the centre bears; print one JSON line.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("measures", nargs="*", metavar="MEASURE", help=f"of {', '.join(MEASURES)}")
    made.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    made.add_argument("--boxes", type=int, default=1000, help="connected boxes (1000)")
    made.add_argument("--seconds", type=float, default=60.0, help="of sending, each time (60)")
    made.add_argument("--window", type=int, default=1, help="unreceipted messages of a box (1)")
    made.add_argument("--beat", type=float, default=10.0, help="a box's heartbeat, s; 0: none (10)")
    made.add_argument("--rate", type=float, default=200.0, help="modest rate of ingest, /s (200)")
    made.add_argument("--viewers", type=int, default=500, help="open live streams (500)")
    made.add_argument("--screen-rate", type=float, default=2.0, help="incidents of screen, /s (2)")
    made.add_argument("--phone-rate", type=float, default=5.0, help="incidents of phone, /s (5)")
    made.add_argument("--inflight", type=int, default=0, help="max_inflight_messages of the broker")
    made.add_argument("--folder", type=Path, help="where databases go (the system's own for such)")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what was asked for; return the exit code."""
    asked = parser().parse_args(arguments)
    if unknown := sorted(set(asked.measures) - set(MEASURES)):
        parser().error(f"unknown: {', '.join(unknown)}; want some of {', '.join(MEASURES)}")
    options = Options(**{each.name: getattr(asked, each.name) for each in fields(Options)})
    allow_files(options.boxes + options.viewers)
    told: dict[str, Any] = {
        "machine": machine(), "database": options.database, "boxes": options.boxes,
    }  # fmt: skip
    whole = True
    for name in asked.measures or MEASURES:
        sys.stderr.write(f"{name}: a centre on {options.database} begins\n")
        with tempfile.TemporaryDirectory(dir=asked.folder) as folder, ExitStack() as stack:
            told[name] = MEASURES[name].measure(Site(Path(folder), stack, options), options)
        whole = MEASURES[name].is_whole(told[name]) and whole
    sys.stdout.write(json.dumps(told) + "\n")
    return 0 if whole else 1


if __name__ == "__main__":
    # Whoever ends us ends what we started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sys.exit(main())
