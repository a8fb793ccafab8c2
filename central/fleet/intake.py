"""Stores what boxes tell of themselves, a batch at once: a few statements, however many boxes.

Invariants:
    * ``since`` is when the present status began, on the centre's clock.
    * A batch is loaded by one query for each table and written once, at its end: asked for and
      written one by one, a tenth of the messages took nearly half of the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from central.custody import heads, holds
from central.db import update_all
from central.fleet import repository, service, views
from edge.contract.messages import StateMessage

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from central.centre import Centre
    from central.fleet.schemas import BoxItem
    from central.live import EventKind
    from central.tables.custody import BoxChainRow
    from central.tables.fleet import BoxRow
    from edge.contract.messages import ModelRef, ReportedMessage


_TOLD = (
    *("status", "since", "last_seen_at", "alarms", "clock_synchronised", "video_bytes"),
    *("held_bytes", "held_incidents", "suspensions", "software_version", "outbox_depth"),
    *("oldest_unsent_at", "disk_free_bytes", "memory_bytes", "counters", "active_name"),
    *("active_version", "active_sha256"),
)
"""Columns of a box that only heartbeats and silence change; people change others meanwhile."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a box says of itself, or the broker of its end (last will).

    Attributes:
        message: The state of the box, or of its rollout.
        retained: The broker replayed it: it tells how things were, not that the box lives now.
    """

    message: StateMessage | ReportedMessage
    retained: bool = False


def take(session: Session, centre: Centre, heard: Sequence[Heard]) -> None:
    """Take over what boxes say, in the order in which it came, and announce what is news of it.

    MQTT keeps the order of one sender, so the last to arrive is the truth; ``sent_at`` does not
    decide, because a last will is written when the connection begins, and clocks can go back.

    Raises:
        Problem: 404, there is no such box.
    """
    if not heard:
        return
    box_ids = {each.message.box_id for each in heard}
    boxes = repository.with_cameras(session, box_ids)
    chains: dict[str, BoxChainRow | None] = {**repository.chains_by_box(session, box_ids)}
    news: list[tuple[EventKind, BoxItem]] = []
    with session.no_autoflush:
        for each in heard:
            message = each.message
            box = boxes.get(message.box_id) or service.get(session, message.box_id)
            chain = chains.get(message.box_id)
            if not isinstance(message, StateMessage):
                _take_reported(box, message)
                news.append(("rollout", views.item(box, box.cameras, chain)))
                continue
            before = views.news(box, chain)
            _take_state(box, message, centre.clock(), retained=each.retained)
            if message.status == "online":
                chain = chains[message.box_id] = heads.take(session, centre, message, chain)
            if views.news(box, chain) != before:
                news.append(("box", views.item(box, box.cameras, chain)))
        _write(session, boxes.values())
        holds.remind(session, centre, _alive(heard))
        # In the order in which it came: each shows the whole box as it was then.
        for kind, of_kind in groupby(news, key=itemgetter(0)):
            centre.live.announce_all(session, kind, [shown for _, shown in of_kind], centre.clock())


def _write(session: Session, boxes: Collection[BoxRow]) -> None:
    """Write what was told of boxes and their cameras."""
    update_all(session, boxes, _TOLD)
    cameras = [camera for box in boxes for camera in box.cameras]
    update_all(session, cameras, repository.DESCRIBED)


def _alive(heard: Sequence[Heard]) -> list[StateMessage]:
    """Return the heartbeats among what was heard."""
    states = [each.message for each in heard if isinstance(each.message, StateMessage)]
    return [message for message in states if message.status == "online"]


def _take_state(box: BoxRow, message: StateMessage, now: datetime, *, retained: bool) -> None:
    """Copy what a heartbeat or a last will says."""
    seen_at = min(message.sent_at, now) if retained else now
    service.set_status(box, message.status, seen_at)
    if message.status != "online":
        return
    box.last_seen_at = max(seen_at, box.last_seen_at or seen_at)
    _take_health(box, message, now)
    if message.cameras:
        repository.replace_cameras(box, message.cameras)


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


def _take_reported(box: BoxRow, message: ReportedMessage) -> None:
    """Copy which model a box runs and how its rollout stands."""
    if message.active is not None:
        _set_active(box, message.active)
    box.rollout_phase = message.phase
    box.rollout_reason = message.reason[:500]
    box.rollout_progress = message.progress_ratio


def _set_active(box: BoxRow, model: ModelRef) -> None:
    """Note which model a box runs."""
    box.active_name, box.active_version = model.name, model.version
    box.active_sha256 = model.sha256
