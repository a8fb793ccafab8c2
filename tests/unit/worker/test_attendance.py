"""The roll call makes absence and a wrong clock incidents that end, without any frame."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from edge.attendance import NO_EVIDENCE, Attendance
from edge.config.camera import CameraConfig
from edge.contract.messages import CameraState, IncidentMessage, Phase
from edge.counters import Counters
from edge.pipeline import Setting
from tests.builders import NOON, ManualClock

if TYPE_CHECKING:
    from collections.abc import Callable

SOURCE = {"kind": "rtsp", "url": "rtsp://127.0.0.1:1/x"}


def attend(
    seconds: int, state: Callable[[int], CameraState], source: object = SOURCE
) -> list[IncidentMessage]:
    """Return every message of a camera asked after once a second."""
    clock = ManualClock()
    camera = CameraConfig.model_validate(
        {"id": "gate", "name": "gate", "frame_size_px": (640, 480), "source": source}
    )
    attendance = Attendance(camera, Setting(box_id="n1", now=clock.now), clock, Counters())
    messages = []
    for second in range(seconds):
        messages += attendance.look(state(second))
        clock.advance(1.0)
    return messages + attendance.finish()


def away(*stretches: tuple[int, int]) -> Callable[[int], CameraState]:
    def state(second: int) -> CameraState:
        is_away = any(start <= second < end for start, end in stretches)
        status = "offline" if is_away else "online"
        return CameraState(camera_id="gate", status=status, since=NOON)

    return state


def off(offset_s: float | None) -> Callable[[int], CameraState]:
    return lambda second: CameraState(
        camera_id="gate",
        status="online",
        since=NOON,
        clock_offset_s=offset_s if second >= 10 else 0.0,
    )


def test_a_minute_without_pictures_is_one_incident_that_ends_with_the_first_picture() -> None:
    opened, closed = attend(200, away((20, 110)))

    assert (opened.rule, opened.phase, opened.level) == ("camera_offline", Phase.OPENED, 1)
    assert opened.occurred_at == NOON + timedelta(seconds=20)
    assert opened.decided_at == NOON + timedelta(seconds=80)
    assert closed.phase is Phase.CLOSED
    assert closed.incident_id == opened.incident_id
    assert opened.evidence_missing == closed.evidence_missing == NO_EVIDENCE


def test_fifty_seconds_without_pictures_are_none() -> None:
    assert attend(200, away((20, 70), (90, 140))) == []


def test_a_camera_that_never_came_is_told_too() -> None:
    opened, *_ = attend(100, away((0, 100)))

    assert opened.occurred_at == NOON


def test_five_minutes_away_are_level_two() -> None:
    messages = attend(700, away((0, 690)))

    assert messages[0].level == 1
    assert messages[-1].level == 2


def test_a_clock_off_by_more_than_half_a_second_is_told_and_by_two_is_worse() -> None:
    (opened, _) = attend(60, off(-0.8))
    (worse, _) = attend(60, off(3.5))

    assert (opened.rule, opened.level) == ("clock_skew", 1)
    assert (worse.rule, worse.level) == ("clock_skew", 2)


def test_a_right_clock_and_one_that_tells_nothing_are_none() -> None:
    assert attend(60, off(0.3)) == []
    assert attend(60, off(None)) == []


def test_a_file_that_has_ended_is_no_camera_that_is_away() -> None:
    assert attend(200, away((20, 200)), {"kind": "file", "path": "clip.mp4"}) == []
