"""What people do with boxes, registration and secrets, and what silence makes of one.

Invariants: ``since`` is when the present status began, on the centre's clock.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from central.auth import audit
from central.auth.tokens import new_token, token_hash
from central.custody import heads
from central.fleet import repository, views
from central.fleet.schemas import BoxToken
from central.problems import Problem
from central.tables.fleet import BoxRow
from edge.contract.topics import RETAINED, topic

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from central.centre import Centre
    from central.fleet.schemas import BoxItem, NewBox


def register(session: Session, new: NewBox, actor: str, now: datetime) -> BoxToken:
    """Register a box and return its secret, shown once.

    Raises:
        Problem: 409, when the id is taken.
    """
    if repository.find(session, new.box_id) is not None:
        raise Problem(409, "box_exists", "Mã thiết bị đã có.", "The box id is taken.")
    token = new_token()
    _add(session, new, token, actor, now)
    return BoxToken(box_id=new.box_id, token=token)


def provision(session: Session, new: NewBox, token: str, actor: str, now: datetime) -> bool:
    """Make sure that a box is registered with a secret chosen elsewhere; say whether it was news.

    Doing it again with the same secret changes nothing; another secret replaces the old one.
    """
    box = repository.find(session, new.box_id)
    if box is None:
        _add(session, new, token, actor, now)
    elif box.token_hash != token_hash(token):
        box.token_hash = token_hash(token)
        audit.record(session, now, actor, "renew_token", ("box", new.box_id))
    else:
        return False
    return True


def _add(session: Session, new: NewBox, token: str, actor: str, now: datetime) -> None:
    """Add a box that was never seen yet."""
    session.add(
        BoxRow(
            box_id=new.box_id,
            name=new.name,
            token_hash=token_hash(token),
            registered_at=now,
            status="never_seen",
            since=now,
            counters={},
        )
    )
    audit.record(session, now, actor, "register", ("box", new.box_id))


def renew_token(session: Session, box_id: str, actor: str, now: datetime) -> BoxToken:
    """Give a box a new secret; the old one stops working at once.

    Raises:
        Problem: 404, no such box.
    """
    token = new_token()
    get(session, box_id).token_hash = token_hash(token)
    audit.record(session, now, actor, "renew_token", ("box", box_id))
    return BoxToken(box_id=box_id, token=token)


def remove(session: Session, centre: Centre, box_id: str, actor: str) -> None:
    """Forget a box and its cameras; its incidents stay.

    The broker forgets what it retained of the box, so that a new one of this id starts clean.

    Raises:
        Problem: 404, no such box.
    """
    session.delete(get(session, box_id))
    audit.record(session, centre.clock(), actor, "remove", ("box", box_id))
    for channel in RETAINED:
        centre.publish(topic(box_id, channel), b"", True)  # noqa: FBT003 - retain, see Publish


def get(session: Session, box_id: str) -> BoxRow:
    """Return a box.

    Raises:
        Problem: 404, when there is none with this id.
    """
    row = repository.find(session, box_id)
    if row is None:
        raise Problem(404, "no_such_box", "Không có thiết bị này.", "There is no such box.")
    return row


def sweep_silent(centre: Centre) -> None:
    """Mark the boxes offline that have been silent for three heartbeats."""
    with centre.database.write() as session:
        now = centre.clock()
        limit = now - timedelta(seconds=centre.settings.box_silent_after_s)
        for box in repository.silent_since(session, limit):
            set_status(box, "offline", box.last_seen_at or limit)
            centre.metrics.boxes_silent.inc()
            centre.live.announce(session, "box", views.view(session, box), now)


def accept_chain(session: Session, centre: Centre, box_id: str, actor: str, reason: str) -> BoxItem:
    """Begin anew with the key and chain that a box has now, and announce it.

    Raises:
        Problem: 404, no such box or no chain; 409, there is nothing to accept.
    """
    box = get(session, box_id)
    heads.accept(session, centre, box_id, actor, reason)
    shown = views.view(session, box)
    centre.live.announce(session, "box", shown, centre.clock())
    return shown


def set_status(box: BoxRow, status: str, at: datetime) -> None:
    """Set the status; ``since`` moves only when it changes."""
    if box.status != status:
        box.status = status
        box.since = at
