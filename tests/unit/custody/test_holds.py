"""Holds: what stands, for whom, and that it survives what may happen to its file."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from edge.counters import Counters
from edge.deletion import Deleted, Deletion, Doomed
from edge.errors import EvidenceError
from edge.holds import UNLOCATED_S, Hold, Holds
from tests.box_evidence import custody_of, sealed_incident
from tests.builders import NOON, ManualClock

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MINUTE = timedelta(minutes=1)


class Book:
    """A ledger in memory that can be told to refuse."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, dict[str, Any]]] = []
        self.refuses = False

    def append(self, kind: str, body: Mapping[str, object]) -> None:
        """Keep an entry."""
        if self.refuses:
            raise EvidenceError("the disk is full")
        self.entries.append((kind, dict(body)))


def hold(incident_id: str = "i1", **given: Any) -> Hold:
    return Hold(incident_id=incident_id, reason="case 7", author="an", placed_at=NOON, **given)


def located(incident_id: str = "i1") -> Hold:
    return hold(incident_id, camera_id="gate", from_at=NOON, until_at=NOON + MINUTE)


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.fixture
def holds(tmp_path: Path, book: Book) -> Holds:
    return Holds(tmp_path, ManualClock(), book)


def test_a_hold_stands_until_it_is_released(holds: Holds, book: Book) -> None:
    assert holds.place(located())
    assert holds.incident_is_held("i1")
    assert not holds.incident_is_held("i2")
    assert holds.release("i1", reason="settled", author="binh")
    assert not holds.incident_is_held("i1")
    assert [kind for kind, _ in book.entries] == ["hold", "release"]


def test_a_hold_keeps_the_video_of_its_camera_around_it(holds: Holds) -> None:
    holds.place(located())
    for from_at, held in ((NOON - MINUTE, True), (NOON + MINUTE, True), (NOON + 2 * MINUTE, False)):
        assert holds.video_is_held("gate", from_at, from_at + MINUTE) is held
    assert not holds.video_is_held("bridge", NOON, NOON + MINUTE)


def test_a_hold_whose_place_is_unknown_keeps_the_video_of_all_cameras(holds: Holds) -> None:
    holds.place(hold())
    near, far = timedelta(seconds=UNLOCATED_S - 1), timedelta(seconds=UNLOCATED_S + 61)
    assert holds.video_is_held("gate", NOON - near, NOON - near)
    assert holds.video_is_held("bridge", NOON + near, NOON + near)
    assert not holds.video_is_held("gate", NOON - far, NOON - far)
    holds.locate("i1", "gate", (NOON, NOON + MINUTE))
    assert not holds.video_is_held("bridge", NOON, NOON)
    assert holds.video_is_held("gate", NOON, NOON)


def test_placing_twice_and_releasing_what_is_free_change_nothing(holds: Holds, book: Book) -> None:
    assert holds.place(located())
    assert not holds.place(hold())
    assert not holds.release("i2", reason="", author="")
    assert holds.held() == (located(),)
    assert len(book.entries) == 1


def test_another_process_sees_a_hold_at_once(tmp_path: Path, holds: Holds, book: Book) -> None:
    other = Holds(tmp_path, ManualClock(), book)
    assert not other.incident_is_held("i1")
    holds.place(located())
    assert other.incident_is_held("i1")
    other.release("i1", reason="settled", author="binh")
    assert not holds.incident_is_held("i1")


def test_what_cannot_be_recorded_does_not_stand_and_is_not_released(
    holds: Holds, book: Book
) -> None:
    holds.place(located("i1"))
    book.refuses = True
    with pytest.raises(EvidenceError):
        holds.place(located("i2"))
    with pytest.raises(EvidenceError):
        holds.release("i1", reason="", author="")
    assert [known.incident_id for known in holds.held()] == ["i1"]


@pytest.mark.parametrize("content", [b"", b"{", b'{"holds": 1}', b"\x00" * 50])
def test_a_list_that_cannot_be_read_holds_everything(
    tmp_path: Path, holds: Holds, content: bytes
) -> None:
    (tmp_path / "holds.json").write_bytes(content)
    assert not holds.readable
    assert holds.incident_is_held("whatever")
    assert holds.video_is_held("gate", NOON, NOON)
    with pytest.raises(EvidenceError, match="move it away"):
        holds.place(located())


def test_a_lost_list_comes_back_from_the_chain(tmp_path: Path) -> None:
    custody = custody_of(tmp_path)
    sealed_incident(custody, tmp_path, "i1")
    custody.hold("i1", reason="case 7", author="an")
    custody.hold("i2", reason="case 8", author="an")
    custody.holds.release("i2", reason="settled", author="an")
    before = custody.holds.held()
    (tmp_path / "holds.json").unlink()
    assert custody_of(tmp_path).holds.held() == before != ()


def test_a_hold_of_a_sealed_incident_knows_its_video(tmp_path: Path) -> None:
    custody = custody_of(tmp_path)
    sealed_incident(custody, tmp_path, "i1")
    custody.hold("i1", reason="case 7", author="an")
    [known] = custody.holds.held()
    assert known.camera_id == "gate"


def test_a_hold_placed_before_the_manifest_learns_its_video_from_it(tmp_path: Path) -> None:
    custody = custody_of(tmp_path)
    custody.hold("i1", reason="case 7", author="an")
    assert custody.holds.video_is_held("bridge", NOON, NOON)
    sealed_incident(custody, tmp_path, "i1")
    assert not custody.holds.video_is_held("bridge", NOON, NOON)
    assert custody.holds.video_is_held("gate", NOON, NOON)


def test_a_list_lost_after_that_comes_back_with_the_video_it_learned(tmp_path: Path) -> None:
    clock = ManualClock()
    clock.advance(2 * 86_400)
    custody = custody_of(tmp_path, clock)
    custody.hold("i1", reason="case 7", author="an")
    sealed_incident(custody, tmp_path, "i1")
    (tmp_path / "holds.json").unlink()
    assert custody_of(tmp_path, clock).holds.video_is_held("gate", NOON, NOON)


def test_an_id_that_is_none_is_refused_and_counted_when_the_centre_sends_it(
    tmp_path: Path,
) -> None:
    custody = custody_of(tmp_path)
    with pytest.raises(ValueError, match="incident_id"):
        custody.hold("../etc", reason="", author="")
    assert custody.held_incidents() == ()


def doomed(folder: Path, incident_id: str = "i1", name: str = "clip.mp4") -> Doomed:
    path = folder / "evidence" / incident_id / f"{incident_id}.{name}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"12345")
    return Doomed(path=path, incident_id=incident_id)


def piece(folder: Path, number: int = 0, camera_id: str = "gate") -> Doomed:
    path = folder / "video" / f"{camera_id}-{number}.mp4"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"123")
    from_at = NOON + number * MINUTE
    return Doomed(path=path, camera_id=camera_id, from_at=from_at, until_at=from_at + MINUTE)


def deletion_of(folder: Path, holds: Holds, book: Book) -> tuple[Deletion, Counters]:
    counters = Counters()
    return Deletion(folder, holds, book, counters), counters


def test_a_deletion_is_recorded_by_name_and_counted(
    tmp_path: Path, holds: Holds, book: Book
) -> None:
    deletion, counters = deletion_of(tmp_path, holds, book)
    files = [doomed(tmp_path), piece(tmp_path, 0), piece(tmp_path, 1)]
    assert deletion.delete(files, why="age") == Deleted(3, 11, 0)
    [(kind, body)] = book.entries
    assert (kind, body["why"], body["size_bytes"]) == ("deletion", "age", 11)
    assert body["files"] == ["evidence/i1/i1.clip.mp4"]
    [video] = body["video"]
    assert (video["camera_id"], video["files"], video["first"], video["last"]) == (
        "gate",
        2,
        "video/gate-0.mp4",
        "video/gate-1.mp4",
    )
    assert (counters.get("evidence_removed"), counters.get("video_removed")) == (1, 2)
    assert not any(file.path.exists() for file in files)
    assert not (tmp_path / "evidence" / "i1").exists()


def test_what_is_held_stays_and_the_refusal_is_counted(
    tmp_path: Path, holds: Holds, book: Book
) -> None:
    deletion, counters = deletion_of(tmp_path, holds, book)
    holds.place(located("i1"))
    files = [doomed(tmp_path, "i1"), doomed(tmp_path, "i2"), piece(tmp_path), piece(tmp_path, 9)]
    assert deletion.delete(files, why="disk full") == Deleted(2, 8, 2)
    assert [file.path.exists() for file in files] == [True, False, True, False]
    assert counters.get("deletions_refused") == 2


def test_nothing_goes_that_cannot_be_recorded(tmp_path: Path, holds: Holds, book: Book) -> None:
    deletion, counters = deletion_of(tmp_path, holds, book)
    book.refuses = True
    file = doomed(tmp_path)
    assert deletion.delete([file], why="age") == Deleted()
    assert file.path.exists()
    assert counters.get("deletions_unrecorded") == 1


def test_files_that_are_gone_already_make_no_entry(
    tmp_path: Path, holds: Holds, book: Book
) -> None:
    deletion, _ = deletion_of(tmp_path, holds, book)
    file = doomed(tmp_path)
    file.path.unlink()
    assert deletion.delete([file], why="age") == Deleted()
    assert book.entries == []


def test_a_file_that_nobody_can_place_is_a_mistake(tmp_path: Path, holds: Holds) -> None:
    with pytest.raises(ValueError, match="say the incident"):
        Doomed(path=tmp_path / "x")
    with pytest.raises(ValueError, match="say the incident"):
        Doomed(path=tmp_path / "x", camera_id="gate")
    deletion, _ = deletion_of(tmp_path / "box", holds, Book())
    with pytest.raises(ValueError, match="not in the subpath"):
        deletion.delete([doomed(tmp_path)], why="age")


def test_a_hold_waits_for_the_deletion_that_is_going_on(tmp_path: Path) -> None:
    """Otherwise a hold could be confirmed for files that are going this very moment."""
    order: list[str] = []
    deleting, go_on = threading.Event(), threading.Event()

    class SlowBook(Book):
        def append(self, kind: str, body: Mapping[str, object]) -> None:
            order.append(kind)
            if kind == "deletion":
                deleting.set()
                assert go_on.wait(10)
            super().append(kind, body)

    book = SlowBook()
    holds = Holds(tmp_path, ManualClock(), book)
    deletion, _ = deletion_of(tmp_path, holds, book)
    file = doomed(tmp_path)
    remover = threading.Thread(target=lambda: deletion.delete([file], why="age"))
    remover.start()
    assert deleting.wait(10)
    placer = threading.Thread(target=lambda: holds.place(located()))
    placer.start()
    placer.join(0.2)
    assert order == ["deletion"]
    go_on.set()
    remover.join()
    placer.join()
    assert order == ["deletion", "hold"]
