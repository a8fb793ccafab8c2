"""A video file is understood from its name alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.recording.names import name_of, read_name

AT = datetime(2026, 3, 2, 5, 0, 1, 234_000, tzinfo=UTC)


def test_a_name_says_run_epoch_second_and_wall_time() -> None:
    name = name_of(12, 3, 4_500_000, AT, "mp4")

    assert name == "r00000012-e000003-s000000004500000-20260302T050001.234Z.mp4"
    file = read_name(Path("video/gate") / name)
    assert file is not None
    assert (file.camera_id, file.run, file.epoch, file.starts_s) == ("gate", 12, 3, 4.5)
    assert file.starts_at == AT


def test_wall_time_in_a_name_is_utc() -> None:
    local = AT.astimezone(timezone(timedelta(hours=7)))

    assert name_of(1, 0, 0, local, "mp4") == name_of(1, 0, 0, AT, "mp4")


@given(
    run=st.integers(1, 10**8 - 1),
    epoch=st.integers(0, 10**6 - 1),
    starts_us=st.integers(0, 10**15 - 1),
    at=st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1)),  # noqa: DTZ001 - hypothesis wants naive bounds
    ending=st.sampled_from(["mp4", "mkv"]),
)
def test_what_is_written_is_read_again(
    run: int, epoch: int, starts_us: int, at: datetime, ending: str
) -> None:
    at = at.replace(tzinfo=UTC)
    file = read_name(Path("v/gate") / name_of(run, epoch, starts_us, at, ending))

    assert file is not None
    assert (file.run, file.epoch, file.starts_us) == (run, epoch, starts_us)
    assert timedelta(0) <= at - file.starts_at < timedelta(milliseconds=1)


def test_names_sort_as_they_were_recorded_whatever_the_clock_did() -> None:
    later = AT - timedelta(days=1)
    names = [
        name_of(1, 0, 60_000_000, AT, "mp4"),
        name_of(1, 1, 120_000_000, later, "mp4"),
        name_of(2, 0, 0, later, "mkv"),
    ]

    assert sorted({*names}) == names


@pytest.mark.parametrize(
    "name",
    [
        "clip.mp4",
        "r1-e0-s0-20260302T050001.234Z.mp4",
        "r00000012-e000003-s000000004500000-20261302T050001.234Z.mp4",
        "r00000012-e000003-s000000004500000-20260302T050001.234Z.mp4.part",
    ],
)
def test_a_strange_name_is_not_ours(name: str) -> None:
    assert read_name(Path("video/gate") / name) is None
