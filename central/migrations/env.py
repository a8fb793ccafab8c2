"""What Alembic runs: the models' metadata on the connection that the caller opened."""

from __future__ import annotations

from typing import Literal

from alembic import context
from sqlalchemy import JSON

from central.tables import Row
from central.tables.base import UtcDateTime


def render_type(kind: str, thing: object, _context: object) -> str | Literal[False]:
    """Write our column types in terms that a revision can keep for ever."""
    if kind == "type" and isinstance(thing, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(thing, JSON):
        return 'sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql")'
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Row.metadata,
    render_as_batch=True,
    render_item=render_type,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
