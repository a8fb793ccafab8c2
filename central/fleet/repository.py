"""All SQL of the fleet: boxes, cameras and telemetry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from central.tables.custody import BoxChainRow
from central.tables.fleet import BoxRow, CameraRow, TelemetryRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from central.auth.scope import Scope
    from edge.contract.messages import CameraState, TelemetryMessage


def find(session: Session, box_id: str) -> BoxRow | None:
    """Return a registered box, or None."""
    return session.get(BoxRow, box_id)


def registered(session: Session, box_ids: Iterable[str]) -> set[str]:
    """Return those of ``box_ids`` that are registered."""
    return set(session.scalars(select(BoxRow.box_id).where(BoxRow.box_id.in_(box_ids))))


def hold(session: Session, box_ids: Iterable[str]) -> Sequence[BoxRow | BoxChainRow]:
    """Load boxes, their cameras and chains at once; while held, finding them costs no query.

    A session forgets rows that nobody holds, so a batch keeps what this returns until its end.
    """
    wanted = list(box_ids)
    if not wanted:
        return []
    theirs = selectinload(BoxRow.cameras)
    boxes = session.scalars(select(BoxRow).where(BoxRow.box_id.in_(wanted)).options(theirs)).all()
    chains = session.scalars(select(BoxChainRow).where(BoxChainRow.box_id.in_(wanted))).all()
    return [*boxes, *chains]


def all_boxes(session: Session) -> Sequence[BoxRow]:
    """Return every registered box, by id."""
    return session.scalars(select(BoxRow).order_by(BoxRow.box_id)).all()


def cameras_by_box(
    session: Session, box_ids: Iterable[str] | None = None, *, scope: Scope | None = None
) -> dict[str, list[CameraRow]]:
    """Return the cameras of the given boxes (all when None), by box and then by id.

    Args:
        session: Where to read.
        box_ids: Whose cameras.
        scope: Only those that lie within; None: all.
    """
    query = select(CameraRow).order_by(CameraRow.box_id, CameraRow.camera_id)
    if scope is not None:
        query = query.where(scope.condition(CameraRow.area_code))
    if box_ids is not None:
        query = query.where(CameraRow.box_id.in_(box_ids))
    found: dict[str, list[CameraRow]] = {}
    for camera in session.scalars(query):
        found.setdefault(camera.box_id, []).append(camera)
    return found


def chains_by_box(session: Session) -> dict[str, BoxChainRow]:
    """Return the signed chains of all boxes that have one."""
    return {chain.box_id: chain for chain in session.scalars(select(BoxChainRow))}


def silent_since(session: Session, seen_before: datetime) -> Sequence[BoxRow]:
    """Return the boxes that count as online but were last seen before a moment."""
    return session.scalars(
        select(BoxRow).where(BoxRow.status == "online", BoxRow.last_seen_at < seen_before)
    ).all()


def replace_cameras(box: BoxRow, cameras: Iterable[CameraState]) -> None:
    """Make the cameras of a box those that it lists: added, changed, and gone if not listed."""
    known = {row.camera_id: row for row in box.cameras}
    listed = {camera.camera_id: camera for camera in cameras}
    rows = []
    for name in sorted(listed):
        row = known.get(name) or CameraRow(camera_id=name)
        _describe(row, listed[name])
        rows.append(row)
    box.cameras = rows


def _describe(row: CameraRow, camera: CameraState) -> None:
    """Copy what a box says about its camera."""
    for name, value in camera.model_dump(exclude={"camera_id", "location", "rules"}).items():
        setattr(row, name, value[:200] if isinstance(value, str) else value)
    row.latitude, row.longitude = camera.location or (None, None)
    row.rules = list(camera.rules)


def store_telemetry(session: Session, message: TelemetryMessage, now: datetime) -> bool:
    """Store one period of statistics; return False when it had been stored before."""
    if session.get(TelemetryRow, message.message_id) is not None:
        return False
    session.add(
        TelemetryRow(
            message_id=message.message_id,
            box_id=message.box_id,
            camera_id=message.camera_id,
            area_code=message.area_code,
            period_start=message.period_start,
            period_s=message.period_s,
            flows=[flow.model_dump() for flow in message.flows],
            mean_objects=message.mean_objects,
            observed_ratio=message.observed_ratio,
            received_at=now,
        )
    )
    session.flush()
    return True
