"""Evidence files: whole or not there, found by id, hashed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from edge.errors import EvidenceError
from edge.evidence.files import evidence_id, find_file, sha256_of, sweep, writing

if TYPE_CHECKING:
    from pathlib import Path


def put(path: Path, content: bytes) -> None:
    with writing(path) as part:
        part.write_bytes(content)


def fail_halfway(path: Path) -> None:
    with writing(path) as part:
        part.write_bytes(b"half")
        raise EvidenceError("it holds 3 of 9 pictures")


def fill_disk(path: Path) -> None:
    with writing(path) as part:
        part.symlink_to("/dev/full")
        part.write_bytes(b"x" * 100_000)


def test_a_file_is_found_by_its_evidence_id(tmp_path: Path) -> None:
    put(tmp_path / "i1" / "i1.clip.mp4", b"clip")
    put(tmp_path / "i1" / "i1.still-wide.jpg", b"still")

    assert find_file(tmp_path, evidence_id("i1", "clip")) == tmp_path / "i1" / "i1.clip.mp4"
    assert find_file(tmp_path, "i1.overlay") is None
    assert find_file(tmp_path, "i2.clip") is None
    assert find_file(tmp_path, "nodot") is None


def test_an_id_that_begins_like_another_is_not_confused_with_it(tmp_path: Path) -> None:
    put(tmp_path / "i1" / "i1.still-wide.jpg", b"still")

    assert find_file(tmp_path, "i1.still") is None


def test_while_it_is_written_a_file_cannot_be_found(tmp_path: Path) -> None:
    with writing(tmp_path / "i1" / "i1.clip.mp4") as part:
        part.write_bytes(b"half")

        assert find_file(tmp_path, "i1.clip") is None
    assert find_file(tmp_path, "i1.clip") is not None


def test_an_error_while_writing_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="3 of 9"):
        fail_halfway(tmp_path / "i1" / "i1.clip.mp4")

    assert list((tmp_path / "i1").iterdir()) == []


def test_a_full_disk_is_said_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match=r"a\.jpg: No space left on device; check the disk"):
        fill_disk(tmp_path / "i1" / "a.jpg")

    assert list((tmp_path / "i1").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "i1").write_text("a file where a folder should be")

    with pytest.raises(EvidenceError, match=r"cannot write i1\.clip\.mp4"):
        put(tmp_path / "i1" / "i1.clip.mp4", b"clip")


def test_what_a_killed_process_left_is_swept_away(tmp_path: Path) -> None:
    put(tmp_path / "i1" / "i1.clip.mp4", b"clip")
    (tmp_path / "i1" / ".i1.playback.webm.part").write_bytes(b"half")

    assert sweep(tmp_path) == 1
    assert [path.name for path in (tmp_path / "i1").iterdir()] == ["i1.clip.mp4"]


def test_a_folder_that_is_not_there_needs_no_sweeping(tmp_path: Path) -> None:
    assert sweep(tmp_path / "nowhere") == 0


def test_the_hash_is_of_the_whole_file(tmp_path: Path) -> None:
    content = bytes(range(256)) * 10_000
    path = tmp_path / "large"
    path.write_bytes(content)

    assert sha256_of(path) == hashlib.sha256(content).hexdigest()
