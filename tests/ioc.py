"""Builders for areas, feeds and indicators: a database with the areas, and small valid things."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from central.areas.repository import sync_areas
from central.indicators.catalogue import Quality
from central.indicators.store import Figure, Provenance
from central.tables.base import Row
from central.tables.fleet import BoxRow, CameraRow, TelemetryRow
from tests.builders import incident_message
from tests.centre import migrated_database, take_in

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.orm import Session

    from central.db import Database

PROVINCE = "40"
TRUONG_VINH = "16690"
CUA_LO = "16732"
THANH_VINH = "16681"
NOW = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)
"""Half past ten in the morning of 23 November 2026 in Nghệ An."""
TODAY = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
"""Midnight in Nghệ An, the start of that day."""
HOUR = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
"""The start of that hour."""


def ioc_database(folder: Path, url: str = "") -> Database:
    """Return a migrated database that has the areas."""
    database = migrated_database(folder, url)
    with database.write() as session:
        sync_areas(session)
    return database


def empty(database: Database) -> Database:
    """Delete all that tests of this area write: quicker than migrating a database for each."""
    with database.write() as session:
        for table in reversed(Row.metadata.sorted_tables):
            if table.name not in ("areas", "audit_log", "incident_events"):
                session.execute(table.delete())
        sync_areas(session)
    return database


def figure(value: float | None = 7.0, **given: Any) -> Figure:
    """Return a figure ready to store; ``given`` replaces fields."""
    fields: dict[str, Any] = {
        "indicator": "health.infectious_cases",
        "area_code": TRUONG_VINH,
        "period_start": TODAY - timedelta(days=1),
        "value": value,
        "raw_value": "" if value is None else str(value),
        "quality": Quality.OK,
    }
    return Figure(**(fields | given))


def origin(source: str = "so-y-te", received_at: datetime = NOW) -> Provenance:
    """Return where figures come from when it does not matter."""
    return Provenance(source=source, received_at=received_at)


def add_incident(session: Session, number: int, **given: Any) -> None:
    """Store an incident as ingest does; ``status`` and the times of review are set on the row."""
    columns = {name: given.pop(name) for name in ("status", "acknowledged_at") if name in given}
    received_at = given.pop("received_at", NOW)
    occurred_at = given.setdefault("occurred_at", HOUR)
    given.setdefault("decided_at", occurred_at)
    given.setdefault("area_code", TRUONG_VINH)
    message = incident_message(f"incident-{number}", **given)
    row = take_in(session, message, received_at)
    for name, value in columns.items():
        setattr(row, name, value)


def add_telemetry(session: Session, number: int, **given: Any) -> None:
    """Store one minute of telemetry of one camera; ``given`` replaces columns."""
    columns: dict[str, Any] = {
        "message_id": f"telemetry-{number}",
        "box_id": "box-1",
        "camera_id": "gate",
        "area_code": TRUONG_VINH,
        "period_start": HOUR,
        "period_s": 60.0,
        "flows": [{"object_class": "car", "count": 3, "mean_speed_kmh": 40.0}],
        "mean_objects": 1.0,
        "observed_ratio": 1.0,
        "received_at": NOW,
    }
    session.add(TelemetryRow(**(columns | given)))
    session.flush()


def add_camera(session: Session, camera_id: str = "gate", **given: Any) -> None:
    """Store a camera that is online and watches for everything, and its box where absent."""
    if session.get(BoxRow, "box-1") is None:
        box = {"box_id": "box-1", "name": "Tủ 1", "token_hash": "hash", "registered_at": NOW}
        session.add(BoxRow(**box, status="online", since=NOW, counters={}))
        session.flush()
    columns: dict[str, Any] = {
        "box_id": "box-1",
        "camera_id": camera_id,
        "name": f"Camera {camera_id}",
        "status": "online",
        "since": NOW,
        "reason": "",
        "codec": "h264",
        "width_px": 640,
        "height_px": 480,
        "fps": 25.0,
        "processed_fps": 8.0,
        "frames_dropped": 0,
        "reconnects": 0,
        "area_code": TRUONG_VINH,
        "road": "",
        "rules": ["red_light", "wrong_way", "congestion"],
    }
    session.add(CameraRow(**(columns | given)))
    session.flush()
