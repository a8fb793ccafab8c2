"""Box → real Mosquitto → real centre on either database, with counts of what was put.

For cases of the fault matrix about the centre: broker and centre are processes, the box's outbox
and publisher run in the test's own.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import httpx
from sqlalchemy import select

from central.tables.incidents import RevisionRow
from scripts.demo_stack.parts import Part, choose_port, wait_until
from tests.builders import incident_message
from tests.centre import add_boxes, migrated_database
from tests.delivery_box import DeliveryBox
from tests.forks import start_centre
from tests.mosquitto import CENTRE, Mosquitto
from tests.stand_in_centre import wait_until as wait_for

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import ExitStack
    from pathlib import Path

    from tests.fault_matrix import FaultCase

PASSWORD = "c" * 32
START_S = 60.0
PATIENCE_S = 90.0


class CentreLine:
    """Registered boxes, their broker and their centre; ``put`` and ``settle`` keep the books.

    Args:
        folder: Where everything is kept.
        stack: Ends what is started.
        database_url: Empty: SQLite in ``folder``.
        box_ids: The first is the one that :meth:`box` starts.
        autosave_s: How often the broker writes to disk what it keeps.
        broker_lines: More lines of its configuration.
        **settings: Of the centre, by their names without the prefix.
    """

    def __init__(
        self,
        folder: Path,
        stack: ExitStack,
        database_url: str = "",
        *,
        box_ids: Sequence[str] = ("n1",),
        autosave_s: int = 1,
        broker_lines: Sequence[str] = (),
        **settings: str,
    ) -> None:
        """Start broker and centre."""
        self.folder, self._stack, self._database_url = folder, stack, database_url
        self._settings = settings
        self.database = migrated_database(folder, database_url)
        stack.callback(self.database.close)
        self.tokens = add_boxes(self.database, box_ids)
        self.token = self.tokens[box_ids[0]]
        users = {CENTRE: PASSWORD, **self.tokens}
        self.broker = stack.enter_context(
            Mosquitto(
                folder / "broker",
                users,
                persistent=True,
                autosave_s=autosave_s,
                extra=broker_lines,
            )
        )
        self.wanted: set[tuple[str, int]] = set()
        self.url = f"http://127.0.0.1:{choose_port(0)}"
        self.centre = self.start_centre()
        stack.callback(self._kill)

    def start_centre(self) -> Part:
        """Begin a life of the centre; return once it answers and has its broker."""
        settings = {
            "DATA_DIR": str(self.folder),
            "PORT": self.url.rpartition(":")[2],
            "MQTT_HOST": self.broker.host,
            "MQTT_PORT": str(self.broker.port),
            "MQTT_USERNAME": CENTRE,
            "MQTT_PASSWORD": PASSWORD,
            "DISK_RESERVE_BYTES": "0",
            **self._settings,
        }
        if self._database_url:
            settings["DATABASE_URL"] = self._database_url
        environment = {f"SONGLAM_{name}": value for name, value in settings.items()}
        self.centre = start_centre(environment, self.folder / "centre.log")
        wait_until(self.is_ready, self.centre, "the start of the centre", START_S)
        return self.centre

    def end_centre(self, number: signal.Signals = signal.SIGKILL) -> None:
        """End the centre by a signal and wait."""
        self.centre.process.send_signal(number)
        self.centre.process.wait(30)

    def _kill(self) -> None:
        """End the life of the centre that runs, if one does."""
        self.centre.process.kill()
        self.centre.process.wait(30)

    def is_ready(self) -> bool:
        """Return whether the centre answers and has its broker and its database."""
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def box(self, folder: Path | None = None) -> DeliveryBox:
        """Start the box, its outbox in ``folder``; return it once it is connected."""
        folder = folder or self.folder / "box"
        folder.mkdir(exist_ok=True)
        made = DeliveryBox(folder, self.broker.port, token=self.token)
        box = self._stack.enter_context(made)
        assert box.connected()
        return box

    def put(self, box: DeliveryBox, count: int = 100) -> None:
        """Queue so many incidents and note that they are wanted."""
        for _ in range(count):
            message = incident_message(f"i{len(self.wanted)}")
            assert box.outbox.put(message)
            self.wanted.add((message.incident_id, message.revision))

    def stored(self) -> set[tuple[str, int]]:
        """Return every revision that the centre has."""
        with self.database.read() as session:
            rows = session.execute(select(RevisionRow.incident_id, RevisionRow.revision)).all()
        return {(row[0], row[1]) for row in rows}

    def has_all(self, box: DeliveryBox) -> bool:
        """Wait until the box has a receipt for everything."""
        return wait_for(lambda: box.outbox.depth() == 0, PATIENCE_S)

    def settle(self, case: FaultCase) -> None:
        """Tell the case how many incidents never came, and how many came that nobody sent."""
        stored = self.stored()
        assert stored <= self.wanted
        case.lost("incidents", len(self.wanted - stored), of=len(self.wanted))
