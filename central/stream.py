"""The live stream: ``GET /live`` as server-sent events, resumable.

A new stream first gets ``ready`` with the newest id; one that resumes (``Last-Event-ID``) first
gets what it missed, or ``reset`` when the log no longer reaches back. FastAPI writes a comment
every 15 s of silence, so that proxies keep the connection.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from central.auth.guard import Gate, Reach, find_log_in, session_token
from central.auth.scope import Scope, scope_of
from central.auth.veil import Veil, veil_of
from central.centre import Centre, CentreDep
from central.live import LiveEvent, Subscriber, replay, unseen
from central.tables.users import UserRow

router = APIRouter(tags=["live"])
Viewer = Annotated[UserRow, Depends(Gate(Reach.AREA, wall=True))]
RECHECK_S = 30.0
"""How often an open stream asks whether its log-in still stands."""
RETRY_MS = 1_000
RELOAD = LiveEvent(id=None, kind="reset", data="{}")


@router.get("/live", response_class=EventSourceResponse)
async def get_live(
    request: Request,
    user: Viewer,
    centre: CentreDep,
    last_event_id: Annotated[int | None, Header(ge=0, le=2**63 - 1)] = None,
) -> AsyncIterator[ServerSentEvent]:
    """Stream what happens: ``incident``, ``box``, ``quarantine``, ``indicator``, ``rollout``."""
    subscriber, scope = centre.live.subscribe(), scope_of(user)
    try:
        veil = await run_in_threadpool(_veil, centre, user)
        missed = await run_in_threadpool(_missed, centre, last_event_id)
        for old in missed:
            if (shown := _seen(old, scope, veil)) is not None:
                yield _sent(shown)
        reached = missed[-1].id if missed else last_event_id
        token = session_token(request, centre)
        while (event := await _next(subscriber, centre, token)) is not None:
            if event.kind == "second_look":
                before, veil = veil, await run_in_threadpool(_veil, centre, user)
                event = RELOAD if veil != before else event
            # What was committed between subscribing and reading the log is in both.
            new = bool(unseen([event], reached or 0))
            if new and (shown := _seen(event, scope, veil)) is not None:
                yield _sent(shown)
    finally:
        centre.live.unsubscribe(subscriber)


async def _next(subscriber: Subscriber, centre: Centre, token: str) -> LiveEvent | None:
    """Return the next event, or None when the hub ended the stream or the log-in is over."""
    while True:
        try:
            return await asyncio.wait_for(subscriber.queue.get(), RECHECK_S)
        except TimeoutError:
            if await run_in_threadpool(find_log_in, centre, token) is None:
                return None


def _missed(centre: Centre, last_event_id: int | None) -> list[LiveEvent]:
    """Return what a stream must get before anything new."""
    with centre.database.read() as session:
        return replay(session, last_event_id)


def _veil(centre: Centre, user: UserRow) -> Veil:
    """Return what a stream is not to tell."""
    with centre.database.read() as session:
        return veil_of(session, user)


def _seen(event: LiveEvent, scope: Scope, veil: Veil) -> LiveEvent | None:
    """Return an event as it may be sent; None: it may not."""
    return None if veil.hides(event) else scope.seen(event)


def _sent(event: LiveEvent) -> ServerSentEvent:
    """Return an event as FastAPI sends it."""
    return ServerSentEvent(
        raw_data=event.data,
        event=event.kind,
        id=None if event.id is None else str(event.id),
        retry=RETRY_MS,
    )
