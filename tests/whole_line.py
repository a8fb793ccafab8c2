"""The whole line for tests: camera files → box → Mosquitto → centre, each a process of its own.

``with ExitStack() as stack: line = WholeLine(folder, stack, cameras)`` starts broker and centre;
:meth:`WholeLine.box` begins one life of the box. The centre's SQLite file can be read meanwhile.
The cameras are the demonstration's, with the clips where the tests' assets are.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import yaml
from paho.mqtt import subscribe
from paho.mqtt.client import MQTTMessage
from sqlalchemy import select

from central.auth.guard import COOKIE
from central.auth.schemas import Role
from central.tables.fleet import BoxRow
from central.tables.incidents import RevisionRow
from edge.contract.messages import IncidentMessage, StateMessage
from edge.contract.topics import Channel, topic
from scripts.demo_stack.parts import choose_port, wait_until
from tests.assets import ROOT, asset
from tests.centre import add_box, add_person, migrated_database
from tests.edge_process import EdgeProcess
from tests.forks import start_centre
from tests.mosquitto import CENTRE, Mosquitto

if TYPE_CHECKING:
    from contextlib import ExitStack
    from datetime import datetime

BOX_ID = "n1"
START_S = 60.0
PASSWORD = "c" * 32
CAMERAS = ROOT / "configs/demo/cameras"
MODEL = ROOT / "models/deimv2_femto_coco_416/1.0.0/manifest.json"


@dataclass(frozen=True, slots=True)
class Arrival:
    """One revision as the centre stored it."""

    message: IncidentMessage
    stored_at: datetime

    @property
    def key(self) -> tuple[str, int]:
        """Return what must exist once."""
        return self.message.incident_id, self.message.revision


class WholeLine:
    """Broker and centre of one registered box, and the box's files."""

    def __init__(self, folder: Path, stack: ExitStack, cameras: tuple[str, ...]) -> None:
        """Start broker and centre; return once the centre is connected.

        Raises:
            DemoError: The centre did not start.
            FileNotFoundError: A clip is not among the assets.
        """
        self._stack = stack
        self.folder = folder
        self.database = migrated_database(folder)
        stack.callback(self.database.close)
        token = add_box(self.database, BOX_ID)
        users = {CENTRE: PASSWORD, BOX_ID: token}
        self.broker = stack.enter_context(Mosquitto(folder / "broker", users))
        port = choose_port(0)
        self.url = f"http://127.0.0.1:{port}"
        self._box_file = self._write_box(token, cameras)
        settings = {
            "DATA_DIR": str(folder),
            "PORT": str(port),
            "MQTT_HOST": self.broker.host,
            "MQTT_PORT": str(self.broker.port),
            "MQTT_USERNAME": CENTRE,
            "MQTT_PASSWORD": PASSWORD,
            "DISK_RESERVE_BYTES": "0",
        }
        environment = {f"SONGLAM_{name}": value for name, value in settings.items()}
        self.centre = start_centre(environment, folder / "centre.log")
        stack.callback(self.centre.stop)
        wait_until(self.is_ready, self.centre, "the start of the centre", START_S)

    def is_ready(self) -> bool:
        """Return whether the centre answers and has its broker."""
        try:
            return httpx.get(f"{self.url}/readyz", timeout=2).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def box(self) -> EdgeProcess:
        """Begin one life of the box."""
        return self._stack.enter_context(EdgeProcess(self._box_file))

    def operator(self) -> tuple[str, str]:
        """Return the cookie of an operator who is logged in."""
        return COOKIE, add_person(self.database, "officer", Role.OFFICER)

    def arrivals(self) -> list[Arrival]:
        """Return every revision stored, by incident and revision."""
        order = (RevisionRow.incident_id, RevisionRow.revision)
        with self.database.read() as session:
            rows = session.scalars(select(RevisionRow).order_by(*order)).all()
        return [Arrival(IncidentMessage.model_validate(r.message), r.received_at) for r in rows]

    def box_row(self) -> BoxRow:
        """Return what the centre knows of the box."""
        with self.database.read() as session:
            return session.get_one(BoxRow, BOX_ID)

    def state(self) -> StateMessage:
        """Return the box's state as the broker retains it."""
        kept = subscribe.simple(  # type: ignore[no-untyped-call]  # paho left it untyped
            topic(BOX_ID, Channel.STATE),
            hostname=self.broker.host,
            port=self.broker.port,
            auth={"username": CENTRE, "password": PASSWORD},
        )
        assert isinstance(kept, MQTTMessage)
        return StateMessage.model_validate_json(kept.payload)

    def duplicates(self) -> int:
        """Return how many copies of incident messages the centre has recognised."""
        figures = httpx.get(f"{self.url}/metrics").text
        wanted = 'songlam_ingest_messages_total{channel="incident",outcome="duplicate"}'
        found = [line.split()[-1] for line in figures.splitlines() if line.startswith(wanted)]
        return int(float(found[0])) if found else 0

    def _write_box(self, token: str, cameras: tuple[str, ...]) -> Path:
        """Write the box file and its camera files; return the box file."""
        box = {
            "box_id": BOX_ID,
            "data_dir": "var",
            "centre": {"url": self.url, "token": token},
            "broker": {"port": self.broker.port, "keepalive_s": 5},
            "detector": {"manifest": str(MODEL), "threads": 1},
            "cameras": [str(self._write_camera(name)) for name in cameras],
            "heartbeat_s": 2,
        }
        path = self.folder / "box.yaml"
        path.write_text(yaml.safe_dump(box), encoding="utf-8")
        return path

    def _write_camera(self, name: str) -> Path:
        """Write a camera of the demonstration that plays the clip of the assets."""
        camera = yaml.safe_load((CAMERAS / f"{name}.yaml").read_text(encoding="utf-8"))
        camera["source"]["path"] = str(asset(f"video/{Path(camera['source']['path']).name}"))
        path = self.folder / f"{name}.yaml"
        path.write_text(yaml.safe_dump(camera, allow_unicode=True), encoding="utf-8")
        return path
