"""A day for the map: a whole province of cameras, and as many incidents as are asked for.

Rows are written straight into the database, as ingest would leave them; nothing is random twice.
"""

from __future__ import annotations

import hashlib
import random
from datetime import timedelta
from typing import TYPE_CHECKING

from central.areas.catalogue import load_areas
from central.evidence.files import evidence_files
from central.incidents.catalogue import RULES
from central.tables.alerts import AlertRow
from central.tables.evidence import EvidenceRow
from central.tables.fleet import BoxRow, CameraRow
from central.tables.incidents import IncidentRow
from tests.builders import incident_message
from tests.centre import take_in
from tests.videos import make_video

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy.orm import Session

    from central.areas.catalogue import AreaFacts
    from central.centre import Centre

SEED = 20_261_128
PER_BOX = 4
BATCH = 500
OFTEN = {"critical": 1, "high": 20, "medium": 60, "low": 60}
"""How often each severity is drawn; nobody has as many crashes as red lights."""
SPREAD_DEG = 0.03
"""How far cameras stand from the middle of their commune."""
_RULES = sorted(RULES)
_OFTEN = [
    1 if RULES[rule].incident_class == "device" else OFTEN[RULES[rule].severity] for rule in _RULES
]
OFF_DEG = 0.0004
"""How far from its camera an incident is: some forty metres."""


def build(centre: Centre, *, cameras: int, incidents: int) -> None:
    """Fill a centre with a day that ends now."""
    dice = random.Random(SEED)  # noqa: S311 - places on a map, no secrets
    now = centre.clock()
    with centre.database.write() as session:
        posts = _fleet(session, dice, cameras, now)
    for first in range(0, incidents, BATCH):
        with centre.database.write() as session:
            for number in range(first, min(first + BATCH, incidents)):
                _incident(session, dice, number, dice.choice(posts), now)


def _fleet(session: Session, dice: random.Random, count: int, now: datetime) -> list[CameraRow]:
    """Store boxes with their cameras, more where more people live; a few are not well."""
    communes = [area for area in load_areas() if area.parent_code]
    weights = [area.population for area in communes]
    found = []
    for number in range(0, count, PER_BOX):
        (area,) = dice.choices(communes, weights)
        box = f"tu-{number // PER_BOX:04d}"
        session.add(_box(dice, box, area, now))
        session.flush()
        found += [_camera(dice, box, area, n, now) for n in range(min(PER_BOX, count - number))]
    session.add_all(found)
    return found


def _box(dice: random.Random, box_id: str, area: AreaFacts, now: datetime) -> BoxRow:
    """Return one box of a commune."""
    online = dice.random() > 0.02
    waiting = dice.random() < 0.1
    alarmed = dice.random() < 0.03
    return BoxRow(
        box_id=box_id, name=f"Tủ {area.name} {box_id[-4:]}",
        token_hash=hashlib.sha256(box_id.encode()).hexdigest(), registered_at=now,
        status="online" if online else "offline", since=now - timedelta(hours=dice.randint(1, 90)),
        last_seen_at=now + timedelta(hours=1), counters={}, outbox_depth=3 if waiting else 0,
        oldest_unsent_at=now - timedelta(seconds=dice.randint(1, 40)) if waiting else None,
        alarms=[{"code": "disk_low", "since": now.isoformat()}] if alarmed else [],
    )  # fmt: skip


def _camera(
    dice: random.Random, box_id: str, area: AreaFacts, number: int, now: datetime
) -> CameraRow:
    """Return one camera of a box; one of fifty has no place, one of fifty is off."""
    homeless = dice.random() < 0.02
    return CameraRow(
        box_id=box_id, camera_id=f"cam-{number}", name=f"{area.name}, nút {box_id[-3:]}-{number}",
        status="offline" if dice.random() < 0.02 else "online",
        since=now - timedelta(hours=5), reason="", codec="h264", width_px=1920, height_px=1080,
        fps=25.0, processed_fps=8.0, frames_dropped=0, reconnects=0, area_code=area.code,
        latitude=None if homeless else area.lat + dice.uniform(-SPREAD_DEG, SPREAD_DEG),
        longitude=None if homeless else area.lon + dice.uniform(-SPREAD_DEG, SPREAD_DEG),
        road="", rules=[],
    )  # fmt: skip


def _incident(
    session: Session, dice: random.Random, number: int, camera: CameraRow, now: datetime
) -> None:
    """Store one incident of a camera about which nobody has to be told any more."""
    at = now - timedelta(seconds=dice.uniform(30, 23 * 3600))
    place = None
    if camera.latitude is not None and camera.longitude is not None:
        far = dice.uniform(-OFF_DEG, OFF_DEG)
        place = (camera.latitude + far, camera.longitude + far)
    message = incident_message(
        f"ngay-{number:05d}", box_id=camera.box_id, camera_id=camera.camera_id,
        area_code=camera.area_code, rule=dice.choices(_RULES, _OFTEN)[0], occurred_at=at,
        decided_at=at, location=place, historical=True, time_trust="trusted",
    )  # fmt: skip
    row = take_in(session, message, at)
    row.alert_level = row.level


def add_clips(centre: Centre, folder: Path, incident_ids: list[str]) -> None:
    """Give incidents a clip that browsers play."""
    film = make_video(folder / "clip.webm", codec="libvpx-vp9", seconds=8, scale=4).read_bytes()
    now = centre.clock()
    for name in incident_ids:
        evidence_id = f"{name}-clip"
        path = evidence_files(centre.data_dir).path(evidence_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(film)
        with centre.database.write() as session:
            row = session.get_one(IncidentRow, name)
            row.clip_ready = True
            session.add(
                EvidenceRow(
                    evidence_id=evidence_id, box_id=row.box_id, incident_id=name, kind="clip",
                    media_type="video/webm", codec="vp9", size_bytes=len(film), stored_at=now,
                    sha256=hashlib.sha256(film).hexdigest(), received_bytes=len(film),
                    announced_revision=1, starts_at=now, start_clip_s=0.0,
                )
            )  # fmt: skip


def add_alerts(centre: Centre, count: int) -> None:
    """Open alerts that wait since one to forty minutes."""
    dice, now = random.Random(SEED), centre.clock()  # noqa: S311
    severe = [rule for rule in RULES.values() if rule.severity in {"critical", "high"}]
    communes = [area for area in load_areas() if area.parent_code]
    with centre.database.write() as session:
        for number in range(count):
            rule, area = dice.choice(severe), dice.choice(communes)
            at = now - timedelta(seconds=dice.uniform(60, 2400))
            session.add(
                AlertRow(
                    code=f"MAP{number:05d}", cause=f"map-{number}", rule=rule.rule,
                    severity=rule.severity, area_code=area.code, camera_id=f"cam-{number % 4}",
                    incident_level=0, opened_at=at, last_at=at, incidents=1 + number % 3,
                    status="open", step=number % 3, escalate_at=None,
                )
            )  # fmt: skip
