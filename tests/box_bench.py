"""A real box as a process, its broker and a stand-in centre: what was written, what arrived."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

from tests.edge_process import ROOT, TOKEN, EdgeProcess, Home, write_box
from tests.mosquitto import CENTRE, Mosquitto
from tests.stand_in_centre import StandInCentre, StandInUploads, wait_until
from tests.tiny_models import Signer

if TYPE_CHECKING:
    from contextlib import ExitStack
    from pathlib import Path

    from tests.fault_matrix import FaultCase

PASSWORD = "c" * 32
PATIENCE_S = 60.0


class BoxBench:
    """Broker and centre of one box, and the box's files; lives of the box begin with ``box``."""

    def __init__(
        self, folder: Path, stack: ExitStack, cameras: tuple[str, ...] = ("gate",)
    ) -> None:
        """Start broker and centre and write the box's files."""
        self.folder, self.stack = folder, stack
        self.written: set[str] = set()
        users = {CENTRE: PASSWORD, "n1": TOKEN}
        self.broker = stack.enter_context(Mosquitto(folder / "broker", users, persistent=True))
        self.centre = stack.enter_context(StandInCentre(self.broker, CENTRE, PASSWORD))
        self.uploads = stack.enter_context(StandInUploads(TOKEN))
        self.signer = Signer()
        home = Home(self.broker.port, self.uploads.url, self.signer.public_key)
        self.box_file = write_box(folder, home, cameras)

    def box(self) -> EdgeProcess:
        """Begin one life of the box."""
        return self.stack.enter_context(EdgeProcess(self.box_file))

    def working_box(self) -> EdgeProcess:
        """Begin one life of the box; return once it watches its cameras."""
        log = self.folder / "edge.log"
        before = log.read_text("utf-8").count("box_started") if log.exists() else 0
        box = self.box()
        assert wait_until(lambda: box.log.count("box_started") > before, PATIENCE_S), box.log
        return box

    def box_with(self, code: str, pass_fds: tuple[int, ...] = ()) -> subprocess.Popen[bytes]:
        """Begin one life of the box in which ``code`` runs first; it inherits ``pass_fds``."""
        program = f"import sys\n{code}\nfrom edge.__main__ import main\nsys.exit(main())"
        arguments = ["run", "--config", str(self.box_file)]
        process = subprocess.Popen(
            [sys.executable, "-c", program, *arguments],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=pass_fds,
        )
        self.stack.callback(process.wait)
        self.stack.callback(process.kill)
        return process

    def note_written(self) -> set[str]:
        """Note all incident messages that are safe: in the ended box's outbox, or arrived."""
        with closing(sqlite3.connect(self.folder / "var/outbox.sqlite3")) as db:
            rows = db.execute("SELECT message_id FROM parcel WHERE channel = 'incident'").fetchall()
        waiting = {row[0] for row in rows}
        self.written |= waiting | set(self.centre.incidents())
        return waiting

    def files_waiting(self) -> set[str]:
        """Return the evidence ids that the ended box still has to upload."""
        with closing(sqlite3.connect(self.folder / "var/outbox.sqlite3")) as db:
            rows = db.execute("SELECT payload FROM parcel WHERE channel = 'media'").fetchall()
        return {json.loads(row[0])["evidence_id"] for row in rows}

    def has_incidents(self, more: int = 1) -> bool:
        """Wait until the centre has so many more incident messages than now."""
        wanted = len(self.centre.incidents()) + more
        return wait_until(lambda: len(self.centre.incidents()) >= wanted, PATIENCE_S)

    def has_written(self) -> bool:
        """Wait until all that was noted has arrived."""
        return wait_until(lambda: self.written <= set(self.centre.incidents()), PATIENCE_S)

    def settle(self, case: FaultCase) -> None:
        """Tell the case how many of the messages noted never came."""
        lost = self.written - set(self.centre.incidents())
        case.lost("incident messages", len(lost), of=len(self.written))
