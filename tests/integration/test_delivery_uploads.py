"""Evidence files to a centre over real HTTP: resumed, checked, given up only for good reason."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from edge.clock import SystemClock
from edge.config.box import BoxConfig, OutboxConfig, UploadConfig
from edge.contract.messages import EvidenceKind
from edge.counters import Counters
from edge.outbox import MediaUpload, Outbox
from edge.uploads import CHUNK_BYTES, Uploader
from tests.mosquitto import free_port
from tests.stand_in_centre import StandInUploads, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "t" * 32


class Bench:
    """A box's media lane and the centre it uploads to."""

    def __init__(self, folder: Path, centre: StandInUploads) -> None:
        self.folder = folder
        self.centre = centre
        self.counters = Counters()
        self.outbox = Outbox(
            folder / "outbox.sqlite3",
            config=OutboxConfig(),
            clock=SystemClock(),
            counters=self.counters,
        )
        self.uploader = Uploader(
            box_config(centre.url, folder), self.outbox, clock=SystemClock(), counters=self.counters
        )

    def file(self, name: str, size: int, kind: EvidenceKind = EvidenceKind.CLIP) -> bytes:
        """Write a file of evidence and queue it; return its bytes."""
        content = hashlib.shake_128(name.encode()).digest(size)
        (self.folder / name).write_bytes(content)
        self.queue(name, content, kind)
        return content

    def queue(self, name: str, content: bytes, kind: EvidenceKind = EvidenceKind.CLIP) -> None:
        """Queue a file as it should be, whatever lies on the disk."""
        self.outbox.put_media(
            MediaUpload(
                evidence_id=name,
                incident_id="i1",
                kind=kind,
                media_type="video/mp4",
                sha256=hashlib.sha256(content).hexdigest(),
                size_bytes=len(content),
                path=str(self.folder / name),
            )
        )

    def counted(self, name: str, at_least: int = 1) -> bool:
        """Wait until a counter has reached a number."""
        return wait_until(lambda: self.counters.get(name) >= at_least)


def box_config(url: str, folder: Path) -> BoxConfig:
    """Return a box that uploads to ``url`` and keeps its data in ``folder``."""
    return BoxConfig.model_validate(
        {
            "box_id": "n1",
            "data_dir": str(folder),
            "centre": {"url": url, "token": TOKEN},
            "detector": {"manifest": "unused"},
            "cameras": ["unused"],
        }
    )


@pytest.fixture
def centre() -> Iterator[StandInUploads]:
    with StandInUploads(TOKEN) as running:
        yield running


@pytest.fixture
def bench(tmp_path: Path, centre: StandInUploads) -> Iterator[Bench]:
    made = Bench(tmp_path, centre)
    yield made
    made.uploader.stop()
    made.outbox.close()


def test_stills_then_clips_arrive_whole(bench: Bench) -> None:
    clip = bench.file("clip", 3 * CHUNK_BYTES + 5)
    still = bench.file("still", 1_000, EvidenceKind.STILL)
    bench.uploader.start()
    assert bench.counted("uploads_completed", 2)
    assert bench.centre.order == ["still", "clip"]
    assert bench.centre.stored == {"still": still, "clip": clip}
    assert wait_until(lambda: bench.outbox.depth() == 0)
    assert bench.centre.metadata["clip"]["incident_id"] == "i1"


def test_a_broken_connection_is_resumed_where_it_broke(bench: Bench) -> None:
    content = bench.file("clip", 2 * CHUNK_BYTES)
    bench.uploader._chunk_bytes = CHUNK_BYTES
    bench.centre.break_after = CHUNK_BYTES // 2
    bench.uploader.start()
    assert bench.counted("uploads_retried")
    bench.uploader._pause_s = 0.0
    bench.outbox._db.execute("UPDATE trial SET due_s = 0")
    assert bench.counted("uploads_completed")
    assert bench.centre.stored["clip"] == content
    assert sum(r.startswith("POST") for r in bench.centre.requests) == 1
    assert sum(r.startswith("PATCH") for r in bench.centre.requests) == 3


def test_a_new_process_goes_on_where_the_last_one_was_killed(bench: Bench) -> None:
    content = bench.file("clip", 2 * CHUNK_BYTES)
    bench.centre.lengths["clip"] = len(content)
    bench.uploader._chunk_bytes = CHUNK_BYTES
    bench.centre.partial["clip"] = content[:CHUNK_BYTES]
    bench.centre.metadata["clip"] = {"sha256": hashlib.sha256(content).hexdigest()}
    bench.uploader.start()
    assert bench.counted("uploads_completed")
    assert bench.centre.stored["clip"] == content
    assert sum(r.startswith("PATCH") for r in bench.centre.requests) == 1


def test_a_file_the_centre_already_has_is_done_even_when_gone_here(bench: Bench) -> None:
    content = bench.file("clip", 10)
    (bench.folder / "clip").unlink()
    bench.centre.lengths["clip"] = len(content)
    bench.centre.stored["clip"] = content
    bench.uploader.start()
    assert bench.counted("uploads_completed")
    assert bench.outbox.depth() == 0


def test_bytes_damaged_on_the_way_are_sent_anew(bench: Bench) -> None:
    content = bench.file("clip", 1_000)
    bench.centre.lengths["clip"] = len(content)
    bench.centre.partial["clip"] = b"damaged" + content[7:500]
    bench.centre.metadata["clip"] = {"sha256": hashlib.sha256(content).hexdigest()}
    bench.uploader.start()
    assert bench.counted("uploads_rejected")
    assert bench.outbox.depth() == 1
    bench.outbox._db.execute("UPDATE trial SET due_s = 0")
    assert bench.counted("uploads_completed")
    assert bench.centre.stored["clip"] == content


@pytest.mark.parametrize("damage", ["missing", "shorter", "altered"])
def test_a_file_that_is_gone_or_altered_leaves_the_queue_and_is_counted(
    bench: Bench, damage: str
) -> None:
    content = bench.file("clip", 1_000)
    path = bench.folder / "clip"
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(content[:400] if damage == "shorter" else b"x" * 1_000)
    bench.uploader.start()
    assert bench.counted("uploads_missing")
    assert wait_until(lambda: bench.outbox.depth() == 0)
    assert bench.centre.stored == {}


def test_a_file_refused_for_good_does_not_block_the_next(bench: Bench) -> None:
    bench.file("refused", 1_000, EvidenceKind.STILL)
    bench.centre.answer_with = 413
    bench.uploader.start()
    assert bench.counted("uploads_refused")
    bench.centre.answer_with = 0
    bench.file("next", 1_000)
    assert bench.counted("uploads_completed")
    assert list(bench.centre.stored) == ["next"]
    assert (bench.folder / "refused").exists()


@pytest.mark.parametrize("status", [401, 500, 503, 507])
def test_trouble_at_the_centre_keeps_the_file_for_later(bench: Bench, status: int) -> None:
    bench.file("clip", 1_000)
    bench.centre.answer_with = status
    bench.uploader.start()
    assert bench.counted("uploads_retried")
    assert bench.outbox.depth() == 1


def test_a_centre_that_is_away_keeps_the_file_for_later(tmp_path: Path) -> None:
    counters = Counters()
    outbox = Outbox(
        tmp_path / "o.sqlite3", config=OutboxConfig(), clock=SystemClock(), counters=counters
    )
    away = box_config(f"http://127.0.0.1:{free_port()}", tmp_path)
    bench_file = tmp_path / "clip"
    bench_file.write_bytes(b"x")
    upload = MediaUpload(
        evidence_id="clip",
        incident_id="i1",
        kind=EvidenceKind.CLIP,
        media_type="video/mp4",
        sha256=hashlib.sha256(b"x").hexdigest(),
        size_bytes=1,
        path=str(bench_file),
    )
    outbox.put_media(upload)
    uploader = Uploader(away, outbox, clock=SystemClock(), counters=counters)
    uploader.start()
    assert wait_until(lambda: counters.get("uploads_retried") >= 1)
    uploader.stop()
    assert outbox.depth() == 1
    outbox.close()


def test_an_upload_keeps_to_its_bandwidth(bench: Bench) -> None:
    """Two chunks at a chunk per 0.4 s cannot be done before 0.4 s have passed."""
    clock = SystemClock()
    bench.uploader._budget._config = UploadConfig(max_bytes_per_s=int(CHUNK_BYTES / 0.4))
    bench.file("clip", 2 * CHUNK_BYTES)
    began = clock.monotonic()
    bench.uploader.start()
    assert bench.counted("uploads_completed")
    assert clock.monotonic() - began > 0.4
