"""Live events: order, resuming, slow browsers."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from pydantic import BaseModel
from sqlalchemy import select

from central import live
from central.db import attempt
from central.live import QUEUE_EVENTS, REPLAY_EVENTS, LiveEvent, LiveHub, Subscriber
from central.metrics import Metrics
from central.tables.live import LiveEventRow
from tests.builders import NOON
from tests.centre import migrated_database

if TYPE_CHECKING:
    from pathlib import Path

    from central.db import Database


class Number(BaseModel):
    """Data of an event in these tests."""

    number: int


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """A database with all tables."""
    return migrated_database(tmp_path)


@pytest.fixture
def hub() -> LiveHub:
    """A hub without streams."""
    return LiveHub(Metrics())


def announce(database: Database, hub: LiveHub, *numbers: int) -> None:
    with database.write() as session:
        for number in numbers:
            hub.announce(session, "incident", Number(number=number), NOON)


def queued(subscriber: Subscriber) -> list[LiveEvent | None]:
    return [subscriber.queue.get_nowait() for _ in range(subscriber.queue.qsize())]


@pytest.mark.parametrize(("number", "named"), [(7, "id: 7\n"), (None, "")])
def test_an_event_goes_over_the_line_as_browsers_read_it(number: int | None, named: str) -> None:
    event = LiveEvent(id=number, kind="box", data='{"name":"cổng"}')

    wanted = f'event: box\n{named}retry: 1000\ndata: {{"name":"cổng"}}\n\n'
    assert event.wire.decode() == wanted
    assert event.wire is event.wire


def test_an_event_reaches_every_stream_after_the_commit(database: Database, hub: LiveHub) -> None:
    async def story() -> list[list[LiveEvent | None]]:
        streams = [hub.subscribe(), hub.subscribe()]
        await asyncio.to_thread(announce, database, hub, 7)
        await asyncio.sleep(0)
        return [queued(stream) for stream in streams]

    sent = asyncio.run(story())
    assert sent == [[LiveEvent(id=1, kind="incident", data='{"number":7}')]] * 2


def test_what_is_rolled_back_is_never_sent(database: Database, hub: LiveHub) -> None:
    async def story() -> list[LiveEvent | None]:
        stream = hub.subscribe()
        with suppress(KeyError), database.write() as session:
            hub.announce(session, "incident", Number(number=1), NOON)
            raise KeyError
        await asyncio.sleep(0)
        return queued(stream)

    assert asyncio.run(story()) == []


def test_what_a_failed_savepoint_announced_is_forgotten_with_it(
    database: Database, hub: LiveHub
) -> None:
    async def story() -> list[str]:
        stream = hub.subscribe()
        with database.write() as session:
            hub.announce(session, "incident", Number(number=1), NOON)
            with suppress(KeyError), attempt(session):
                hub.announce(session, "incident", Number(number=2), NOON)
                raise KeyError
            hub.announce(session, "incident", Number(number=3), NOON)
        await asyncio.sleep(0)
        return [event.data for event in queued(stream) if event is not None]

    assert asyncio.run(story()) == ['{"number":1}', '{"number":3}']


def test_a_slow_stream_is_dropped_and_counted_while_others_go_on(database: Database) -> None:
    metrics = Metrics()
    hub = LiveHub(metrics)
    event = LiveEvent(id=1, kind="incident", data="{}")

    async def story() -> tuple[list[LiveEvent | None], int]:
        slow, fast = hub.subscribe(), hub.subscribe()
        read = 0
        for _ in range(QUEUE_EVENTS + 10):
            hub.send(event)
            await asyncio.sleep(0)
            read += len(queued(fast))
        return queued(slow), read

    slow, read = asyncio.run(story())
    database.close()
    assert (len(slow), slow[-1]) == (QUEUE_EVENTS + 1, None)
    assert read == QUEUE_EVENTS + 10
    assert metrics.registry.get_sample_value("songlam_live_clients_dropped_total") == 1


def test_closing_ends_open_and_later_streams(hub: LiveHub) -> None:
    async def story() -> list[list[LiveEvent | None]]:
        early = hub.subscribe()
        hub.close()
        late = hub.subscribe()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return [queued(early), queued(late)]

    assert asyncio.run(story()) == [[None], [None]]


def test_a_new_browser_learns_where_the_stream_stands(database: Database, hub: LiveHub) -> None:
    announce(database, hub, 1, 2, 3)
    with database.read() as session:
        assert live.replay(session, None) == [LiveEvent(id=3, kind="ready", data="{}")]


def test_a_browser_that_resumes_gets_exactly_what_it_missed(
    database: Database, hub: LiveHub
) -> None:
    announce(database, hub, *range(5))
    with database.read() as session:
        missed = live.replay(session, 3)
        nothing = live.replay(session, 5)

    assert [(event.id, event.data) for event in missed] == [
        (4, '{"number":3}'),
        (5, '{"number":4}'),
    ]
    assert nothing == []


def test_a_browser_that_fell_out_of_the_log_must_reload(database: Database, hub: LiveHub) -> None:
    announce(database, hub, *range(10))
    with database.write() as session:
        live.prune(session, keep_rows=4)
    with database.read() as session:
        assert session.scalars(select(LiveEventRow.id)).all() == [7, 8, 9, 10]
        assert live.replay(session, 5)[0].kind == "reset"
        assert [event.id for event in live.replay(session, 6)] == [7, 8, 9, 10]


def test_a_browser_of_another_database_must_reload(database: Database, hub: LiveHub) -> None:
    announce(database, hub, 1)
    with database.read() as session:
        assert live.replay(session, 99) == [LiveEvent(id=1, kind="reset", data="{}")]


def test_a_browser_that_missed_too_much_must_reload(database: Database, hub: LiveHub) -> None:
    announce(database, hub, *range(REPLAY_EVENTS + 1))
    with database.read() as session:
        assert live.replay(session, 0)[0].kind == "reset"
        assert len(live.replay(session, 1)) == REPLAY_EVENTS


def test_ids_are_never_used_again_after_pruning_everything(
    database: Database, hub: LiveHub
) -> None:
    announce(database, hub, 1, 2)
    with database.write() as session:
        live.prune(session, keep_rows=0)
    announce(database, hub, 3)
    with database.read() as session:
        assert session.scalars(select(LiveEventRow.id)).all() == [3]
