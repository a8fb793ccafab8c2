"""Rules that rest by order of the centre: taken, ended, refused, kept over a restart."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from edge.contract.commands import CommandMessage
from edge.counters import Counters
from edge.suspensions import Suspensions
from tests.builders import NOON, ManualClock

if TYPE_CHECKING:
    from pathlib import Path

HOUR = timedelta(hours=1)


def order(command: str = "suspend_rules", **given: Any) -> CommandMessage:
    """Return an order for the camera ``gate``; ``given`` replaces fields."""
    fields: dict[str, Any] = {
        "message_id": "c1", "box_id": "n1", "sent_at": NOON, "command": command,
        "expires_at": NOON + HOUR, "camera_id": "gate", "rules": ("red_light", "stop_line"),
        "until": NOON + HOUR, "reason": "Điều khiển bằng tay", "author": "Trực ban",
    }  # fmt: skip
    return CommandMessage.model_validate(fields | given)


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that is set by hand."""
    return ManualClock()


@pytest.fixture
def counters() -> Counters:
    """Return fresh counters."""
    return Counters()


@pytest.fixture
def suspensions(tmp_path: Path, clock: ManualClock, counters: Counters) -> Suspensions:
    """Return the suspensions of a box that has none."""
    return Suspensions(tmp_path, clock, counters)


def test_the_rules_of_that_camera_rest_and_no_other(
    suspensions: Suspensions, counters: Counters
) -> None:
    suspensions.obey(order())

    assert suspensions.rules_of("gate") == {"red_light", "stop_line"}
    assert suspensions.rules_of("bridge") == frozenset()
    assert counters.snapshot()["rules_suspended"] == 2


def test_they_look_again_by_themselves_at_the_end(
    suspensions: Suspensions, clock: ManualClock
) -> None:
    suspensions.obey(order())
    clock.advance(HOUR.total_seconds() - 1)
    assert suspensions.rules_of("gate")

    clock.advance(1)
    assert suspensions.rules_of("gate") == frozenset()


def test_some_of_them_are_resumed_early(suspensions: Suspensions) -> None:
    suspensions.obey(order())
    suspensions.obey(order("resume_rules", rules=("stop_line",), until=None))

    assert suspensions.rules_of("gate") == {"red_light"}


def test_a_later_order_replaces_an_earlier_one(
    suspensions: Suspensions, clock: ManualClock
) -> None:
    suspensions.obey(order())
    suspensions.obey(order(until=NOON + 2 * HOUR, rules=("red_light",)))
    clock.advance(1.5 * HOUR.total_seconds())

    assert suspensions.rules_of("gate") == {"red_light"}


def test_what_stands_stands_after_a_restart(
    suspensions: Suspensions, tmp_path: Path, clock: ManualClock
) -> None:
    suspensions.obey(order())
    again = Suspensions(tmp_path, clock, Counters())

    assert again.rules_of("gate") == {"red_light", "stop_line"}
    clock.advance(HOUR.total_seconds())
    assert again.rules_of("gate") == frozenset()


@pytest.mark.parametrize(
    "wrong",
    [
        {"until": NOON},
        {"until": None},
        {"rules": ()},
        {"camera_id": ""},
        {"rules": ("red_lihgt",)},
    ],
)
def test_an_order_that_has_ended_or_says_nothing_is_refused(
    suspensions: Suspensions, counters: Counters, wrong: dict[str, Any]
) -> None:
    suspensions.obey(order(**wrong))

    assert suspensions.rules_of("gate") == frozenset()
    assert counters.snapshot()["commands_refused"] == 1
    assert counters.snapshot()["rules_suspended"] == 0


def test_a_disk_that_refuses_costs_only_the_memory(
    tmp_path: Path, clock: ManualClock, counters: Counters
) -> None:
    gone = tmp_path / "gone"
    suspensions = Suspensions(gone, clock, counters)
    suspensions.obey(order())

    assert suspensions.rules_of("gate")
    assert not gone.exists()


def test_a_file_that_cannot_be_read_is_told_and_suspends_nothing(
    tmp_path: Path, clock: ManualClock
) -> None:
    (tmp_path / "suspensions.json").write_text("{torn")

    assert Suspensions(tmp_path, clock, Counters()).rules_of("gate") == frozenset()


def test_what_rests_is_told_until_its_end(suspensions: Suspensions, clock: ManualClock) -> None:
    suspensions.obey(order())
    assert [(each.camera_id, each.rule) for each in suspensions.standing()] == [
        ("gate", "red_light"),
        ("gate", "stop_line"),
    ]

    clock.advance(HOUR.total_seconds())
    assert suspensions.standing() == ()


def test_a_crash_never_rests(suspensions: Suspensions, counters: Counters) -> None:
    suspensions.obey(order(rules=("red_light", "crash")))

    assert suspensions.rules_of("gate") == frozenset()
    assert counters.snapshot()["commands_refused"] == 1
