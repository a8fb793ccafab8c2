"""The chain: what it takes, what it mends, what it tells."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.contract.chain import (
    NOTHING_BEFORE,
    ChainHead,
    ChainProblem,
    check_entries,
    parse_sealed,
    public_key_of,
    sha256_hex,
)
from edge.counters import Counters
from edge.evidence.chain import Chain
from tests.box_evidence import BOX, camera, custody_of, sealed_incident, write_evidence
from tests.builders import NOON, ManualClock, incident_message

if TYPE_CHECKING:
    from pathlib import Path

KEY = Ed25519PrivateKey.generate()
PUBLIC = public_key_of(KEY)


def open_chain(folder: Path, key: Ed25519PrivateKey = KEY) -> Chain:
    return Chain(folder, BOX, key=key, clock=ManualClock(), counters=Counters())


def filled(folder: Path, entries: int = 3) -> Chain:
    """Return a chain with a start and some deletions."""
    chain = open_chain(folder)
    chain.append("start", {"public_key": PUBLIC})
    for number in range(entries - 1):
        chain.append("deletion", {"why": f"age {number}"})
    return chain


def lines(folder: Path) -> list[bytes]:
    return (folder / "chain.jsonl").read_bytes().splitlines()


def test_entries_follow_one_another_and_are_signed(tmp_path: Path) -> None:
    filled(tmp_path, 4)
    entries = check_entries(lines(tmp_path), PUBLIC, BOX, NOTHING_BEFORE)
    assert [entry.seq for entry in entries] == [0, 1, 2, 3]
    assert [entry.kind for entry in entries] == ["start", "deletion", "deletion", "deletion"]


def test_a_chain_goes_on_where_the_process_before_ended(tmp_path: Path) -> None:
    filled(tmp_path, 3).close()
    chain = open_chain(tmp_path)
    chain.append("start", {"public_key": PUBLIC})
    assert chain.problem == ""
    assert [entry.seq for entry in check_entries(lines(tmp_path), PUBLIC, BOX)] == [0, 1, 2, 3]


def test_the_head_is_signed_and_names_length_and_last_line(tmp_path: Path) -> None:
    head = filled(tmp_path, 3).head()
    assert (head.length, head.sha256) == (3, sha256_hex(lines(tmp_path)[-1]))
    assert head.is_signed_by(PUBLIC, BOX)
    assert not head.is_signed_by(PUBLIC, "another-box")
    assert not head.model_copy(update={"length": 2}).is_signed_by(PUBLIC, BOX)


def test_a_head_survives_the_wire(tmp_path: Path) -> None:
    head = filled(tmp_path, 2).head()
    assert ChainHead.model_validate_json(head.model_dump_json()).is_signed_by(PUBLIC, BOX)


def test_an_empty_chain_has_a_head_too(tmp_path: Path) -> None:
    head = open_chain(tmp_path).head()
    assert (head.length, head.sha256) == (0, NOTHING_BEFORE)


@pytest.mark.parametrize("torn", [b'{"at":"2026', b"\x00" * 300, b"\x00" * 20 + b"\n", b"x\n"])
def test_a_last_line_torn_by_a_power_loss_is_put_aside_and_told(
    tmp_path: Path, torn: bytes
) -> None:
    filled(tmp_path, 3).close()
    with (tmp_path / "chain.jsonl").open("ab") as file:
        file.write(torn)
    chain = open_chain(tmp_path)
    entries = check_entries(lines(tmp_path), PUBLIC, BOX, NOTHING_BEFORE)
    assert [entry.kind for entry in entries] == ["start", "deletion", "deletion", "repair"]
    aside = tmp_path / entries[-1].body["kept_as"]
    assert aside.read_bytes() == torn
    assert chain.problem == ""
    assert chain.head().length == 4


def test_a_line_changed_in_the_middle_is_told_and_the_chain_goes_on(tmp_path: Path) -> None:
    filled(tmp_path, 5).close()
    path = tmp_path / "chain.jsonl"
    path.write_bytes(path.read_bytes().replace(b"age 1", b"age 7"))
    chain = open_chain(tmp_path)
    chain.append("deletion", {"why": "age"})
    assert chain.problem == "line 4 does not follow the line before it"
    with pytest.raises(ChainProblem, match="chain line 3"):
        check_entries(lines(tmp_path), PUBLIC, BOX)


def test_a_last_line_that_another_has_signed_is_told(tmp_path: Path) -> None:
    chain = filled(tmp_path, 2)
    path = tmp_path / "chain.jsonl"
    first, last = lines(tmp_path)
    forged = json.loads(last)
    forged["body"] = {"why": "nothing"}
    chain.close()
    path.write_bytes(first + b"\n" + json.dumps(forged).encode() + b"\n")
    assert open_chain(tmp_path).problem == "the last entry is not signed by this box"


@pytest.mark.parametrize(
    "line",
    [
        b"{}",
        b'{"seq":"x","kind":"evidence","body":{"incident_id":"i1","number":"x"}}',
        b'{"seq":true,"kind":"hold","body":{"incident_id":[]}}',
        b'{"seq":-5,"kind":"evidence","body":"i1"}',
        b'{"kind":"evidence","body":null,"incident_id":"i1"}',
    ],
)
def test_senseless_lines_are_told_and_stop_no_box(tmp_path: Path, line: bytes) -> None:
    filled(tmp_path, 2).close()
    with (tmp_path / "chain.jsonl").open("ab") as file:
        file.write(line + b"\n")
    chain = open_chain(tmp_path)
    assert chain.problem == "line 3 does not follow the line before it"
    assert chain.find_video("i1") is None
    chain.append("deletion", {"why": "age"})
    assert chain.seal("i1", lambda place: ({"seq": place.seq}, {})).endswith(b"\n")


def test_a_tail_cut_off_under_a_running_box_is_told_and_stays_visible(tmp_path: Path) -> None:
    chain = filled(tmp_path, 4)
    path = tmp_path / "chain.jsonl"
    path.write_bytes(b"".join(line + b"\n" for line in lines(tmp_path)[:2]))
    chain.append("deletion", {"why": "age"})
    assert "bytes at the end are gone" in chain.problem
    with pytest.raises(ChainProblem, match="entry 2 is missing"):
        check_entries(lines(tmp_path), PUBLIC, BOX)


def test_a_new_key_begins_a_new_chain_and_keeps_the_old_one(tmp_path: Path) -> None:
    filled(tmp_path, 3).close()
    other = Ed25519PrivateKey.generate()
    chain = open_chain(tmp_path, other)
    [entry] = check_entries(lines(tmp_path), public_key_of(other), BOX, NOTHING_BEFORE)
    assert entry.kind == "repair"
    assert (entry.body["length"], entry.body["public_key"]) == (3, PUBLIC)
    assert len((tmp_path / entry.body["kept_as"]).read_bytes().splitlines()) == 3
    assert chain.problem == ""


def test_two_processes_may_append_and_each_follows_the_other(tmp_path: Path) -> None:
    box, command = filled(tmp_path, 2), open_chain(tmp_path)
    command.append("hold", {"incident_id": "i1"})
    box.append("deletion", {"why": "age"})
    command.append("release", {"incident_id": "i1"})
    assert box.head().length == command.head().length == 5
    check_entries(lines(tmp_path), PUBLIC, BOX, NOTHING_BEFORE)


def test_threads_that_append_at_once_make_one_chain(tmp_path: Path) -> None:
    chain = open_chain(tmp_path)

    def append_ten() -> None:
        for _ in range(10):
            chain.append("deletion", {})

    threads = [threading.Thread(target=append_ten) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(check_entries(lines(tmp_path), PUBLIC, BOX, NOTHING_BEFORE)) == 40


def test_a_sealed_manifest_brings_the_entries_since_the_one_before(tmp_path: Path) -> None:
    custody = custody_of(tmp_path)
    first = sealed_incident(custody, tmp_path, "i1")
    custody.chain.append("deletion", {"why": "age", "files": []})
    second = sealed_incident(custody, tmp_path, "i2")

    def opened(message: Any, name: str) -> Any:
        path = tmp_path / "evidence" / message.incident_id / f"{name}.jsonl"
        return parse_sealed(path.read_bytes(), custody.public_key, BOX)

    one, two = opened(first, "i1.manifest"), opened(second, "i2.manifest")
    assert [entry.kind for entry in one.entries] == ["start", "evidence"]
    assert [entry.kind for entry in two.entries] == ["deletion", "evidence"]
    assert one.lines + two.lines == tuple(lines(tmp_path))
    assert two.head == custody.chain.head()


def test_a_further_manifest_names_the_earlier_and_covers_all_files(tmp_path: Path) -> None:
    custody = custody_of(tmp_path)
    sealed_incident(custody, tmp_path, "i1", "still-wide")
    sealed_incident(custody, tmp_path, "i2")
    sealed_incident(custody, tmp_path, "i1", "still-wide", "clip")
    folder = tmp_path / "evidence" / "i1"
    one = parse_sealed((folder / "i1.manifest.jsonl").read_bytes(), custody.public_key, BOX)
    two = parse_sealed((folder / "i1.manifest-2.jsonl").read_bytes(), custody.public_key, BOX)
    assert two.manifest["previous_manifest"] == one.entries[-1].body["manifest_sha256"]
    assert [file["kind"] for file in two.manifest["files"]] == ["still", "clip"]
    assert two.lines[: len(one.lines)] == one.lines
    assert len(two.lines) == 4


def test_a_restart_remembers_which_manifest_was_the_last(tmp_path: Path) -> None:
    sealed_incident(custody_of(tmp_path), tmp_path, "i1", "still-wide")
    sealed_incident(custody_of(tmp_path), tmp_path, "i1", "still-wide", "clip")
    assert (tmp_path / "evidence" / "i1" / "i1.manifest-2.jsonl").exists()


def test_where_an_incident_is_in_the_video_is_found_in_the_chain(tmp_path: Path) -> None:
    custody = custody_of(tmp_path)
    sealed_incident(custody, tmp_path, "i1")
    found = custody.chain.find_video("i1")
    assert found is not None
    assert found.camera_id == "gate"
    assert found.from_at < NOON < found.until_at
    assert custody.chain.find_video("i") is None


def test_what_a_box_does_not_know_is_null_in_its_manifest(tmp_path: Path) -> None:
    custody = custody_of(tmp_path)
    items = write_evidence(tmp_path, "i1")
    custody.seal(incident_message("i1", evidence=items), None)
    path = tmp_path / "evidence" / "i1" / "i1.manifest.jsonl"
    manifest = parse_sealed(path.read_bytes(), custody.public_key, BOX).manifest
    assert manifest["number_plate"] is None
    assert manifest["camera"]["road"] is None
    assert manifest["time"]["clock_offset_s"] is None
    assert manifest["time"]["occurred"] == {
        "utc": "2026-03-02T05:00:00+00:00",
        "local": "2026-03-02T12:00:00+07:00",
    }


def test_a_manifest_says_where_and_by_which_drawing(tmp_path: Path) -> None:
    custody = custody_of(tmp_path)
    message = incident_message("i1", scene_version="abc", location=(18.7, 105.68))
    custody.seal(message, camera())
    path = tmp_path / "evidence" / "i1" / "i1.manifest.jsonl"
    manifest = parse_sealed(path.read_bytes(), custody.public_key, BOX).manifest
    assert manifest["scene_version"] == "abc"
    assert manifest["camera"]["road"] == "QL46"
    assert manifest["camera"]["heading_deg"] == 90.0
    assert manifest["camera"]["latitude"] == 18.7
    assert manifest["code"] == "VP_NGUOC_CHIEU"
