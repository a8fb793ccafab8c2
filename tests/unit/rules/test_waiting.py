"""Standing is lawful at red, in the dark, and while the queue moves off."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from edge.rules.waiting import LawfulWait, governing_signals
from tests.traffic import camera, scene

if TYPE_CHECKING:
    from edge.config.camera import CameraConfig

APPROACH = [(0, 0), (100, 0), (100, 100), (0, 100)]
LAMPS = {"id": "main", "region": (200, 0, 210, 30)}
LINE = {
    "id": "line",
    "line": [(0, 5), (100, 5)],
    "direction": [(50, 90), (50, 10)],
    "signal": "main",
}


def junction(signal: str | None = "main", **given: Any) -> CameraConfig:
    zone = {"id": "approach", "kind": "carriageway", "polygon": APPROACH, "signal": signal}
    return camera(zones=[zone], signals=[LAMPS], **given)


def excused(wait: LawfulWait, drawn: CameraConfig, now_s: float, state: str | None) -> bool:
    signals = {} if state is None else {"main": state}
    wait.attend(replace(scene(now_s), signals=signals))
    return wait.excuses(drawn.zones[0])


@pytest.mark.parametrize("state", ["red", "yellow", "unknown", None])
def test_whatever_is_not_green_excuses_standing(state: str | None) -> None:
    drawn = junction()

    assert excused(LawfulWait(drawn, 20.0), drawn, 0.0, state)


def test_green_excuses_only_until_the_queue_has_moved_off() -> None:
    drawn = junction()
    wait = LawfulWait(drawn, 20.0)

    assert [excused(wait, drawn, s, "green") for s in (0.0, 19.0, 21.0)] == [True, True, False]


def test_every_new_green_gives_the_queue_its_time_again() -> None:
    drawn = junction()
    wait = LawfulWait(drawn, 20.0)
    excused(wait, drawn, 0.0, "green")
    excused(wait, drawn, 30.0, "red")

    assert excused(wait, drawn, 60.0, "green")
    assert not excused(wait, drawn, 81.0, "green")


def test_a_new_epoch_knows_nothing_of_the_old_green() -> None:
    drawn = junction()
    wait = LawfulWait(drawn, 20.0)
    excused(wait, drawn, 0.0, "green")
    wait.attend(replace(scene(30.0, epoch=1), signals={"main": "green"}))

    assert wait.excuses(drawn.zones[0])


def test_a_zone_without_any_signal_excuses_nobody() -> None:
    drawn = junction(signal=None)

    assert not excused(LawfulWait(drawn, 20.0), drawn, 0.0, None)


def test_a_stop_line_in_a_zone_lends_it_its_signal() -> None:
    assert governing_signals(junction(signal=None, stop_lines=[LINE])) == {"approach": "main"}


def test_a_stop_line_elsewhere_lends_nothing() -> None:
    away = {**LINE, "line": [(300, 5), (400, 5)], "direction": [(350, 90), (350, 10)]}

    assert governing_signals(junction(signal=None, stop_lines=[away])) == {}
