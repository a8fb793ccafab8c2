"""Signed webhooks through the running centre: what lands, and who is turned away."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from central.auth.schemas import Role
from central.feeds.signature import sign
from central.tables.feeds import FeedRow
from tests.ioc import CUA_LO, TRUONG_VINH
from tests.ioc_feeds import (
    CODE,
    MAX_BYTES,
    Sender,
    StandingClock,
    feed_centre,
    new_sender,
    record,
    refused,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from tests.centre import RunningCentre


@pytest.fixture(scope="module")
def clock() -> StandingClock:
    """Return the clock of the centre."""
    return StandingClock()


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
)
def centre(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, clock: StandingClock
) -> Iterator[RunningCentre]:
    """Yield a running centre: once on SQLite, once on PostgreSQL."""
    with feed_centre(request, tmp_path_factory, clock) as running:
        yield running


@pytest.fixture(scope="module")
def technician(centre: RunningCentre) -> httpx.Client:
    """Return the client of someone who may register feeds."""
    return centre.person(Role.TECHNICIAN)


@pytest.fixture
def sender(centre: RunningCentre, technician: httpx.Client, clock: StandingClock) -> Sender:
    """Return a sender of a new feed."""
    return new_sender(centre, technician, clock)


def test_a_signed_delivery_lands(
    sender: Sender, clock: StandingClock, technician: httpx.Client
) -> None:
    out = sender.deliver(clock.now, record(11), record("1,5", area_code=CUA_LO))
    latest = technician.get(f"/indicators/{CODE}", params={"area_code": TRUONG_VINH}).json()

    assert out.accepted == 1
    assert [item.column for item in out.rejected] == ["value"]
    assert latest["latest"]["value"] == 11
    assert latest["latest"]["source"] == sender.code


def test_good_rows_land_and_bad_ones_are_listed_by_place(
    sender: Sender, clock: StandingClock
) -> None:
    out = sender.deliver(
        clock.now,
        record(1, indicator="health.nothing"),
        record(2),
        record("x"),
        {},
        record(-3, area_code=CUA_LO),
    )

    assert out.accepted == 1
    assert [(item.row, item.column) for item in out.rejected] == [
        (1, "indicator"),
        (3, "value"),
        (4, "indicator"),
        (5, "value"),
    ]


def test_sending_the_same_again_changes_nothing(sender: Sender, clock: StandingClock) -> None:
    first = sender.deliver(clock.now, record(21))
    again = sender.deliver(clock.now + timedelta(seconds=1), record(21))

    assert first.stored + first.corrected == 1
    assert (again.accepted, again.unchanged) == (1, 1)


def test_a_correction_is_called_one(sender: Sender, clock: StandingClock) -> None:
    sender.deliver(clock.now, record(31))
    out = sender.deliver(clock.now + timedelta(seconds=1), record(32))

    assert out.corrected == 1


def test_the_same_signed_request_is_taken_once(sender: Sender, clock: StandingClock) -> None:
    body = json.dumps({"records": [record(41)]}).encode()

    assert sender.send(body, clock.now).status_code == 200
    assert refused(sender.send(body, clock.now), 409) == "replayed"


def test_replays_at_the_same_moment_are_taken_once(sender: Sender, clock: StandingClock) -> None:
    body = json.dumps({"records": [record(42)]}).encode()
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: sender.send(body, clock.now).status_code, range(6)))

    assert sorted(answers) == [200, 409, 409, 409, 409, 409]


def test_a_tampered_body_is_refused(sender: Sender, clock: StandingClock) -> None:
    stamp = str(int(clock.now.timestamp()))
    signature = sign(sender.secret, stamp, b'{"records": []}')
    body = json.dumps({"records": [record(51)]}).encode()
    answer = sender.send(body, clock.now, **{"X-Songlam-Signature": signature})

    assert refused(answer, 401) == "bad_signature"


@pytest.mark.parametrize("minutes", [-6, 6])
def test_an_old_or_future_signature_is_refused(
    sender: Sender, clock: StandingClock, minutes: int
) -> None:
    answer = sender.send(b'{"records": []}', clock.now + timedelta(minutes=minutes))

    assert refused(answer, 401) == "too_old"


def test_a_request_without_signature_is_refused(centre: RunningCentre, sender: Sender) -> None:
    answer = centre.client().post(sender.path, content=b'{"records": []}')

    assert refused(answer, 401) == "bad_signature"


def test_an_unknown_feed_looks_like_a_wrong_signature(
    centre: RunningCentre, clock: StandingClock
) -> None:
    stranger = Sender(centre, "khong-co", "secret")

    assert refused(stranger.send(b'{"records": []}', clock.now), 401) == "bad_signature"


def test_one_feeds_secret_does_not_open_another(
    sender: Sender, technician: httpx.Client, clock: StandingClock
) -> None:
    other = f"{sender.code}-khac"
    assert technician.post("/feeds", json={"code": other, "name": "Khác"}).status_code == 201
    sender.path = f"/feeds/{other}/webhook"

    assert refused(sender.send(b'{"records": []}', clock.now), 401) == "bad_signature"


@pytest.mark.parametrize(
    "body", [b"", b"not json", b"[]", b'{"records": 5}', b'{"records": [1]}', b"\xff\xfe"]
)
def test_a_signed_body_of_another_shape_is_refused_with_the_right_one(
    sender: Sender, clock: StandingClock, body: bytes
) -> None:
    assert refused(sender.send(body, clock.now), 422) == "bad_body"


def test_a_body_beyond_the_limit_is_refused(sender: Sender, clock: StandingClock) -> None:
    assert refused(sender.send(b"x" * (MAX_BYTES + 1), clock.now), 413) == "too_large"


def test_a_renewed_secret_makes_the_old_one_void(
    sender: Sender, technician: httpx.Client, clock: StandingClock
) -> None:
    renewed = technician.post(f"/feeds/{sender.code}/secret").json()["secret"]
    old = sender.send(b'{"records": []}', clock.now)
    sender.secret = renewed

    assert refused(old, 401) == "bad_signature"
    assert sender.deliver(clock.now, record(61)).accepted == 1


def test_a_secret_is_shown_once_and_stored_nowhere(
    centre: RunningCentre, sender: Sender, technician: httpx.Client
) -> None:
    with centre.parts.database.read() as session:
        feed = session.get_one(FeedRow, sender.code)

        assert sender.secret not in (feed.salt, feed.code, feed.name)
    assert sender.secret not in technician.get("/feeds").text


def test_a_feed_of_one_component_writes_to_no_other(
    centre: RunningCentre, technician: httpx.Client, clock: StandingClock
) -> None:
    clock.now += timedelta(minutes=1)
    code = f"du-lich-{clock.now.timestamp():.0f}"
    feed = {"code": code, "name": "Sở Du lịch", "component": "tourism"}
    secret = technician.post("/feeds", json=feed).json()["secret"]
    out = Sender(centre, code, secret).deliver(
        clock.now, record(1), record(900, indicator="tourism.visitors")
    )

    assert out.accepted == 1
    assert "tourism" in out.rejected[0].message_en


@pytest.mark.parametrize(
    ("feed", "status"),
    [
        ({"code": "Y TẾ", "name": "x"}, 422),
        ({"code": "y-te", "name": ""}, 422),
        ({"code": "y-te", "name": "x", "component": "weather"}, 422),
    ],
)
def test_a_feed_with_a_mistake_is_not_registered(
    technician: httpx.Client, feed: dict[str, str], status: int
) -> None:
    assert technician.post("/feeds", json=feed).status_code == status


def test_a_feed_is_registered_once(sender: Sender, technician: httpx.Client) -> None:
    again = technician.post("/feeds", json={"code": sender.code, "name": "x"})

    assert refused(again, 409) == "feed_exists"


@pytest.mark.parametrize("role", [Role.OFFICER, Role.LEADER, Role.OPERATOR])
def test_only_technicians_register_feeds(centre: RunningCentre, role: Role) -> None:
    person = centre.person(role)

    assert refused(person.post("/feeds", json={"code": "aa", "name": "x"}), 403) == "forbidden"
    assert refused(person.post("/feeds/aa/secret"), 403) == "forbidden"
