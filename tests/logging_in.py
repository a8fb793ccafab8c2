"""What tests of logging in say of a running centre: answers, failures before, the audit log."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from central.auth import throttle
from central.tables.users import AuditRow

if TYPE_CHECKING:
    import httpx

    from tests.centre import RunningCentre


def said(response: httpx.Response) -> tuple[int, str]:
    """Return the status of a refusal and its code."""
    return response.status_code, response.json()["detail"]["code"]


def lines(centre: RunningCentre, action: str) -> list[AuditRow]:
    """Return today's lines of the audit log with an action, by the centre's clock."""
    today = AuditRow.at > centre.parts.clock() - timedelta(hours=12)
    with centre.parts.database.read() as session:
        return list(session.scalars(select(AuditRow).where(today, AuditRow.action == action)))


def fail_before(centre: RunningCentre, times: int) -> None:
    """Have this address fail so often already."""
    now = centre.parts.clock()
    with centre.parts.database.write() as session:
        for _ in range(times):
            throttle.count_failure(session, throttle.address_keys("127.0.0.1"), now)
