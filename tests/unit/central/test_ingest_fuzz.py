"""Whatever arrives, the ingest lives: any bytes, any topic, any nonsense in valid JSON."""

from __future__ import annotations

import json
from datetime import UTC
from typing import TYPE_CHECKING, Any

import pytest
from amqtt.contexts import Action
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from central.broker import CENTRE_USER, may_use
from central.cursors import make_cursor, parse_cursor, parse_numbered
from central.ingest import Ingest
from central.problems import Problem
from central.tables.incidents import IncidentRow
from central.tables.quarantine import QuarantineRow
from edge.contract.topics import DOWNWARD, UPWARD, Channel, topic
from tests.builders import NOON, incident_message
from tests.centre import RecordingLink, add_box, centre_parts, delivery, migrated_database

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from central.centre import Centre

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Centre, RecordingLink]:
    """A centre that knows the box ``n1``; its rows grow over the whole file."""
    folder: Path = tmp_path_factory.mktemp("fuzz")
    database = migrated_database(folder)
    add_box(database, "n1")
    return centre_parts(database, folder)


def survives(parts: tuple[Centre, RecordingLink], payload: bytes, name: str) -> None:
    """Take one message and then a good one; the good one must be stored."""
    centre, link = parts
    acknowledged = len(link.acknowledged)
    with centre.database.read() as session:
        incidents = session.scalar(select(func.count()).select_from(IncidentRow)) or 0
    good = incident_message(f"good-{incidents}")
    Ingest(centre, link).take([delivery(good, payload=payload, topic=name), delivery(good)])

    assert len(link.acknowledged) == acknowledged + 2
    assert link.receipts()[-1].receipt_for == good.message_id


@settings(max_examples=60, deadline=None)
@given(payload=st.binary(max_size=300), channel=st.sampled_from(sorted(UPWARD)))
def test_any_bytes_on_any_channel_are_survived(
    parts: tuple[Centre, RecordingLink], payload: bytes, channel: Channel
) -> None:
    survives(parts, payload, topic("n1", channel))


@settings(max_examples=40, deadline=None)
@given(name=st.text(max_size=80))
def test_any_topic_is_survived(parts: tuple[Centre, RecordingLink], name: str) -> None:
    survives(parts, b"{}", name)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    changes=st.dictionaries(
        st.sampled_from(sorted(type(incident_message()).model_fields)), JSON, min_size=1, max_size=3
    )
)
def test_any_nonsense_in_any_field_is_survived(
    parts: tuple[Centre, RecordingLink], changes: dict[str, Any]
) -> None:
    told = json.loads(incident_message("odd").model_dump_json()) | changes
    survives(parts, json.dumps(told).encode(), topic("n1", Channel.INCIDENT))


@pytest.mark.parametrize("depth", [1_000, 100_000])
def test_deeply_nested_json_is_quarantined_and_not_followed(
    parts: tuple[Centre, RecordingLink], depth: int
) -> None:
    survives(parts, b"[" * depth + b"]" * depth, topic("n1", Channel.STATE))
    with parts[0].database.read() as session:
        newest = session.scalars(select(QuarantineRow).order_by(QuarantineRow.id.desc())).first()
    assert newest is not None
    assert newest.size_bytes == 2 * depth


@pytest.mark.parametrize("cursor", ["", "!!!", "bm90aGluZw==", "MjAyNi0xMy0wMXxpMQ==", "ÿ"])
def test_a_cursor_that_is_not_ours_is_refused(cursor: str) -> None:
    with pytest.raises(Problem) as refused:
        parse_cursor(cursor)

    assert refused.value.code == "bad_cursor"


@given(
    at=st.datetimes(timezones=st.timezones()),
    incident_id=st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True),
)
def test_a_cursor_brings_back_exactly_where_a_page_ended(at: datetime, incident_id: str) -> None:
    cursor = make_cursor(at, incident_id)

    assert parse_cursor(cursor) == (at.astimezone(UTC), incident_id)


@pytest.mark.parametrize("name", ["", "x", "-1", "1.5", "٣", "1" * 19])
def test_a_cursor_of_numbered_things_holds_a_number(name: str) -> None:
    with pytest.raises(Problem):
        parse_numbered(make_cursor(NOON, name))
    assert parse_numbered(make_cursor(NOON, "12")) == (NOON, 12)


@pytest.mark.parametrize("channel", list(Channel))
@pytest.mark.parametrize("action", list(Action))
def test_a_box_uses_its_own_branch_in_the_right_direction_only(
    channel: Channel, action: Action
) -> None:
    own, other = topic("n1", channel), topic("n2", channel)
    right_way = channel in (UPWARD if action is Action.PUBLISH else DOWNWARD)

    assert may_use("n1", own, action) == right_way
    assert not may_use("n1", other, action)
    assert not may_use("", own, action)


@pytest.mark.parametrize("name", ["#", "+/+/+/+", "songlam/v1/+/receipt", "songlam/v1/#", "$SYS/x"])
def test_no_wildcard_lets_a_box_listen_to_others(name: str) -> None:
    assert not may_use("n1", name, Action.SUBSCRIBE)


def test_the_centre_hears_what_goes_up_and_says_what_goes_down() -> None:
    for channel in UPWARD:
        assert may_use(CENTRE_USER, f"songlam/v1/+/{channel}", Action.SUBSCRIBE)
    for channel in DOWNWARD:
        assert may_use(CENTRE_USER, topic("n1", channel), Action.PUBLISH)
        assert not may_use(CENTRE_USER, topic("n1", channel), Action.RECEIVE)
    assert not may_use(CENTRE_USER, "elsewhere/v1/n1/state", Action.SUBSCRIBE)
