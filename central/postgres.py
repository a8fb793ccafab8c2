"""PostgreSQL through pg8000, with errors of the class that PEP 249 means by it.

Invariants:
    * Whatever the network does to a connection is an ``InterfaceError``: never a bare ``OSError``,
      which nobody who waits for a database expects and which would end his thread.
    * What the server says has the class of its SQLSTATE, as with other drivers.

It knows no table and no SQL of ours.
"""

from __future__ import annotations

import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from pg8000.exceptions import InterfaceError
from pg8000.legacy import Connection
from sqlalchemy import Engine, TextClause, event, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Dialect, Table
    from sqlalchemy.engine import ExceptionContext

_ERROR_CLASSES: dict[str, type[DBAPIError]] = {
    "08": OperationalError,
    "22": DataError,
    "23": IntegrityError,
    "40": OperationalError,
    "53": OperationalError,
    "55": OperationalError,
    "57": OperationalError,
    "58": OperationalError,
}
"""What an error of PostgreSQL is, by the first two characters of its SQLSTATE: connection lost,
bad value, broken constraint, deadlock, no room, lock not got, shut down, disk. Source: PostgreSQL's
manual, appendix A, and PEP 249; the same mapping as psycopg's."""


_DIALECT: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's own


class _Connection(Connection):  # type: ignore[misc]  # pg8000 has no types
    """A connection whose end is always told as ``InterfaceError``.

    Source: pg8000 1.31.6 reads the first bytes of a message outside of its own translation.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        with ExitStack() as made:
            try:
                if "unix_sock" not in kwargs:
                    kwargs["sock"] = made.enter_context(_line(**kwargs))
                super().__init__(*args, **kwargs)
            except OSError as error:
                raise _network_error() from error
            made.pop_all()

    def handle_messages(self, context: Any) -> None:
        """Read what the server answers.

        Raises:
            pg8000.exceptions.InterfaceError: The connection has ended.
        """
        try:
            super().handle_messages(context)
        except OSError as error:
            raise _network_error() from error


def prepare(engine: Engine) -> None:
    """Let an engine connect by this module, and raise the errors that it promises."""
    event.listen(engine, "do_connect", _connect)
    event.listen(engine, "handle_error", _classify, retval=True)


def insert_json(table: Table, given: Sequence[str]) -> TextClause:
    """Return the statement that inserts ``:rows``, a JSON array of objects with the keys ``given``.

    One parameter for any number of rows: pg8000 sends a list of rows one by one, each three times
    to the server and back.
    """
    quote = _DIALECT.identifier_preparer.quote
    names, into = ", ".join(quote(name) for name in given), quote(table.name)
    return text(
        f"INSERT INTO {into} ({names}) SELECT {names}"  # noqa: S608 - names of our own tables
        f" FROM jsonb_populate_recordset(NULL::{into}, CAST(:rows AS jsonb))"
    )


def update_json(table: Table, columns: Sequence[str]) -> TextClause:
    """Return the statement that sets ``columns`` from ``:rows``, a JSON array of objects.

    An object has the keys of its row's primary key and of all ``columns``.
    """
    quote = _DIALECT.identifier_preparer.quote
    name = quote(table.name)
    sets = ", ".join(f"{quote(each)} = told.{quote(each)}" for each in columns)
    keys = [quote(key.name) for key in table.primary_key]
    same = " AND ".join(f"{name}.{key} = told.{key}" for key in keys)
    return text(
        f"UPDATE {name} SET {sets}"  # noqa: S608 - names of our own tables
        f" FROM jsonb_populate_recordset(NULL::{name}, CAST(:rows AS jsonb)) AS told WHERE {same}"
    )


def _line(
    host: str = "localhost", port: int = 5432, timeout: float | None = None, **_: Any
) -> socket.socket:
    """Return a line to the server; who opens it can close it.

    Source: pg8000 1.31.6 leaves the socket of a connection that never came to be to the collector.
    """
    line = socket.create_connection((host, port), timeout)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    # Nagle's algorithm holds the end of a statement back for the server's delayed answer, 40 ms.
    # Source: libpq sets it too; measured, 200 incidents a second: median 320 ms with, 60 without.
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line


def _network_error() -> InterfaceError:
    """Return the error by whose words SQLAlchemy knows that a connection is gone."""
    return InterfaceError("network error")


def _connect(_dialect: object, _record: object, args: Any, kwargs: Any) -> _Connection:
    """Return a new connection."""
    return _Connection(*args, **kwargs)


def _classify(context: ExceptionContext) -> DBAPIError | None:
    """Return an error of PostgreSQL under its right class; None leaves it as it is.

    pg8000 calls all but a broken unique constraint a ProgrammingError: a deadlock would look like a
    mistake of ours, and a good message would end in quarantine.
    """
    original = context.original_exception
    fields = original.args[0] if original.args else None
    state = str(fields.get("C", "")) if isinstance(fields, dict) else ""
    right = _ERROR_CLASSES.get(state[:2])
    if right is None:
        return None
    return right(
        context.statement,
        context.parameters,
        original,
        connection_invalidated=context.is_disconnect,
    )
