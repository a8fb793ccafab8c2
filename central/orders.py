"""Orders to boxes: sent once the change that caused them is stored.

Invariants:
    * An order leaves after the commit, never before; it is not retained, so it is obeyed once.
    * The broker keeps it for a box that is away, and the box refuses it after ``expires_at``.
"""

from __future__ import annotations

import uuid
from functools import partial
from typing import TYPE_CHECKING

from central.db import after_commit
from edge.contract.topics import Channel, topic

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from central.centre import Centre
    from edge.contract.commands import CommandMessage


def new_id() -> str:
    """Return the message id of a new order."""
    return f"command:{uuid.uuid4()}"


def send(session: Session, centre: Centre, command: CommandMessage) -> None:
    """Publish an order to its box after the commit."""
    payload = command.model_dump_json().encode()
    address = topic(command.box_id, Channel.COMMAND)
    after_commit(session, partial(centre.publish, address, payload, False))  # noqa: FBT003 - not retained, see Publish
