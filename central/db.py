"""The database: one engine, sessions for reading and for writing, and what happens after commit.

Invariants:
    * One request or one batch is one transaction; only :meth:`Database.write` commits.
    * On SQLite a writing transaction starts with BEGIN IMMEDIATE, so two writers wait for each
      other instead of failing half-way when a read snapshot is upgraded; of this process they come
      in the order in which they asked.
    * What must happen after a commit (announcing) is registered with :func:`after_commit` and runs
      only when the commit succeeded; what must be written last with :func:`before_commit`.
    * An error has the same class on both databases: IntegrityError for a broken constraint,
      DataError for a value that no column holds, OperationalError for what may work when tried
      again.

It knows no table and no SQL of ours.
"""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, cast

from pydantic_core import to_json
from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, make_url, text
from sqlalchemy.exc import DataError, DBAPIError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.pool import StaticPool

from central import postgres
from central.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from sqlite3 import Connection as SqliteConnection

    from sqlalchemy import Table
    from sqlalchemy.engine import ExceptionContext
    from sqlalchemy.orm import DeclarativeBase

_LAST, _LAST_OF_ALL = "before_commit", "before_commit_last_of_all"
_PENDING = "after_commit"
_IMMEDIATE = {"sqlite_begin": "BEGIN IMMEDIATE"}
BUSY_TIMEOUT_S = 10.0
"""How long an SQLite writer waits for another one. Source: a batch commit takes < 0.1 s."""


class Database:
    """One database; made once by the composition root, closed by :meth:`close`."""

    def __init__(self, url: str) -> None:
        """Prepare the engine for ``url``; connects at first use."""
        self.engine = _engine(url)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        self._turns = Turns() if self.engine.dialect.name == "sqlite" else None

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Yield a session that is never committed; do not write through it."""
        with self._sessions() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Yield a session in one transaction: commit at the end, roll back on any error.

        After the commit the callbacks of :func:`after_commit` run in order.
        """
        # Out of turn after that long, SQLite's own lock decides and says that it is locked.
        turn = nullcontext() if self._turns is None else self._turns.take(BUSY_TIMEOUT_S)
        with self._sessions() as session:
            with turn:
                session.connection(execution_options=_IMMEDIATE)
                yield session
                session.flush()  # no lock of a row is waited for behind a lock that everybody needs
                for name in (_LAST, _LAST_OF_ALL):
                    for callback in session.info.pop(name, []):
                        callback()
                session.commit()
            for callback in session.info.pop(_PENDING, []):
                callback()

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """Yield a reading session all of whose queries see the database of one moment."""
        with self._sessions() as session:
            if is_postgres(session):  # SQLite's readers always do
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            yield session

    def ping(self) -> None:
        """Run the smallest query.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: The database does not answer.
        """
        with self.read() as session:
            session.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def before_commit(
    session: Session, callback: Callable[[], object], *, last_of_all: bool = False
) -> None:
    """Run ``callback`` as the last thing in the transaction of ``session``, or never.

    For what takes a lock that everybody needs: it is held for the commit alone. There are two such
    locks, and all take them in one order: that of the live stream, then, ``last_of_all``, that of
    the audit log.
    """
    session.info.setdefault(_LAST_OF_ALL if last_of_all else _LAST, []).append(callback)


def after_commit(session: Session, callback: Callable[[], object]) -> None:
    """Run ``callback`` once the transaction of ``session`` is on disk, or never."""
    session.info.setdefault(_PENDING, []).append(callback)


@contextmanager
def attempt(session: Session) -> Iterator[None]:
    """Run a part of a transaction in a savepoint: all of it stands, or none of it.

    What the part registered with :func:`before_commit` and :func:`after_commit` is forgotten with
    it.
    """
    pending: list[list[Callable[[], object]]] = [
        session.info.setdefault(name, []) for name in (_LAST, _LAST_OF_ALL, _PENDING)
    ]
    standing = [len(each) for each in pending]
    try:
        with session.begin_nested():
            yield
        standing = [len(each) for each in pending]
    finally:
        for each, length in zip(pending, standing, strict=True):
            del each[length:]


def insert_all(
    session: Session, table: type[DeclarativeBase], rows: Sequence[Mapping[str, object]]
) -> None:
    """Write new rows of one table by one statement, past the session.

    Args:
        session: Where to write.
        table: The table.
        rows: Column name → value, the same columns in all; others get their default.
    """
    if not rows:
        return
    if is_postgres(session):
        written = postgres.insert_json(cast("Table", table.__table__), tuple(rows[0]))
        session.execute(written, {"rows": _json(rows)})
    else:
        session.execute(insert(cast("Table", table.__table__)), rows)


def update_all(session: Session, rows: Iterable[DeclarativeBase], columns: Sequence[str]) -> None:
    """Write changed objects of one table by one statement, ahead of the session's flush.

    On SQLite the flush does it: there a statement is no way to a server. pg8000 goes there and back
    three times for each row.

    Args:
        session: What holds the objects.
        rows: The objects; new ones and unchanged ones are left to the session.
        columns: Which columns may have changed; no other is written.
    """
    if not is_postgres(session):
        return
    changed = [row for row in rows if inspect(row).persistent and session.is_modified(row)]
    if not changed:
        return
    table = cast("Table", changed[0].__table__)
    keys = [column.key for column in table.primary_key]
    written = [{name: getattr(row, name) for name in (*keys, *columns)} for row in changed]
    session.execute(postgres.update_json(table, columns), {"rows": _json(written)})
    for row in changed:
        for name in columns:
            set_committed_value(row, name, getattr(row, name))


def _json(value: object) -> str:
    """Return a value as JSON, three times as fast as the standard library does."""
    return to_json(value).decode()


def is_postgres(session: Session) -> bool:
    """Return whether ``session`` talks to PostgreSQL."""
    return session.get_bind().dialect.name == "postgresql"


def _engine(url: str) -> Engine:
    """Return an engine with the settings that this product relies on."""
    if make_url(url).get_backend_name() != "sqlite":
        engine = create_engine(
            url, pool_size=20, max_overflow=20, pool_pre_ping=True, json_serializer=_json
        )
        postgres.prepare(engine)
        return engine
    options: dict[str, Any] = {}
    if make_url(url).database in {None, "", ":memory:"}:
        options["poolclass"] = StaticPool  # one shared connection, else each sees its own database
    arguments = {"timeout": BUSY_TIMEOUT_S, "check_same_thread": False}
    engine = create_engine(url, connect_args=arguments, json_serializer=_json, **options)
    event.listen(engine, "handle_error", _classify_sqlite, retval=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: SqliteConnection, _record: object) -> None:
    """Give the driver's hands off transactions and switch on WAL and foreign keys."""
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    # FULL: a receipt promises that the row survives a power cut; NORMAL would not keep that.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_sqlite(connection: Connection) -> None:
    """Start the transaction ourselves: deferred for reading, immediate for writing."""
    begin = connection.get_execution_options().get("sqlite_begin", "BEGIN")
    connection.exec_driver_sql(str(begin))


def _classify_sqlite(context: ExceptionContext) -> DBAPIError | None:
    """Return the driver's complaint about a number too large as what PostgreSQL calls it."""
    original = context.original_exception
    if isinstance(original, OverflowError):
        return DataError(context.statement, context.parameters, original)
    return None
