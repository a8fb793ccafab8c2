"""How long an incident takes from its box to the gateway that rings a phone.

Each incident is a crash at a camera of its own, so each opens an alert; one person is on call and
is told by SMS over the gateway's real protocol.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from central.auth.schemas import Role
from central.clock import utc_now
from central.tables.alerts import AlertDeliveryRow, AlertIncidentRow, ContactRow
from tests.alerting import on_call
from tests.centre import add_person
from tests.measures.load.crowd import Order, carry_out
from tests.measures.load.spread import in_ms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.measures.load.site import Options, Site

OFFICER = "team"
PATIENCE_S = 60.0


def measure(site: Site, options: Options) -> dict[str, Any]:
    """Return how long it took until the gateway had the text of each incident."""
    put_on_call(site)
    done = carry_out(
        Order(
            series="phone",
            mqtt_port=site.line.broker.port,
            tokens=site.line.tokens,
            seconds=min(options.seconds, options.boxes / options.phone_rate),
            beat_s=options.beat,
            rate=options.phone_rate,
            rules=("crash",),
            keep_times=True,
        )
    )
    until = time.monotonic() + PATIENCE_S
    while len(site.gateway.posted) < done.sent.published and time.monotonic() < until:
        time.sleep(0.1)
    waits = waits_of(site, done.sent.times)
    return {
        "channel": "sms",
        "rate_per_s": options.phone_rate,
        "incidents": done.sent.published,
        "handed_over": len(waits),
        **in_ms(waits),
    }


def is_whole(told: dict[str, Any]) -> bool:
    """Return whether somebody was told of every incident."""
    return bool(told["handed_over"] == told["incidents"])


def put_on_call(site: Site) -> None:
    """Let one officer be on call for the whole province."""
    now = utc_now()
    add_person(site.line.database, OFFICER, Role.OFFICER)
    with site.line.database.write() as session:
        hours: dict[str, Any] = {
            "starts_at": now - timedelta(hours=1),
            "ends_at": now + timedelta(hours=6),
        }
        session.add(on_call(OFFICER, 0, **hours))
        session.add(ContactRow(username=OFFICER, channel="sms", address="0900", created_at=now))


def waits_of(site: Site, times: Mapping[str, float]) -> list[float]:
    """Return the seconds from each incident's publish to the gateway's first text of it."""
    asked = select(AlertDeliveryRow.id, AlertIncidentRow.incident_id).join(
        AlertIncidentRow, AlertIncidentRow.alert_id == AlertDeliveryRow.alert_id
    )
    with site.line.database.read() as session:
        about = {f"songlam-{row[0]}": row[1] for row in session.execute(asked)}
    first: dict[str, float] = {}
    for each in site.gateway.posted:
        first.setdefault(about[each.body["id"]], each.at)
    return [at - times[each] for each, at in first.items() if each in times]
