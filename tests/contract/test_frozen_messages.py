"""Messages of version 1 as they were: every one must be understood for ever, word for word.

The files in ``v1/`` are added to and never edited. When a test here fails, the contract has changed
in a way that an older box or centre would notice: that is version 2, beside this one.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from edge.commands.schema import schemas
from edge.contract.messages import DesiredMessage, IncidentMessage, Message, ModelManifest
from edge.contract.topics import (
    DOWNWARD,
    MESSAGE_TYPES,
    RETAINED,
    UPWARD,
    Channel,
    parse_topic,
    topic,
)

FROZEN = sorted(Path(__file__).with_name("v1").glob("*.json"))
SCHEMAS = Path(__file__).parents[2] / "configs" / "schema"


def type_of(path: Path) -> type[Message]:
    """Return the type of a frozen message, by the first word of its file name."""
    return MESSAGE_TYPES[Channel(path.stem.partition("-")[0])]


def holds(now: object, frozen: object) -> bool:
    """Tell whether ``now`` says all that ``frozen`` says; objects may have grown, at any depth."""
    if isinstance(frozen, dict) and isinstance(now, dict):
        return all(key in now and holds(now[key], value) for key, value in frozen.items())
    if isinstance(frozen, list) and isinstance(now, list):
        return len(now) == len(frozen) and all(map(holds, now, frozen))
    return now == frozen


@pytest.mark.parametrize("path", FROZEN, ids=lambda path: path.stem)
def test_a_frozen_message_is_understood_and_says_the_same_again(path: Path) -> None:
    """Fields that were added since may appear with their defaults; nothing may vanish or change."""
    frozen = json.loads(path.read_text(encoding="utf-8"))
    again = json.loads(type_of(path).model_validate(frozen).model_dump_json())
    assert holds(again, frozen)


@pytest.mark.parametrize("path", FROZEN, ids=lambda path: path.stem)
def test_a_field_that_only_a_newer_writer_knows_is_ignored(path: Path) -> None:
    frozen = json.loads(path.read_text(encoding="utf-8"))
    newer = {**frozen, "field_of_tomorrow": {"deep": [1, 2]}}
    assert type_of(path).model_validate(newer) == type_of(path).model_validate(frozen)


@pytest.mark.parametrize("path", FROZEN, ids=lambda path: path.stem)
def test_a_message_of_another_version_is_refused(path: Path) -> None:
    frozen = json.loads(path.read_text(encoding="utf-8"))
    with pytest.raises(ValidationError, match="schema_version"):
        type_of(path).model_validate({**frozen, "schema_version": 2})


def test_every_type_of_message_has_a_frozen_example() -> None:
    assert {type_of(path) for path in FROZEN} == set(MESSAGE_TYPES.values())


def test_the_least_an_incident_must_say_is_frozen() -> None:
    """A new required field would refuse every message of an older box."""
    required = {name for name, field in IncidentMessage.model_fields.items() if field.is_required()}
    assert required == {
        "message_id",
        "box_id",
        "sent_at",
        "incident_id",
        "revision",
        "phase",
        "rule",
        "camera_id",
        "occurred_at",
        "decided_at",
        "clip_s",
        "decided_clip_s",
        "confidence",
        "frame_size_px",
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("occurred_at", "2026-03-02T05:00:00"),
        ("confidence", 1.5),
        ("revision", 0),
        ("phase", "reopened"),
        ("box_id", "a/b"),
        ("box_id", "+"),
        ("message_id", ""),
    ],
)
def test_what_would_confuse_a_reader_is_refused(field: str, value: object) -> None:
    frozen = json.loads(FROZEN_LEAST.read_text(encoding="utf-8"))
    with pytest.raises(ValidationError, match=field):
        IncidentMessage.model_validate({**frozen, field: value})


FROZEN_LEAST = Path(__file__).with_name("v1") / "incident-least.json"


def test_times_of_any_zone_come_out_as_utc() -> None:
    frozen = json.loads(FROZEN_LEAST.read_text(encoding="utf-8"))
    local = {**frozen, "occurred_at": "2026-03-02T12:00:00+07:00"}
    message = IncidentMessage.model_validate(local)
    assert json.loads(message.model_dump_json())["occurred_at"] == "2026-03-02T05:00:00Z"


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_time_that_utc_cannot_tell_is_a_mistake_and_no_accident(at: str) -> None:
    frozen = json.loads(FROZEN_LEAST.read_text(encoding="utf-8"))
    with pytest.raises(ValidationError, match="occurred_at"):
        IncidentMessage.model_validate({**frozen, "occurred_at": at})


def test_the_signed_bytes_of_a_manifest_are_frozen() -> None:
    """A box checks the signature over exactly these bytes; another order of keys would break it."""
    path = Path(__file__).with_name("v1") / "desired.json"
    desired = DesiredMessage.model_validate_json(path.read_bytes())
    manifest = ModelManifest.model_validate_json(desired.manifest_json)
    assert manifest.canonical_bytes() == desired.manifest_json.encode()


@pytest.mark.parametrize("channel", list(Channel))
def test_a_topic_is_read_back_as_it_was_written(channel: Channel) -> None:
    assert parse_topic(topic("vinh-07", channel)) == ("vinh-07", channel)
    assert topic("vinh-07", channel) == f"songlam/v1/vinh-07/{channel.value}"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "songlam/v1",
        "songlam/v1/",
        "songlam/v1//incident",
        "songlam/v1/n1",
        "songlam/v1/n1/",
        "songlam/v1/n1/gossip",
        "songlam/v1/n1/incident/more",
        "songlam/v2/n1/incident",
        "other/songlam/v1/n1/incident",
    ],
)
def test_a_topic_that_is_not_ours_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a Sông Lam topic"):
        parse_topic(name)


def test_every_channel_goes_one_way_and_states_are_retained() -> None:
    assert set(UPWARD) | set(DOWNWARD) == set(Channel)
    assert not set(UPWARD) & set(DOWNWARD)
    assert {channel.value for channel in RETAINED} == {"state", "reported", "desired"}


def test_the_json_schemas_are_up_to_date() -> None:
    """Run ``python -m edge schema`` after a change of messages or configuration."""
    stale = [name for name, text in schemas().items() if (SCHEMAS / name).read_text() != text]
    assert stale == []
    assert {path.name for path in SCHEMAS.glob("*.json")} == set(schemas())
