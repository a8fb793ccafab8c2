"""Legal holds at the centre: placed and released by people, repeated to the box until it agrees.

Invariants:
    * A hold stands from the commit of :func:`place` to the commit of :func:`release`; in between
      nothing deletes the incident's evidence here: :mod:`central.evidence.deletion` asks first, and
      the database refuses whoever does not.
    * An order to a box is repeated with each heartbeat until the box's own list agrees. Boxes
      without a key are of an older release: they know no holds and are sent none.
    * What the box holds on its own account (``python -m edge hold``) is not released from here.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from sqlalchemy import select

from central import orders
from central.auth import audit
from central.custody import ledger
from central.problems import Problem
from central.tables.custody import BoxChainRow, HoldRow
from central.tables.incidents import IncidentRow
from edge.contract.commands import CommandMessage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.orm import Session

    from central.centre import Centre
    from edge.contract.messages import StateMessage

ORDER_LIFETIME = timedelta(days=7)
ORDERS_PER_HEARTBEAT = 20


def place(
    session: Session, centre: Centre, incident: IncidentRow, actor: str, reason: str
) -> HoldRow:
    """Hold all evidence of an incident.

    Raises:
        Problem: 409, it is held already.
    """
    _lock(session, incident.incident_id)
    if standing(session, incident.incident_id) is not None:
        raise Problem(409, "already_held", "Vụ này đã được giữ.", "This incident is held already.")
    now = centre.clock()
    hold = HoldRow(
        incident_id=incident.incident_id,
        box_id=incident.box_id,
        placed_at=now,
        placed_by=actor,
        reason=reason,
    )
    body = {"incident_id": incident.incident_id, "reason": reason, "author": actor}
    ledger.append(session, centre, "hold", body)
    session.add(hold)
    incident.held = True
    audit.record(session, now, actor, "hold", ("incident", incident.incident_id), reason=reason)
    session.flush()
    _order(session, centre, hold)
    return hold


def release(
    session: Session, centre: Centre, incident: IncidentRow, actor: str, reason: str
) -> HoldRow:
    """Let an incident go: retention decides about it again.

    Raises:
        Problem: 409, it is not held.
    """
    _lock(session, incident.incident_id)
    hold = standing(session, incident.incident_id)
    if hold is None:
        raise Problem(409, "not_held", "Vụ này không bị giữ.", "This incident is not held.")
    now = centre.clock()
    body = {"incident_id": incident.incident_id, "reason": reason, "author": actor}
    ledger.append(session, centre, "release", body)
    hold.released_at, hold.released_by, hold.release_reason = now, actor, reason
    incident.held = False
    audit.record(session, now, actor, "release", ("incident", incident.incident_id), reason=reason)
    session.flush()
    _order(session, centre, hold)
    return hold


def standing(session: Session, incident_id: str) -> HoldRow | None:
    """Return the hold that stands on an incident."""
    return session.scalar(
        select(HoldRow).where(HoldRow.incident_id == incident_id, HoldRow.released_at.is_(None))
    )


def held_among(session: Session, incident_ids: Iterable[str]) -> set[str]:
    """Return which of the incidents are held."""
    wanted = HoldRow.incident_id.in_(list(incident_ids))
    return set(
        session.scalars(select(HoldRow.incident_id).where(wanted, HoldRow.released_at.is_(None)))
    )


def of_incident(session: Session, incident_id: str) -> Sequence[HoldRow]:
    """Return every hold that was ever on an incident, oldest first."""
    return session.scalars(
        select(HoldRow).where(HoldRow.incident_id == incident_id).order_by(HoldRow.id)
    ).all()


def remind(session: Session, centre: Centre, messages: Sequence[StateMessage]) -> None:
    """Send boxes again what their own lists of holds lack, or have although it was released."""
    knowing = [message for message in messages if message.public_key]
    if not knowing:
        return
    of_boxes: dict[str, dict[str, HoldRow]] = defaultdict(dict)
    theirs = HoldRow.box_id.in_({message.box_id for message in knowing})
    for row in session.scalars(select(HoldRow).where(theirs).order_by(HoldRow.id)):
        of_boxes[row.box_id][row.incident_id] = row  # the latest of an incident counts
    for message in knowing:
        latest, holds = of_boxes[message.box_id], set(message.holds)
        wanted = {name for name, row in latest.items() if row.released_at is None}
        orders = sorted(wanted - holds) + sorted((holds & latest.keys()) - wanted)
        for incident_id in orders[:ORDERS_PER_HEARTBEAT]:
            _send(session, centre, latest[incident_id])


def _lock(session: Session, incident_id: str) -> None:
    """Let a deletion and a hold of the same incident wait for each other."""
    session.get_one(IncidentRow, incident_id, with_for_update=True)


def _order(session: Session, centre: Centre, hold: HoldRow) -> None:
    """Tell the box of a hold at once, when it is of a release that knows holds."""
    if session.get(BoxChainRow, hold.box_id) is not None:
        _send(session, centre, hold)


def _send(session: Session, centre: Centre, hold: HoldRow) -> None:
    """Publish the order that a hold's present state means, after the commit."""
    command: Literal["hold", "release"] = "hold" if hold.released_at is None else "release"
    now = centre.clock()
    message = CommandMessage(
        message_id=orders.new_id(),
        box_id=hold.box_id,
        sent_at=now,
        command=command,
        expires_at=now + ORDER_LIFETIME,
        incident_id=hold.incident_id,
        reason=hold.release_reason or hold.reason,
        author=hold.released_by or hold.placed_by,
    )
    orders.send(session, centre, message)
    centre.metrics.hold_commands.inc()
