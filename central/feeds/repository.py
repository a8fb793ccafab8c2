"""All SQL of feeds and their deliveries; nothing here decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from central.tables.feeds import DeliveryRow, FeedRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

PAGE = 50


def list_feeds(session: Session) -> Sequence[tuple[FeedRow, DeliveryRow | None]]:
    """Return every feed with its newest delivery."""
    newest = select(func.max(DeliveryRow.id)).group_by(DeliveryRow.feed)
    rows = session.execute(
        select(FeedRow, DeliveryRow)
        .outerjoin(DeliveryRow, (DeliveryRow.feed == FeedRow.code) & DeliveryRow.id.in_(newest))
        .order_by(FeedRow.code)
    )
    return [(feed, delivery) for feed, delivery in rows]


def find_feed(session: Session, code: str) -> FeedRow | None:
    """Return one feed."""
    return session.get(FeedRow, code)


def signature_is_known(session: Session, signature: str) -> bool:
    """Return whether a webhook with this signature was taken before."""
    found = session.scalar(select(DeliveryRow.id).where(DeliveryRow.signature == signature))
    return found is not None


def find_delivery(session: Session, feed: str, delivery_id: int) -> DeliveryRow | None:
    """Return one delivery of a feed."""
    row = session.get(DeliveryRow, delivery_id)
    return row if row is not None and row.feed == feed else None


def list_deliveries(session: Session, feed: str, before: int | None) -> Sequence[DeliveryRow]:
    """Return one page (and one row more) of a feed's deliveries, newest first."""
    query = select(DeliveryRow).where(DeliveryRow.feed == feed)
    if before is not None:
        query = query.where(DeliveryRow.id < before)
    return session.scalars(query.order_by(DeliveryRow.id.desc()).limit(PAGE + 1)).all()
