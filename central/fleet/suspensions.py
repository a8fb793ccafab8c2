"""Rules that rest because an officer directs the traffic: ordered here, kept and told by the box.

Source: Law 36/2024 Art. 11.2: an officer's signal outranks lights, signs and markings.

Invariants:
    * Only acts against signs and lights rest, for twelve hours at most, by name and with a reason.
    * The box keeps the list and its ends; what the centre shows is the box's last word.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from central import orders
from central.auth import audit
from central.problems import Problem
from central.tables.fleet import CameraRow
from edge.contract.catalogue import CATALOGUE
from edge.contract.commands import CommandMessage

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from central.auth.scope import Scope
    from central.centre import Centre
    from central.fleet.schemas import NewSuspension, SuspensionEnd

ORDER_LIFETIME = timedelta(days=1)
"""How long an order to look again waits for a box that is away. Source: twice the longest rest."""


def camera_of(session: Session, scope: Scope, box_id: str, camera_id: str) -> CameraRow:
    """Return a camera of a box.

    Raises:
        Problem: 404, there is none, or it lies outside ``scope``.
    """
    camera = session.scalar(
        select(CameraRow).where(
            CameraRow.box_id == box_id,
            CameraRow.camera_id == camera_id,
            scope.condition(CameraRow.area_code),
        )
    )
    if camera is None:
        raise Problem(404, "no_such_camera", "Không có camera này.", "There is no such camera.")
    return camera


def begin(
    session: Session, centre: Centre, camera: CameraRow, actor: str, wanted: NewSuspension
) -> None:
    """Order the box to let rules of a camera rest.

    Raises:
        Problem: 409, a rule does not run there or never rests.
    """
    wrong = sorted(
        rule
        for rule in wanted.rules
        if rule not in camera.rules or rule not in CATALOGUE or not CATALOGUE[rule].may_rest
    )
    if wrong:
        raise Problem(
            409,
            "never_rests",
            f"Không thể cho nghỉ: {', '.join(wrong)}. Chỉ các luật về biển báo, đèn, vạch đang "
            "chạy trên camera này.",
            f"These cannot rest: {', '.join(wrong)}. Only rules about signs, lights and markings "
            "that run on this camera can.",
        )
    until = centre.clock() + timedelta(minutes=wanted.minutes)
    _send(
        session,
        centre,
        camera,
        CommandMessage(
            message_id=orders.new_id(),
            box_id=camera.box_id,
            sent_at=centre.clock(),
            command="suspend_rules",
            expires_at=until,
            camera_id=camera.camera_id,
            rules=tuple(wanted.rules),
            until=until,
            reason=wanted.reason,
            author=actor,
        ),
    )


def end(
    session: Session, centre: Centre, camera: CameraRow, actor: str, wanted: SuspensionEnd
) -> None:
    """Order the box to let rules of a camera look again; harmless where none rests."""
    now = centre.clock()
    _send(
        session,
        centre,
        camera,
        CommandMessage(
            message_id=orders.new_id(),
            box_id=camera.box_id,
            sent_at=now,
            command="resume_rules",
            expires_at=now + ORDER_LIFETIME,
            camera_id=camera.camera_id,
            rules=tuple(wanted.rules),
            reason=wanted.reason,
            author=actor,
        ),
    )


def _send(session: Session, centre: Centre, camera: CameraRow, command: CommandMessage) -> None:
    """Audit an order and send it after the commit."""
    thing = ("camera", f"{camera.box_id}/{camera.camera_id}")
    audit.record(
        session,
        centre.clock(),
        command.author,
        command.command,
        thing,
        rules=", ".join(command.rules),
        reason=command.reason,
        until=command.until.isoformat() if command.until else "",
    )
    orders.send(session, centre, command)
