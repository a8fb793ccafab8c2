"""What the centre knows about its boxes: registration, health since when, and silence.

Invariants: ``since`` is when the present status began, on the centre's clock; a box that is
offline has no online camera; only news (a status that changed) is told to open consoles: sent to
every screen, the figures of a thousand heartbeats kept incidents from them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from central.auth import audit
from central.auth.tokens import new_token, token_hash
from central.custody import heads, holds
from central.custody.schemas import ChainItem
from central.fleet import repository
from central.fleet.schemas import BoxItem, BoxToken, CameraItem, DesiredModel, NewBox
from central.problems import Problem
from central.tables.custody import BoxChainRow
from central.tables.fleet import BoxRow, CameraRow
from edge.contract.messages import ModelRef
from edge.contract.topics import RETAINED, topic

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from central.centre import Centre
    from edge.contract.messages import ReportedMessage, StateMessage

BOX_OFFLINE = "box offline"


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


def take_state(session: Session, centre: Centre, message: StateMessage, *, retained: bool) -> None:
    """Take over what a box says about itself, or the broker about its end (last will).

    MQTT keeps the order of one sender, so the last to arrive is the truth; ``sent_at`` does not
    decide, because a last will is written when the connection begins, and clocks can go back.

    Args:
        session: The transaction to write in.
        centre: For the clock and the live stream.
        message: The state.
        retained: The broker replayed it: it tells how things were, not that the box lives now.
    """
    box = get(session, message.box_id)
    now = centre.clock()
    seen_at = min(message.sent_at, now) if retained else now
    before = _news(view(session, box))
    _set_status(box, message.status, seen_at)
    if message.status == "online":
        box.last_seen_at = max(seen_at, box.last_seen_at or seen_at)
        _take_health(box, message, now)
        heads.take(session, centre, message)
        holds.remind(session, centre, message)
        if message.cameras:
            repository.replace_cameras(box, message.cameras)
    announce(session, centre, box, before)


def _take_health(box: BoxRow, message: StateMessage, now: datetime) -> None:
    """Copy the figures of a heartbeat; an alarm keeps the moment at which it was first heard."""
    since = {alarm["code"]: alarm["since"] for alarm in box.alarms}
    box.alarms = [
        {"code": code[:64], "since": since.get(code[:64], now.isoformat())}
        for code in message.alarms
    ]
    box.clock_synchronised = message.clock_synchronised
    box.video_bytes, box.held_bytes = message.video_bytes, message.held_bytes
    box.held_incidents = list(message.holds)
    box.suspensions = [each.model_dump(mode="json") for each in message.suspensions]
    box.software_version = message.software_version
    box.outbox_depth = message.outbox_depth
    box.oldest_unsent_at = message.oldest_unsent_at
    box.disk_free_bytes = message.disk_free_bytes
    box.memory_bytes = message.memory_bytes
    box.counters = dict(message.counters)
    if message.model is not None:
        _set_active(box, message.model)


def take_reported(session: Session, centre: Centre, message: ReportedMessage) -> None:
    """Take over which model a box runs and how its rollout stands."""
    box = get(session, message.box_id)
    if message.active is not None:
        _set_active(box, message.active)
    box.rollout_phase = message.phase
    box.rollout_reason = message.reason[:500]
    box.rollout_progress = message.progress_ratio
    session.flush()
    centre.live.announce(session, "rollout", view(session, box), centre.clock())


def sweep_silent(centre: Centre) -> None:
    """Mark the boxes offline that have been silent for three heartbeats."""
    with centre.database.write() as session:
        limit = centre.clock() - timedelta(seconds=centre.settings.box_silent_after_s)
        for box in repository.silent_since(session, limit):
            before = _news(view(session, box))
            _set_status(box, "offline", box.last_seen_at or limit)
            centre.metrics.boxes_silent.inc()
            announce(session, centre, box, before)


def announce(session: Session, centre: Centre, box: BoxRow, before: object) -> None:
    """Tell open consoles how a box looks now when there is news of it."""
    shown = view(session, box)
    if _news(shown) != before:
        centre.live.announce(session, "box", shown, centre.clock())


def accept_chain(session: Session, centre: Centre, box_id: str, actor: str, reason: str) -> BoxItem:
    """Begin anew with the key and chain that a box has now, and announce it.

    Raises:
        Problem: 404, no such box or no chain; 409, there is nothing to accept.
    """
    box = get(session, box_id)
    before = _news(view(session, box))
    heads.accept(session, centre, box_id, actor, reason)
    announce(session, centre, box, before)
    return view(session, box)


def view(session: Session, box: BoxRow) -> BoxItem:
    """Return a box as the console shows it, with all that belongs to it."""
    return item(box, box.cameras, session.get(BoxChainRow, box.box_id))


def item(box: BoxRow, cameras: list[CameraRow], chain: BoxChainRow | None) -> BoxItem:
    """Return a box as the console shows it; trouble with its chain is one more alarm."""
    desired = None
    if box.desired_name and box.desired_version:
        desired = DesiredModel(name=box.desired_name, version=box.desired_version)
    copied = {name: getattr(box, name) for name in BoxItem.model_fields if hasattr(box, name)}
    theirs = {camera.camera_id for camera in cameras}
    copied["cameras"] = [camera_item(box, camera) for camera in cameras]
    copied["suspensions"] = [each for each in box.suspensions if each["camera_id"] in theirs]
    if chain is not None and chain.state != heads.Verdict.OK:
        found = {"code": f"chain_{chain.state}", "since": chain.state_since}
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
    copied = {
        name: getattr(camera, name) for name in CameraItem.model_fields if hasattr(camera, name)
    }
    if box.status != "online" and camera.status != "offline":
        copied |= {"status": "offline", "since": box.since, "reason": BOX_OFFLINE}
    return CameraItem(
        **copied,
        location=(camera.latitude, camera.longitude) if located else None,
        box_name=box.name,
        box_status=box.status,
    )


def _set_status(box: BoxRow, status: str, at: datetime) -> None:
    """Set the status; ``since`` moves only when it changes."""
    if box.status != status:
        box.status = status
        box.since = at


def _set_active(box: BoxRow, model: ModelRef) -> None:
    """Note which model a box runs."""
    box.active_name, box.active_version = model.name, model.version
    box.active_sha256 = model.sha256


def _active(box: BoxRow) -> ModelRef | None:
    """Return which model a box runs, once it has said."""
    if not box.active_name or not box.active_version:
        return None
    return ModelRef(name=box.active_name, version=box.active_version, sha256=box.active_sha256)


def _news(box: BoxItem) -> object:
    """Return what makes a difference to an operator; the rest of a heartbeat is figures."""
    return (
        (box.status, box.software_version, box.active),
        [alarm.code for alarm in box.alarms],
        box.suspensions,
        [(camera.camera_id, camera.status, camera.reason, camera.name) for camera in box.cameras],
    )
