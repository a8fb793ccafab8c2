"""What a line and a server do to connections: errors that callers know, and new ones at once."""

from __future__ import annotations

import gc
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError, InterfaceError

from central.db import Database
from tests.lossy_proxy import LossyProxy

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.postgres


@pytest.fixture
def line(postgres_url: str) -> Iterator[LossyProxy]:
    with LossyProxy({"database": make_url(postgres_url).port or 0}) as made:
        yield made


@pytest.fixture
def database(postgres_url: str, line: LossyProxy) -> Iterator[Database]:
    """The database, at the other end of a line."""
    url = make_url(postgres_url).set(port=line.port("database"))
    made = Database(url.render_as_string(hide_password=False))
    yield made
    made.close()


def ask_for_long(database: Database) -> DBAPIError:
    """Ask something that takes long; return the error that ends it."""
    with pytest.raises(DBAPIError) as caught, database.read() as session:
        session.execute(text("SELECT pg_sleep(30)"))
    return caught.value


def test_a_line_that_breaks_while_the_server_thinks_is_an_error_of_the_database(
    database: Database, line: LossyProxy
) -> None:
    database.ping()
    cutting = threading.Timer(0.3, line.cut)
    cutting.start()
    error = ask_for_long(database)
    cutting.join()

    assert isinstance(error, InterfaceError)
    assert error.connection_invalidated
    database.ping()


def test_a_line_that_broke_while_nobody_asked_is_not_noticed(
    database: Database, line: LossyProxy
) -> None:
    for _ in range(20):
        database.ping()
        line.cut()
    database.ping()


def test_a_line_that_breaks_while_a_connection_is_tried_is_made_anew(
    database: Database, line: LossyProxy
) -> None:
    """The pool tries a connection before it lends it out; the driver told what came as it came."""
    with ThreadPoolExecutor(1) as other:
        for _ in range(5):
            database.ping()
            line.freeze()
            asked = other.submit(database.ping)
            time.sleep(0.1)
            line.cut()
            line.thaw()
            asked.result(30)


def test_a_server_that_nobody_reaches_is_an_error_of_the_database(
    database: Database, line: LossyProxy
) -> None:
    line.refuse()
    with pytest.raises(DBAPIError):
        database.ping()
    gc.collect()  # a socket that was left behind would be told here

    line.refuse(refusing=False)
    database.ping()


def test_a_connection_that_the_server_ends_takes_no_other_query_with_it(
    database: Database, postgres_url: str
) -> None:
    found: list[DBAPIError] = []
    asking = threading.Thread(target=lambda: found.append(ask_for_long(database)))
    asking.start()
    ending = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)'"
        " AND state = 'active' AND pid <> pg_backend_pid()"
    )
    other = Database(postgres_url)
    deadline = time.monotonic() + 30
    while asking.is_alive() and time.monotonic() < deadline:
        with other.read() as session:
            session.execute(ending)
        time.sleep(0.05)
    asking.join(30)
    other.close()

    assert [type(error) for error in found] == [InterfaceError]
    assert found[0].connection_invalidated
    database.ping()


def test_a_connection_holds_no_small_packet_back(postgres_url: str) -> None:
    """Nagle's algorithm would, until the server's delayed acknowledgement, 40 ms later."""
    database = Database(postgres_url)
    with closing(database.engine.raw_connection()) as connection:
        driver: Any = connection.driver_connection
        assert driver._usock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    database.close()
