"""Cursors of lists that are paged by key: the time and the id of the last thing on a page."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime

from central.problems import Problem

_DIGITS = 18
"""Of an id that every database takes for a number."""


def make_cursor(at: datetime, name: str) -> str:
    """Return the cursor of the page that follows the thing ``name`` of time ``at``."""
    return base64.urlsafe_b64encode(f"{at.isoformat()}|{name}".encode()).decode()


def parse_cursor(cursor: str) -> tuple[datetime, str]:
    """Return (time, id) of a cursor.

    Raises:
        Problem: 422, the cursor is not one of ours.
    """
    try:
        at, _, name = base64.urlsafe_b64decode(cursor).decode().partition("|")
        return datetime.fromisoformat(at).astimezone(UTC), name
    except (ValueError, OverflowError, binascii.Error) as error:
        raise _foreign() from error


def parse_numbered(cursor: str) -> tuple[datetime, int]:
    """Return (time, number) of a cursor of numbered things.

    Raises:
        Problem: 422, the cursor is not one of ours.
    """
    at, name = parse_cursor(cursor)
    if not (name.isascii() and name.isdigit() and len(name) <= _DIGITS):
        raise _foreign()
    return at, int(name)


def _foreign() -> Problem:
    """Return the refusal of what is no cursor."""
    return Problem(422, "bad_cursor", "Trang không hợp lệ.", "The cursor is not one of ours.")
