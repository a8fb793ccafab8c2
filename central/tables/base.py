"""What all tables share: the declarative root and the column types that behave alike everywhere.

Invariants: wall times are aware UTC on the way in and out, on SQLite as on PostgreSQL; JSON is
JSONB where there is one; every constraint has a predictable name, so migrations can refer to it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

from sqlalchemy import JSON, DateTime, MetaData, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy import Dialect

AsciiText = String(12).with_variant(String(12, collation="C"), "postgresql")
"""A short column of capitals and digits, sorted by byte on both databases: a prefix is a range."""
JsonValue = JSON().with_variant(JSONB(), "postgresql")
"""A column of JSON."""


class UtcDateTime(TypeDecorator[datetime]):
    """A wall time in UTC; SQLite forgets the zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return ``value`` in UTC.

        Raises:
            ValueError: The value has no time zone.
        """
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without zone cannot be stored: {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return ``value`` as aware UTC."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Row(DeclarativeBase):
    """Root of every table of the centre."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: JsonValue, list[Any]: JsonValue}  # noqa: RUF012 - SQLAlchemy's own class attribute


AnyRow = TypeVar("AnyRow", bound=Row)


def unsaved(table: type[AnyRow]) -> AnyRow:
    """Return a row to be filled and written past the session; columns not yet set are None.

    It is a plain object: watched by SQLAlchemy, as the table's own are, each column that is set or
    read costs ten times as much.
    """
    return cast("AnyRow", _plain(table)())


@cache
def _plain(table: type[Row]) -> type:
    """Return a class of objects that have the columns of a table and nothing else."""
    return type(table.__name__, (), dict.fromkeys(table.__table__.columns.keys()))


def row_values(row: Row) -> dict[str, object]:
    """Return the columns that have been set of an unsaved row."""
    return dict(vars(row))
