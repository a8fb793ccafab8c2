"""How a box and its cameras look to people in a list and on the live stream.

Invariants: a box that is offline has no online camera; only news (what makes a difference to an
operator) is told to open consoles: sent to every screen, the figures of a thousand heartbeats kept
incidents from them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from central.custody.heads import Verdict
from central.custody.schemas import ChainItem
from central.fleet.schemas import BoxItem, CameraItem, DesiredModel
from central.tables.custody import BoxChainRow
from central.tables.fleet import BoxRow, CameraRow
from edge.contract.messages import ModelRef

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

BOX_OFFLINE = "box offline"
_OF_BOX = tuple(BoxItem.model_fields.keys() & BoxRow.__table__.columns.keys())
"""Fields that are columns: what belongs to a box is given, for asking for it costs a query each."""
_OF_CAMERA = tuple(CameraItem.model_fields.keys() & CameraRow.__table__.columns.keys())


def view(session: Session, box: BoxRow) -> BoxItem:
    """Return a box as the console shows it, with all that belongs to it."""
    return item(box, box.cameras, session.get(BoxChainRow, box.box_id))


def item(box: BoxRow, cameras: list[CameraRow], chain: BoxChainRow | None) -> BoxItem:
    """Return a box as the console shows it; trouble with its chain is one more alarm."""
    desired = None
    if box.desired_name and box.desired_version:
        desired = DesiredModel(name=box.desired_name, version=box.desired_version)
    copied = {name: getattr(box, name) for name in _OF_BOX}
    theirs = {camera.camera_id for camera in cameras}
    copied["cameras"] = [camera_item(box, camera) for camera in cameras]
    copied["suspensions"] = [each for each in box.suspensions if each["camera_id"] in theirs]
    if trouble := _trouble(chain):
        found = {"code": f"chain_{trouble[0]}", "since": trouble[1]}
        copied["alarms"] = [found, *box.alarms]
    return BoxItem(
        **copied,
        desired=desired,
        active=_active(box),
        chain=ChainItem.model_validate(chain, from_attributes=True) if chain else None,
    )


def camera_item(box: BoxRow, camera: CameraRow) -> CameraItem:
    """Return a camera as the console shows it: never better off than its box."""
    located = camera.latitude is not None and camera.longitude is not None
    copied = {name: getattr(camera, name) for name in _OF_CAMERA}
    if box.status != "online" and camera.status != "offline":
        copied |= {"status": "offline", "since": box.since, "reason": BOX_OFFLINE}
    return CameraItem(
        **copied,
        location=(camera.latitude, camera.longitude) if located else None,
        box_name=box.name,
        box_status=box.status,
    )


def news(box: BoxRow, chain: BoxChainRow | None) -> object:
    """Return what makes a difference to an operator; the rest of a heartbeat is figures.

    Compared before and after each heartbeat, so it is read off the rows: as two items it cost more
    than all the rest.
    """
    return (
        (box.status, box.software_version),
        (box.active_name, box.active_version, box.active_sha256),
        (_trouble(chain), [alarm["code"] for alarm in box.alarms]),
        box.suspensions,
        [(camera.camera_id, camera.status, camera.reason, camera.name) for camera in box.cameras],
    )


def _trouble(chain: BoxChainRow | None) -> tuple[str, datetime] | None:
    """Return what is wrong with a box's chain and since when."""
    if chain is None or chain.state == Verdict.OK:
        return None
    return chain.state, chain.state_since


def _active(box: BoxRow) -> ModelRef | None:
    """Return which model a box runs, once it has said."""
    if not box.active_name or not box.active_version:
        return None
    return ModelRef(name=box.active_name, version=box.active_version, sha256=box.active_sha256)
