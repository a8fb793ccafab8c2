"""The audit log: who did or saw what. Rows are only ever added; the database refuses the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from central.tables.users import AuditRow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session


def record(
    session: Session,
    at: datetime,
    actor: str,
    action: str,
    thing: tuple[str, str],
    **detail: str | int | bool,
) -> None:
    """Add one line to the audit log in the transaction of ``session``.

    Args:
        session: The transaction of what is being recorded.
        at: When it happened.
        actor: User name, or ``box:<id>``, or ``system``.
        action: A verb, e.g. ``view``, ``create``, ``disable``.
        thing: (kind, id) of what it was done to.
        **detail: What else a reader needs; never a secret.
    """
    kind, thing_id = thing
    session.add(
        AuditRow(
            at=at,
            actor=actor,
            action=action,
            object_kind=kind,
            object_id=thing_id,
            detail=dict(detail),
        )
    )
