"""All SQL of the fleet: boxes, cameras and telemetry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from central.db import insert_all
from central.tables.custody import BoxChainRow
from central.tables.fleet import BoxRow, CameraRow, TelemetryRow
from edge.contract.messages import CameraState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from central.auth.scope import Scope
    from edge.contract.messages import TelemetryMessage


def find(session: Session, box_id: str) -> BoxRow | None:
    """Return a registered box, or None."""
    return session.get(BoxRow, box_id)


def registered(session: Session, box_ids: Iterable[str]) -> set[str]:
    """Return those of ``box_ids`` that are registered."""
    return set(session.scalars(select(BoxRow.box_id).where(BoxRow.box_id.in_(box_ids))))


def with_cameras(session: Session, box_ids: Iterable[str]) -> dict[str, BoxRow]:
    """Return boxes by id to be changed, their cameras loaded with them.

    Who else changes them now is waited for: what he says of a box is news against it.
    """
    wanted = (
        select(BoxRow)
        .where(BoxRow.box_id.in_(box_ids))
        .options(selectinload(BoxRow.cameras))
        .order_by(BoxRow.box_id)
        .with_for_update(key_share=True)
    )
    return {box.box_id: box for box in session.scalars(wanted)}


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


def chains_by_box(session: Session, box_ids: Iterable[str] | None = None) -> dict[str, BoxChainRow]:
    """Return the signed chains of the given boxes (all when None), of those that have one."""
    query = select(BoxChainRow)
    if box_ids is not None:
        query = query.where(BoxChainRow.box_id.in_(box_ids))
    return {chain.box_id: chain for chain in session.scalars(query)}


def silent_since(session: Session, seen_before: datetime) -> Sequence[BoxRow]:
    """Return the boxes that count as online but were last seen before a moment."""
    return session.scalars(
        select(BoxRow).where(BoxRow.status == "online", BoxRow.last_seen_at < seen_before)
    ).all()


def replace_cameras(box: BoxRow, cameras: Iterable[CameraState]) -> None:
    """Make the cameras of a box those that it lists: added, changed, and gone if not listed."""
    known = {row.camera_id: row for row in box.cameras}
    listed = {camera.camera_id: camera for camera in cameras}
    rows = [
        known.get(name) or CameraRow(box_id=box.box_id, camera_id=name) for name in sorted(listed)
    ]
    for row in rows:
        _describe(row, listed[row.camera_id])
    if known.keys() != listed.keys():
        box.cameras = rows


_COPIED = tuple(
    name for name in CameraState.model_fields if name not in {"camera_id", "location", "rules"}
)
"""What a camera's row takes from its box's word as it is."""
DESCRIBED = (*_COPIED, "latitude", "longitude", "rules")
"""Columns of a camera that its box may change."""


def _describe(row: CameraRow, camera: CameraState) -> None:
    """Copy what a box says about its camera."""
    latitude, longitude = camera.location or (None, None)
    told = {name: getattr(camera, name) for name in _COPIED}
    told |= {"latitude": latitude, "longitude": longitude, "rules": list(camera.rules)}
    for name, value in told.items():
        shown = value[:200] if isinstance(value, str) else value
        if getattr(row, name) != shown:  # most of a heartbeat is as it was
            setattr(row, name, shown)


def store_telemetry(
    session: Session, messages: Sequence[TelemetryMessage], now: datetime
) -> list[bool]:
    """Store periods of statistics; return for each whether it is new."""
    if not messages:
        return []
    ids = {message.message_id for message in messages}
    stored = set(
        session.scalars(select(TelemetryRow.message_id).where(TelemetryRow.message_id.in_(ids)))
    )
    new: dict[str, TelemetryMessage] = {}
    outcomes = []
    for message in messages:
        is_new = message.message_id not in stored and message.message_id not in new
        outcomes.append(is_new)
        if is_new:
            new[message.message_id] = message
    insert_all(session, TelemetryRow, [_telemetry(message, now) for message in new.values()])
    return outcomes


def _telemetry(message: TelemetryMessage, now: datetime) -> dict[str, object]:
    """Return the columns of one period of statistics."""
    return {
        "message_id": message.message_id,
        "box_id": message.box_id,
        "camera_id": message.camera_id,
        "area_code": message.area_code,
        "period_start": message.period_start,
        "period_s": message.period_s,
        "flows": [flow.model_dump() for flow in message.flows],
        "mean_objects": message.mean_objects,
        "observed_ratio": message.observed_ratio,
        "received_at": now,
    }
