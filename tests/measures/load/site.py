"""Broker, database and centre of one measure, as in production but on loopback and without TLS."""

from __future__ import annotations

import os
import platform
import resource
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import func, insert, select

from central.tables.fleet import CameraRow
from central.tables.incidents import RevisionRow
from tests.centre_line import CentreLine
from tests.gateways import http_gateway
from tests.measures.load.boxes import cameras_of
from tests.postgres import PostgresCluster

if TYPE_CHECKING:
    from contextlib import ExitStack

BROKER_FILE = Path(__file__).resolve().parents[3] / "configs/mosquitto/mosquitto.conf"
AUTOSAVE_S = 60
FILES_BESIDE = 200
"""Files that a process of ours has open beside its connections; generous."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a person asked for.

    Attributes:
        beat: Seconds between two heartbeats of a box; 0: none.
        inflight: Of the broker; 0: as in its own file.
    """

    database: str = "sqlite"
    boxes: int = 1000
    seconds: float = 60.0
    window: int = 1
    beat: float = 10.0
    rate: float = 200.0
    viewers: int = 500
    screen_rate: float = 2.0
    phone_rate: float = 5.0
    inflight: int = 0


class Site:
    """A fresh centre with its boxes registered and an SMS gateway; ends with the stack."""

    def __init__(self, folder: Path, stack: ExitStack, options: Options) -> None:
        """Start everything."""
        self.folder = folder
        self.gateway = stack.enter_context(http_gateway())
        self.cluster: PostgresCluster | None = None
        url = ""
        if options.database == "postgres":
            self.cluster = stack.enter_context(PostgresCluster(durable=True))
            url = self.cluster.create_database()
        self.line = CentreLine(
            folder,
            stack,
            url,
            box_ids=[f"box-{number:04d}" for number in range(options.boxes)],
            autosave_s=AUTOSAVE_S,
            broker_lines=broker_lines(options.inflight),
            ALERT_SMS_URL=self.gateway.url,
            ALERT_SMS_TOKEN="t",
        )
        cameras = [
            {**each.model_dump(exclude={"location"}), "box_id": name}
            for place, name in enumerate(self.line.tokens)
            for each in cameras_of(name, place)
        ]
        with self.line.database.write() as session:
            session.execute(insert(CameraRow), cameras)

    @property
    def watched(self) -> dict[str, int]:
        """Return the processes whose use of the machine is told."""
        found = {"centre": self.line.centre.process.pid, "broker": self.line.broker.pid}
        return found | ({"database": self.cluster.pid} if self.cluster else {})

    def stored(self) -> int:
        """Return how many revisions the centre has stored."""
        with self.line.database.read() as session:
            return session.scalar(select(func.count()).select_from(RevisionRow)) or 0

    def batches(self) -> tuple[float, float]:
        """Return how many messages and how many batches the centre has taken."""
        text = httpx.get(f"{self.line.url}/metrics", timeout=30).text
        samples = [each for one in text_string_to_metric_families(text) for each in one.samples]
        messages = sum(e.value for e in samples if e.name == "songlam_ingest_messages_total")
        batches = sum(e.value for e in samples if e.name == "songlam_ingest_batch_seconds_count")
        return messages, batches

    def memory_mb(self) -> tuple[float, float]:
        """Return the centre's resident memory now and at its peak."""
        text = Path(f"/proc/{self.line.centre.process.pid}/status").read_text("ascii")
        kib = {line.split(":")[0]: line.split()[1] for line in text.splitlines() if "kB" in line}
        now, peak = (round(int(kib[name]) * 1024 / 1e6, 1) for name in ("VmRSS", "VmHWM"))
        return now, peak


def broker_lines(inflight: int = 0) -> list[str]:
    """Return the limits of the production broker, with another window when one is given."""
    lines = [line for line in BROKER_FILE.read_text().splitlines() if line.startswith("max_")]
    if inflight:
        lines = [line for line in lines if not line.startswith("max_inflight_messages")]
        lines.append(f"max_inflight_messages {inflight}")
    return lines


def allow_files(connections: int) -> None:
    """Let this process and those that it starts open so many connections.

    Raises:
        OSError: The machine does not allow it; says how to.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + FILES_BESIDE
    if hard != resource.RLIM_INFINITY and wanted > hard:
        raise OSError(f"{wanted} open files are needed and {hard} allowed; raise ulimit -Hn")
    if soft != resource.RLIM_INFINITY and wanted > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def machine() -> str:
    """Return on what was measured."""
    return f"{platform.machine()} {platform.system()}, {os.cpu_count()} cores"
