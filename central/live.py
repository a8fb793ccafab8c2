"""Live events: a bounded log in the database and a fan-out to browsers (SSE).

Invariants:
    * An event is written in the transaction of what it tells about and sent only after its commit.
    * Ids grow in the order of commits (PostgreSQL: one advisory lock; SQLite: one writer), so
      ``Last-Event-ID`` misses nothing; when the log no longer reaches back, ``reset`` says so.
    * A browser that reads too slowly is dropped and counted; it resumes from the log.

Fan-out is in this process: no client polls the database.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Literal, cast

from pydantic_core import to_json
from sqlalchemy import delete, func, insert, select, text

from central.db import after_commit, before_commit, is_postgres
from central.tables.live import LiveEventRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from pydantic import BaseModel
    from sqlalchemy import Table
    from sqlalchemy.orm import Session

    from central.metrics import Metrics

EventKind = Literal[
    "incident",
    "alert",
    "handover",
    "box",
    "quarantine",
    "indicator",
    "rollout",
    "second_look",
    "ready",
    "reset",
]
RETRY_MS = 1_000
"""How soon a browser that lost the stream comes back."""
QUEUE_EVENTS = 256
"""Events a browser may lag behind before it is dropped."""
REPLAY_EVENTS = 1_000
"""Most events sent again on resuming; beyond that reloading the lists is cheaper."""
_INSERT = insert(cast("Table", LiveEventRow.__table__))
_RETURNING = _INSERT.returning(LiveEventRow.id, sort_by_parameter_order=True)
_COMMIT_ORDER_LOCK = 0x50_6C_61_6D
"""Key of the advisory lock that orders commits on PostgreSQL; any fixed number of ours."""


@dataclass(frozen=True, kw_only=True)
class LiveEvent:
    """One event on its way to browsers; ``data`` is JSON in one line; no id: not resumable."""

    id: int | None
    kind: EventKind
    data: str

    @cached_property
    def wire(self) -> bytes:
        """The event as it goes over the line. Source: WHATWG HTML, server-sent events."""
        number = "" if self.id is None else f"id: {self.id}\n"
        text = f"event: {self.kind}\n{number}retry: {RETRY_MS}\ndata: {self.data}\n\n"
        return text.encode()


@dataclass(slots=True, eq=False)
class Subscriber:
    """One open stream. ``closed`` is set when the hub ends it."""

    loop: asyncio.AbstractEventLoop
    queue: asyncio.Queue[LiveEvent | None] = field(
        default_factory=lambda: asyncio.Queue(QUEUE_EVENTS + 1)
    )
    dropped: bool = False


class LiveHub:
    """All open streams of this process; removes a stream when it ends or lags."""

    def __init__(self, metrics: Metrics) -> None:
        """Start with no stream."""
        self._metrics = metrics
        self._subscribers: set[Subscriber] = set()
        self._closed = False

    def subscribe(self) -> Subscriber:
        """Return a new stream on the running event loop; end it with :meth:`unsubscribe`."""
        subscriber = Subscriber(asyncio.get_running_loop())
        self._subscribers.add(subscriber)
        self._metrics.live_clients.set(len(self._subscribers))
        if self._closed:
            self._end(subscriber)
        return subscriber

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Forget a stream."""
        self._subscribers.discard(subscriber)
        self._metrics.live_clients.set(len(self._subscribers))

    def send(self, event: LiveEvent) -> None:
        """Give ``event`` to every stream; callable from any thread."""
        by_loop: dict[asyncio.AbstractEventLoop, list[Subscriber]] = {}
        for subscriber in tuple(self._subscribers):
            by_loop.setdefault(subscriber.loop, []).append(subscriber)
        for loop, subscribers in by_loop.items():
            self._call(loop, partial(self._offer, subscribers, event))

    def close(self) -> None:
        """End every stream, so that the server can stop; callable from any thread or signal."""
        self._closed = True
        for subscriber in tuple(self._subscribers):
            self._call(subscriber.loop, partial(self._end, subscriber))

    def announce(self, session: Session, kind: EventKind, data: BaseModel, at: datetime) -> None:
        """Log an event in the transaction of ``session`` and send it after the commit."""
        self.announce_all(session, kind, [data], at)

    def announce_all(
        self, session: Session, kind: EventKind, news: Sequence[BaseModel], at: datetime
    ) -> None:
        """Log events of one kind in the transaction of ``session``, send them after the commit."""
        if news:
            before_commit(session, partial(self._log, session, kind, news, at))

    def mention(self, session: Session, kind: EventKind, data: BaseModel) -> None:
        """Send an event after the commit without logging it: news that the next one replaces."""
        if self._subscribers:
            event = LiveEvent(id=None, kind=kind, data=data.model_dump_json())
            after_commit(session, partial(self.send, event))

    def _log(
        self, session: Session, kind: EventKind, news: Sequence[BaseModel], at: datetime
    ) -> None:
        """Write events, in the order of commits, as the last thing before this one."""
        rows = [{"at": at, "kind": kind, "data": each} for each in news]
        if is_postgres(session):
            session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _COMMIT_ORDER_LOCK})
            ids: Sequence[int] = session.scalars(_RETURNING, rows).all()
        else:  # asked for ids, SQLAlchemy sends SQLite row by row; its one writer leaves no gap
            session.execute(_INSERT, rows)
            newest: int = session.scalars(select(func.max(LiveEventRow.id))).one()
            ids = range(newest - len(rows) + 1, newest + 1)
        after_commit(session, partial(self._send_logged, ids, kind, news))

    def _send_logged(self, ids: Sequence[int], kind: EventKind, news: Sequence[BaseModel]) -> None:
        """Give logged events to every stream; where nobody looks they are not even encoded."""
        if self._subscribers:
            for event_id, each in zip(ids, news, strict=True):
                self.send(_event(event_id, kind, each))

    def _offer(self, subscribers: Sequence[Subscriber], event: LiveEvent) -> None:
        """Queue ``event`` for each stream, or drop one whose queue is full."""
        for subscriber in subscribers:
            if subscriber.dropped:
                continue
            if subscriber.queue.qsize() >= QUEUE_EVENTS:
                self._metrics.live_clients_dropped.inc()
                self._end(subscriber)
            else:
                subscriber.queue.put_nowait(event)

    def _end(self, subscriber: Subscriber) -> None:
        """Queue the end of a stream once; the queue keeps one place for it."""
        if not subscriber.dropped:
            subscriber.dropped = True
            subscriber.queue.put_nowait(None)

    @staticmethod
    def _call(loop: asyncio.AbstractEventLoop, action: partial[None]) -> None:
        """Run ``action`` on a loop; one that is gone has no browser left."""
        if not loop.is_closed():
            loop.call_soon_threadsafe(action)


def replay(session: Session, last_id: int | None) -> list[LiveEvent]:
    """Return what a browser that last saw ``last_id`` must get first.

    A new browser (None) gets ``ready`` with the newest id. One that fell out of the log, or comes
    from another database, gets ``reset`` with the newest id and reloads its lists.
    """
    newest = session.scalar(select(func.max(LiveEventRow.id))) or 0
    if last_id is None:
        return [LiveEvent(id=newest, kind="ready", data="{}")]
    first_kept = session.scalar(select(func.min(LiveEventRow.id))) or newest + 1
    reaches_back = first_kept - 1 <= last_id <= newest
    if not reaches_back or newest - last_id > REPLAY_EVENTS:
        return [LiveEvent(id=newest, kind="reset", data="{}")]
    rows = session.scalars(
        select(LiveEventRow).where(LiveEventRow.id > last_id).order_by(LiveEventRow.id)
    )
    return [_event(row.id, row.kind, row.data) for row in rows]


def prune(session: Session, keep_rows: int) -> None:
    """Delete all but the newest ``keep_rows`` events."""
    newest: int | None = session.scalar(select(func.max(LiveEventRow.id)))
    session.execute(delete(LiveEventRow).where(LiveEventRow.id <= (newest or 0) - keep_rows))


def unseen(events: Iterable[LiveEvent], last_id: int) -> list[LiveEvent]:
    """Return those of ``events`` that a stream which has reached ``last_id`` has not sent."""
    return [event for event in events if event.id is None or event.id > last_id]


def _event(event_id: int, kind: Any, data: BaseModel | dict[str, Any]) -> LiveEvent:
    """Return a logged event as it was first sent."""
    return LiveEvent(id=event_id, kind=kind, data=to_json(data).decode())
