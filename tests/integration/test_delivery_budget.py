"""Uploads within a day's budget: pictures first, clips wait for midnight, nothing is overspent."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from edge.alarms import Alarms
from edge.config.box import BoxConfig, OutboxConfig
from edge.contract.messages import EvidenceKind
from edge.counters import Counters
from edge.outbox import MediaUpload, Outbox
from edge.uploads import FIRST_CHUNK_BYTES, Uploader
from tests.builders import ManualClock
from tests.stand_in_centre import StandInUploads, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "t" * 32
ELEVEN_AT_NIGHT = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)
SIZES = {EvidenceKind.THUMBNAIL: 1_000, EvidenceKind.STILL: 20_000, EvidenceKind.CLIP: 150_000}


class BudgetBox:
    """A box's media lane with limits, a clock that can be moved, and the centre it uploads to."""

    def __init__(self, folder: Path, centre: StandInUploads, uploads: dict[str, Any]) -> None:
        self.folder = folder
        self.centre = centre
        self.clock = ManualClock(ELEVEN_AT_NIGHT)
        self.counters = Counters()
        self.alarms = Alarms()
        self.config = BoxConfig.model_validate(
            {
                "box_id": "n1",
                "data_dir": str(folder),
                "centre": {"url": centre.url, "token": TOKEN},
                "detector": {"manifest": "unused"},
                "cameras": ["unused"],
                "uploads": uploads,
            }
        )
        self.outbox = Outbox(
            folder / "outbox.sqlite3",
            config=OutboxConfig(),
            clock=self.clock,
            counters=self.counters,
        )
        self.uploader = self._uploader()

    def _uploader(self) -> Uploader:
        return Uploader(
            self.config,
            self.outbox,
            clock=self.clock,
            counters=self.counters,
            alarms=self.alarms,
        )

    def restart(self) -> None:
        """Begin the uploads of the next process."""
        self.uploader.stop()
        self.uploader = self._uploader()
        self.uploader.start()

    def queue(self, incident: str, *kinds: EvidenceKind) -> None:
        """Write and queue files of an incident."""
        for kind in kinds:
            name = f"{incident}.{kind.value}"
            content = hashlib.shake_128(name.encode()).digest(SIZES[kind])
            (self.folder / name).write_bytes(content)
            self.outbox.put_media(
                MediaUpload(
                    evidence_id=name,
                    incident_id=incident,
                    kind=kind,
                    media_type="image/jpeg",
                    sha256=hashlib.sha256(content).hexdigest(),
                    size_bytes=len(content),
                    path=str(self.folder / name),
                )
            )

    def has(self, *names: str) -> bool:
        """Wait until the centre has these files."""
        return wait_until(lambda: set(names) <= set(self.centre.stored))


@pytest.fixture
def centre() -> Iterator[StandInUploads]:
    with StandInUploads(TOKEN) as running:
        yield running


@pytest.fixture
def box(tmp_path: Path, centre: StandInUploads) -> Iterator[BudgetBox]:
    made = BudgetBox(tmp_path, centre, {"links": {"lo": {"max_bytes_per_day": 200_000}}})
    yield made
    made.uploader.stop()
    made.outbox.close()


ALL = (EvidenceKind.CLIP, EvidenceKind.STILL, EvidenceKind.THUMBNAIL)
PICTURES = (EvidenceKind.STILL, EvidenceKind.THUMBNAIL)


def test_pictures_still_go_when_clips_have_used_their_share_and_clips_go_after_midnight(
    box: BudgetBox,
) -> None:
    """200 kB a day: 160 kB for clips are used up in the second clip, 40 kB wait for pictures."""
    box.queue("i1", *ALL)
    box.uploader.start()
    assert box.has("i1.thumbnail", "i1.still")
    assert wait_until(lambda: "upload_budget_spent" in box.alarms.raised())
    assert box.centre.order == ["i1.thumbnail", "i1.still"]
    box.queue("i2", EvidenceKind.THUMBNAIL)
    assert box.has("i2.thumbnail")
    assert 0 < len(box.centre.partial["i1.clip"]) < SIZES[EvidenceKind.CLIP]
    assert box.counters.get("uploads_budget_spent") == 1
    box.clock.advance(3_600)
    assert box.has("i1.clip")
    assert wait_until(lambda: "upload_budget_spent" not in box.alarms.raised())
    assert wait_until(lambda: box.outbox.depth() == 0)


def test_a_restart_gives_no_second_budget(box: BudgetBox, centre: StandInUploads) -> None:
    box.queue("i1", EvidenceKind.CLIP)
    box.queue("i2", EvidenceKind.CLIP)
    box.uploader.start()
    assert wait_until(lambda: "upload_budget_spent" in box.alarms.raised())
    before = received_bytes(centre)
    box.restart()
    assert not wait_until(lambda: received_bytes(centre) > before, 2)
    assert before == 160_000


def test_a_still_that_comes_during_a_clip_overtakes_it(box: BudgetBox) -> None:
    box.uploader._budget._config = type(box.config.uploads)(max_bytes_per_s=4 * FIRST_CHUNK_BYTES)
    box.uploader._chunk_bytes = FIRST_CHUNK_BYTES
    box.queue("i1", EvidenceKind.CLIP)
    box.uploader.start()
    assert wait_until(lambda: bool(box.centre.partial.get("i1.clip")))
    box.queue("i2", *PICTURES)
    assert box.has("i1.clip", "i2.still", "i2.thumbnail")
    assert box.centre.order == ["i2.thumbnail", "i2.still", "i1.clip"]
    assert box.counters.get("uploads_yielded") == 1
    assert sum(r.startswith("POST") and "i1.clip" in r for r in box.centre.requests) <= 1


def received_bytes(centre: StandInUploads) -> int:
    """Return all bytes of files that the centre has."""
    files = [*centre.stored.values(), *centre.partial.values()]
    return sum(len(content) for content in files)
