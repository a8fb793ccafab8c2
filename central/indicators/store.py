"""Storing values of indicators, with history.

Invariants:
    * At most one value per indicator, area and period is present; a correction supersedes it in
      the same transaction and never deletes it.
    * Example data never supersedes a real value.
    * Writers are serialised (SQLite: one writer; PostgreSQL: an advisory lock), so reading what is
      present and replacing it cannot interleave.

It checks nothing about a figure; that is done where figures come in.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import select, text

from central.db import is_postgres
from central.indicators.catalogue import EXAMPLE_SOURCE, Quality
from central.tables.indicators import IndicatorValueRow as Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

_WRITER_LOCK = 0x43_68_69_54
"""Key of the advisory lock on PostgreSQL; any fixed number of ours."""
CHUNK = 400
"""Values per IN (…). Source: SQLite's oldest limit on parameters is 999."""

Key = tuple[str, str, "datetime"]
"""(indicator, area code, start of the period)."""


class Outcome(StrEnum):
    """What became of one figure."""

    STORED = "stored"
    CORRECTED = "corrected"
    UNCHANGED = "unchanged"
    KEPT_REAL = "kept_real"
    """Example data met a real value, which stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One value on its way into the table; everything in it has been checked."""

    indicator: str
    area_code: str
    period_start: datetime
    value: float | None
    raw_value: str
    quality: Quality
    row_number: int | None = None

    @property
    def key(self) -> Key:
        """Return what at most one present value may have."""
        return (self.indicator, self.area_code, self.period_start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a batch of figures comes from."""

    source: str
    received_at: datetime
    delivery_id: int | None = None


def lock_writers(session: Session) -> None:
    """Let this transaction be the only one that writes values, until it ends."""
    if is_postgres(session):
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITER_LOCK})


def plan(session: Session, figures: Sequence[Figure], source: str) -> list[Outcome]:
    """Return what storing figures from ``source`` would do, without doing it."""
    present = _present(session, figures)
    return [_outcome(figure, present.get(figure.key), source) for figure in figures]


def store(session: Session, figures: Sequence[Figure], origin: Provenance) -> list[Outcome]:
    """Store figures, each key once, and return what became of each, in their order."""
    lock_writers(session)
    present = _present(session, figures)
    outcomes = [_outcome(figure, present.get(figure.key), origin.source) for figure in figures]
    new = []
    for figure, outcome in zip(figures, outcomes, strict=True):
        if outcome is Outcome.CORRECTED:
            present[figure.key].superseded_at = origin.received_at
        if outcome in (Outcome.STORED, Outcome.CORRECTED):
            new.append(_row(figure, origin))
    session.flush()  # old values step back before new ones take their place in the unique index
    session.add_all(new)
    session.flush()
    return outcomes


def replace_derived(session: Session, figures: Sequence[Figure], origin: Provenance) -> int:
    """Make the present values those of ``figures``, in place; return how many changed.

    For what is computed from other tables and can be computed again: it needs no history. A figure
    without value changes one that exists and creates none.
    """
    lock_writers(session)
    present = _present(session, figures)
    changed = 0
    for figure in figures:
        row = present.get(figure.key)
        if row is None:
            if figure.value is None:
                continue
            session.add(_row(figure, origin))
        elif (row.value, row.quality) == (figure.value, figure.quality):
            continue
        else:
            row.value, row.raw_value = figure.value, figure.raw_value
            row.quality, row.received_at = figure.quality, origin.received_at
        changed += 1
    session.flush()
    return changed


def _outcome(figure: Figure, present: Value | None, source: str) -> Outcome:
    """Decide what a figure does to the present value of its key."""
    if present is None:
        return Outcome.STORED
    if source == EXAMPLE_SOURCE != present.source:
        return Outcome.KEPT_REAL
    said = (present.value, present.quality, present.source)
    same = said == (figure.value, figure.quality, source)
    return Outcome.UNCHANGED if same else Outcome.CORRECTED


def _row(figure: Figure, origin: Provenance) -> Value:
    """Return a figure as a new present value."""
    return Value(
        indicator=figure.indicator,
        area_code=figure.area_code,
        period_start=figure.period_start,
        value=figure.value,
        raw_value=figure.raw_value,
        quality=figure.quality.value,
        source=origin.source,
        received_at=origin.received_at,
        delivery_id=origin.delivery_id,
        row_number=figure.row_number,
    )


def _present(session: Session, figures: Sequence[Figure]) -> dict[Key, Value]:
    """Return the present values of the keys of ``figures``."""
    starts: dict[str, set[datetime]] = {}
    for figure in figures:
        starts.setdefault(figure.indicator, set()).add(figure.period_start)
    return {
        (row.indicator, row.area_code, row.period_start): row
        for indicator, wanted in starts.items()
        for chunk in _chunks(sorted(wanted))
        for row in session.scalars(
            select(Value).where(
                Value.indicator == indicator,
                Value.period_start.in_(chunk),
                Value.superseded_at.is_(None),
            )
        )
    }


def _chunks(starts: Sequence[datetime]) -> Iterator[Sequence[datetime]]:
    """Yield ``starts`` in pieces that fit one query."""
    for index in range(0, len(starts), CHUNK):
        yield starts[index : index + CHUNK]
