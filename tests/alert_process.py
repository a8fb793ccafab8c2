"""A process that decides and sends alerts until it is killed; and the trial that kills it.

``python -m tests.alert_process 10000`` stores that many incidents, each of its own cause, kills
the process at random moments while it decides, sends and escalates, and counts what nobody was
told. The suite tries fewer.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select

from central.alerts.dispatch import dispatch
from central.alerts.watch import watch
from central.db import Database
from central.tables.alerts import AlertDeliveryRow, AlertRow
from tests.alerting import AlertingCentre
from tests.builders import NOON
from tests.centre import centre_parts, migrated_database
from tests.forks import Life, parent_of

if TYPE_CHECKING:
    from central.alerts.texts import AlertText

KILLS = 8
PATIENCE_S = 600.0


class FileChannel:
    """A gateway that is a file: one line for each text, on disk when ``send`` returns."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def send(self, address: str, text: AlertText, delivery_id: int) -> None:
        """Write who was told of what."""
        os.write(self._file, f"{text.code} {address} {delivery_id}\n".encode())


def live(folder: Path) -> None:
    """Decide and send for ever; the clock is what the file ``now`` says."""
    database = Database(f"sqlite:///{folder / 'songlam.sqlite3'}")
    clock = lambda: datetime.fromisoformat((folder / "now").read_text())  # noqa: E731
    parts, _ = centre_parts(database, folder, clock)
    channel = FileChannel(folder / "sent")
    (folder / "alive").touch()
    while True:
        watch(parts)
        dispatch(parts, {"sms": channel})
        (folder / "turn").write_text(str(time.monotonic_ns()))


class Trial:
    """One folder, one process that is killed and begun anew."""

    def __init__(self, folder: Path, count: int, seed: int) -> None:
        self._folder, self._chance = folder, random.Random(seed)  # noqa: S311 - to be repeated
        self.centre = AlertingCentre(migrated_database(folder), folder)
        self.centre.burst([{"area_code": f"{number}"} for number in range(count)])
        self._at = NOON
        self._process: Life | None = None

    def run(self) -> list[str]:
        """Kill, go on, let time pass twice; return who was not told of what."""
        for passed in (timedelta(seconds=1), timedelta(seconds=61), timedelta(minutes=6)):
            self._set_clock(NOON + passed)
            for _ in range(KILLS // 3 + 1):
                self._begin()
                time.sleep(self._chance.uniform(0.01, 0.4))
                self._kill()
            self._begin()
            # Two retries after a kill are due a while later on the clock.
            for wait_s in (0, 15, 20):
                self._set_clock(self._at + timedelta(seconds=wait_s))
                self._settle()
            self._kill()
        return self._untold()

    def close(self) -> None:
        """Let go of the database."""
        self.centre.parts.database.close()

    def _set_clock(self, at: datetime) -> None:
        self._at = at
        draft = self._folder / "now.draft"
        draft.write_text(at.isoformat())
        draft.replace(self._folder / "now")

    def _begin(self) -> None:
        alive = self._folder / "alive"
        alive.unlink(missing_ok=True)
        self._process = parent_of("tests.alert_process").begin(
            "live", str(self._folder), environment=os.environ, out=self._folder / "log"
        )
        until = time.monotonic() + PATIENCE_S
        while not alive.exists() and time.monotonic() < until:
            time.sleep(0.005)

    def _kill(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def _settle(self) -> None:
        """Wait until the process has made two whole turns at the present clock."""
        turn, seen = self._folder / "turn", set[str]()
        until = time.monotonic() + PATIENCE_S
        while len(seen) < 3 and time.monotonic() < until:
            if turn.exists():
                seen.add(turn.read_text())
            time.sleep(0.02)

    def _untold(self) -> list[str]:
        """Return code and step of every text that nobody got."""
        told = Counter(
            tuple(line.split()[:2]) for line in (self._folder / "sent").read_text().splitlines()
        )
        with self.centre.parts.database.read() as session:
            alerts = session.scalars(select(AlertRow)).all()
            states = Counter(session.scalars(select(AlertDeliveryRow.state)))
        missing = [
            f"{alert.code} {who}"
            for alert in alerts
            for who in ("team", "lead", "commander")
            if (alert.code, who) not in told
        ]
        twice = sum(times - 1 for times in told.values())
        sys.stdout.write(f"{len(alerts)} alerts, {dict(states)}, {twice} told more than once\n")
        return missing


def main(arguments: list[str]) -> int:
    """Live, or try as many as the command line says."""
    if arguments[0] == "live":
        live(Path(arguments[1]))
    with tempfile.TemporaryDirectory() as name:
        trial = Trial(Path(name), int(arguments[0]), seed=20_261_128)
        missing = trial.run()
        trial.close()
    sys.stdout.write(f"{len(missing)} not told\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
