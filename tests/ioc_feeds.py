"""Another system that delivers figures to a running centre, and what both sides need in tests."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

from central.feeds.schemas import DeliveryOut
from central.feeds.signature import sign
from tests.centre import RunningCentre, running_centre
from tests.ioc import NOW, TRUONG_VINH

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx
    import pytest

    from tests.postgres import PostgresCluster

CODE = "health.infectious_cases"
MAX_BYTES = 200_000
_numbers = count(1)


class StandingClock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        """Return the time at which it stands."""
        return self.now


@contextmanager
def feed_centre(
    request: pytest.FixtureRequest, factory: pytest.TempPathFactory, clock: StandingClock
) -> Iterator[RunningCentre]:
    """Yield a running centre on the database that the fixture's parameter names."""
    url = ""
    if request.param == "postgres":
        cluster: PostgresCluster = request.getfixturevalue("postgres_cluster")
        url = cluster.create_database()
    folder = factory.mktemp("centre")
    with running_centre(folder, clock, database_url=url, feed_max_bytes=MAX_BYTES) as running:
        yield running


class Sender:
    """Another system: knows its feed and secret, and signs what it sends."""

    def __init__(self, centre: RunningCentre, code: str, secret: str) -> None:
        self.path = f"/feeds/{code}/webhook"
        self.code = code
        self.secret = secret
        self._client = centre.client()

    def send(self, body: bytes, at: datetime, **headers: str) -> httpx.Response:
        """Send a body signed at a time; ``headers`` replace those of the signature."""
        stamp = str(int(at.timestamp()))
        signed = {
            "X-Songlam-Timestamp": stamp,
            "X-Songlam-Signature": sign(self.secret, stamp, body),
        }
        return self._client.post(self.path, content=body, headers=signed | headers)

    def deliver(self, at: datetime, *records: dict[str, Any]) -> DeliveryOut:
        """Send records and return what became of them."""
        answer = self.send(json.dumps({"records": records}).encode(), at)
        assert answer.status_code == 200, answer.text
        return DeliveryOut.model_validate(answer.json())


def record(value: object, **given: object) -> dict[str, object]:
    """Return a record of a webhook."""
    fields: dict[str, object] = {
        "indicator": CODE,
        "area_code": TRUONG_VINH,
        "period_start": "2026-11-22",
        "value": value,
    }
    return fields | given


def new_sender(centre: RunningCentre, technician: httpx.Client, clock: StandingClock) -> Sender:
    """Return a sender of a new feed; a minute later than the one before."""
    clock.now += timedelta(minutes=1)
    code = f"nguon-{next(_numbers)}"
    answer = technician.post("/feeds", json={"code": code, "name": "Sở Y tế"})
    assert answer.status_code == 201, answer.text
    return Sender(centre, code, answer.json()["secret"])


def refused(answer: httpx.Response, status: int) -> str:
    """Return the code of a refusal, which is there in both languages."""
    assert answer.status_code == status, answer.text
    detail = answer.json()["detail"]
    assert detail["message_vi"]
    assert detail["message_en"]
    return str(detail["code"])
