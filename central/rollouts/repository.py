"""All SQL of rollouts; nothing here decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from central.tables.fleet import BoxRow
from central.tables.rollouts import ModelRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session


def list_models(session: Session) -> Sequence[ModelRow]:
    """Return every version, newest first."""
    return session.scalars(
        select(ModelRow).order_by(ModelRow.uploaded_at.desc(), ModelRow.name, ModelRow.version)
    ).all()


def find_model(session: Session, name: str, version: str) -> ModelRow | None:
    """Return one version."""
    return session.get(ModelRow, (name, version))


def find_box(session: Session, box_id: str) -> BoxRow | None:
    """Return a box, locked for the transaction where the database can."""
    return session.get(BoxRow, box_id, with_for_update=True)


def boxes_running(session: Session) -> dict[tuple[str, str], list[str]]:
    """Return (model name, version) → boxes whose last report names it as active."""
    found: dict[tuple[str, str], list[str]] = {}
    rows = session.execute(
        select(BoxRow.active_name, BoxRow.active_version, BoxRow.box_id).order_by(BoxRow.box_id)
    )
    for name, version, box_id in rows:
        if name is not None and version is not None:
            found.setdefault((name, version), []).append(box_id)
    return found


def assignments(session: Session) -> Sequence[tuple[str, ModelRow]]:
    """Return (box_id, model) for every box that has a desired version."""
    rows = session.execute(
        select(BoxRow.box_id, ModelRow)
        .join(
            ModelRow,
            (ModelRow.name == BoxRow.desired_name) & (ModelRow.version == BoxRow.desired_version),
        )
        .order_by(BoxRow.box_id)
    )
    return [(box_id, model) for box_id, model in rows]
