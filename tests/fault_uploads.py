"""A box's media lane and the centre it uploads to, over real HTTP; it counts what was queued."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from edge.clock import SystemClock
from edge.config.box import BoxConfig, OutboxConfig
from edge.contract.messages import EvidenceKind
from edge.counters import Counters
from edge.outbox import MediaUpload, Outbox
from edge.uploads import Uploader
from tests.stand_in_centre import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fault_matrix import FaultCase
    from tests.stand_in_centre import StandInUploads

TOKEN = "t" * 32
PATIENCE_S = 60.0


class UploadLine:
    """Files of evidence on their way; ``file`` and ``settle`` keep the books."""

    def __init__(
        self, folder: Path, centre: StandInUploads | None, url: str = "", token: str = TOKEN
    ) -> None:
        """Prepare a box that uploads to ``centre``, by way of ``url``, or to another at ``url``."""
        self.folder, self._centre = folder, centre
        self.counters = Counters()
        self.wanted: dict[str, bytes] = {}
        config = BoxConfig.model_validate(
            {
                "box_id": "n1",
                "data_dir": str(folder),
                "centre": {"url": url or self.centre.url, "token": token},
                "detector": {"manifest": "unused"},
                "cameras": ["unused"],
            }
        )
        clock = SystemClock()
        self.outbox = Outbox(
            folder / "outbox.sqlite3", config=OutboxConfig(), clock=clock, counters=self.counters
        )
        self.uploader = Uploader(config, self.outbox, clock=clock, counters=self.counters)

    @property
    def centre(self) -> StandInUploads:
        """Return the stand-in."""
        assert self._centre is not None, "this line goes to a real centre"
        return self._centre

    def close(self) -> None:
        """End the thread and the queue."""
        self.uploader.stop()
        self.outbox.close()

    def file(self, name: str, size_bytes: int = 20_000) -> Path:
        """Write a file of evidence, queue it, and note that it is wanted."""
        content = hashlib.shake_128(name.encode()).digest(size_bytes)
        path = self.folder / name
        path.write_bytes(content)
        upload = MediaUpload(
            evidence_id=name,
            incident_id="i1",
            kind=EvidenceKind.CLIP,
            media_type="video/mp4",
            sha256=hashlib.sha256(content).hexdigest(),
            size_bytes=size_bytes,
            path=str(path),
        )
        assert self.outbox.put_media(upload)
        self.wanted[name] = content
        return path

    def counted(self, name: str, at_least: int = 1) -> bool:
        """Wait until a counter has reached a number."""
        return wait_until(lambda: self.counters.get(name) >= at_least, PATIENCE_S)

    def has_all(self) -> bool:
        """Wait until the centre has every file, byte for byte, and nothing waits here."""
        return wait_until(
            lambda: self.outbox.depth() == 0 and self.centre.stored == self.wanted, PATIENCE_S
        )

    def settle(self, case: FaultCase, named_by: str = "") -> None:
        """Tell the case how many files the centre does not have as they were."""
        right = [name for name, was in self.wanted.items() if self.centre.stored.get(name) == was]
        missing = len(self.wanted) - len(right)
        case.lost("evidence files", missing, of=len(self.wanted), named_by=named_by)
