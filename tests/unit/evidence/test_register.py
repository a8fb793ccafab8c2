"""What is owed survives a process, and nothing else does."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from edge.contract.messages import EvidenceItem, EvidenceKind
from edge.counters import Counters
from edge.errors import ConfigError
from edge.evidence.register import MAX_TRIES, Register
from edge.evidence.request import EvidenceRequest
from edge.scene import Moment
from tests.builders import NOON, SHA256, ManualClock

if TYPE_CHECKING:
    from pathlib import Path


def request(incident_id: str = "i1") -> EvidenceRequest:
    return EvidenceRequest(
        incident_id=incident_id,
        camera_id="gate",
        occurred_s=12.25,
        occurred_at=NOON,
        until_s=14.5,
        frame_size_px=(1920, 1080),
        moments=(Moment(label="on_line", stream_s=12.25),),
        boxes=((12.25, 1.0, 2.0, 3.0, 4.0), (12.5, 2.0, 3.0, 4.0, 5.0)),
        place="line-1",
    )


ITEM = EvidenceItem(
    evidence_id="i1.clip",
    kind=EvidenceKind.CLIP,
    media_type="video/mp4",
    sha256=SHA256,
    size_bytes=7,
    starts_at=NOON,
)


def open_register(folder: Path, least_run: int = 0, counters: Counters | None = None) -> Register:
    return Register(folder / "r.sqlite3", least_run, ManualClock(), counters or Counters())


def test_a_request_comes_back_whole_in_the_next_run(tmp_path: Path) -> None:
    first = open_register(tmp_path)
    assert first.note(request()) is True
    assert first.note_items("i1", (ITEM,)) is True
    assert first.owed() == {}
    first.close()

    with closing(open_register(tmp_path)) as second:
        owed = second.owed()["i1"]

    assert owed.request == request()
    assert owed.run == first.run
    assert owed.items == (ITEM,)


def test_what_was_served_is_not_owed(tmp_path: Path) -> None:
    first = open_register(tmp_path)
    first.note(request("i1"))
    first.note(request("i2"))
    first.done("i1")
    assert [first.owes(name) for name in ("i1", "i2")] == [False, True]
    first.close()

    with closing(open_register(tmp_path)) as second:
        assert set(second.owed()) == {"i2"}


def test_each_process_is_a_new_run_above_all_video(tmp_path: Path) -> None:
    runs = []
    for least in (0, 0, 41, 3):
        register = open_register(tmp_path, least)
        runs.append(register.run)
        register.close()

    assert runs == [1, 2, 42, 43]


def test_a_request_that_ended_three_processes_is_given_up(tmp_path: Path) -> None:
    first = open_register(tmp_path)
    first.note(request())
    first.close()
    seen = []
    for _ in range(MAX_TRIES + 1):
        with closing(open_register(tmp_path)) as life:
            seen.append("i1" in life.owed())
            life.note_try("i1")

    assert seen == [True] * MAX_TRIES + [False]


def test_requests_of_earlier_runs_that_nobody_works_on_are_forgotten(tmp_path: Path) -> None:
    first = open_register(tmp_path)
    for incident_id in ("i1", "i2"):
        first.note(request(incident_id))
    first.close()
    second = open_register(tmp_path)
    second.note(request("i3"))
    second.forget_earlier(["i2"])
    second.close()

    with closing(open_register(tmp_path)) as third:
        assert set(third.owed()) == {"i2", "i3"}


def test_an_unreadable_register_is_put_aside_and_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "r.sqlite3").write_bytes(b"not a database, not at all" * 100)
    counters = Counters()

    with closing(open_register(tmp_path, 5, counters)) as register:
        assert register.run == 6
        assert register.note(request()) is True

    assert counters.get("register_rebuilt") == 1
    assert len(list(tmp_path.glob("r.sqlite3.unreadable-*"))) == 1


def test_a_request_written_by_another_version_costs_nobody_else_theirs(tmp_path: Path) -> None:
    first = open_register(tmp_path)
    first.note(request("i1"))
    first.note(request("i2"))
    first.close()
    with closing(sqlite3.connect(tmp_path / "r.sqlite3")) as db, db:
        db.execute("""UPDATE pending SET request = '{"strange": 1}' WHERE incident_id = 'i1'""")

    with closing(open_register(tmp_path)) as second:
        assert set(second.owed()) == {"i2"}


def test_a_disk_that_refuses_is_counted_and_does_not_raise(tmp_path: Path) -> None:
    counters = Counters()
    register: Any = open_register(tmp_path, 0, counters)
    register._db.execute("PRAGMA query_only = ON")  # as a disk that has become read-only

    assert register.note(request()) is False
    assert counters.get("register_refused") == 1
    register.close()


def test_a_folder_that_cannot_be_written_stops_the_start_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "r.sqlite3").mkdir()

    with pytest.raises(ConfigError, match="the register of evidence cannot be opened"):
        open_register(tmp_path)
