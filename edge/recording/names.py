"""What a video file holds, told by its name: ``<camera>/r<run>-e<epoch>-s<µs>-<UTC>.<ending>``.

Invariants:
    * Names sort in the order of recording within one camera, whatever the box's clock did.
    * Everything needed to find a second of video is in the name; there is no index to lose.

A name says when a file begins; where it ends is known from its last packet or the next file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MICROSECONDS = 1_000_000
_WALL = "%Y%m%dT%H%M%S"
_NAME = re.compile(
    r"r(?P<run>\d{8})-e(?P<epoch>\d{6})-s(?P<us>\d{15})-(?P<at>\d{8}T\d{6})\.(?P<ms>\d{3})Z"
    r"\.(?:mp4|mkv)"
)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class VideoFile:
    """A file of one camera, one run of the box and one epoch of its stream.

    Attributes:
        run: Number of the box's process life; grows.
        epoch: As in ``Frame``.
        starts_us: ``stream_s`` of the first picture in whole microseconds: exact, so that pictures
            cut from different files keep their distance.
        starts_at: Wall time (aware UTC) at which the first picture arrived.
    """

    camera_id: str
    run: int
    epoch: int
    starts_us: int
    starts_at: datetime
    path: Path

    @property
    def starts_s(self) -> float:
        """Return the ``stream_s`` of the first picture."""
        return self.starts_us / MICROSECONDS


def name_of(run: int, epoch: int, starts_us: int, starts_at: datetime, ending: str) -> str:
    """Return the name of a file (without its folder)."""
    at = starts_at.astimezone(UTC)
    wall = f"{at:{_WALL}}.{at.microsecond // 1000:03d}Z"
    return f"r{run:08d}-e{epoch:06d}-s{starts_us:015d}-{wall}.{ending}"


def read_name(path: Path) -> VideoFile | None:
    """Return what a file holds; None when it is not one of ours."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        return None
    try:
        at = datetime.strptime(match["at"], _WALL).replace(tzinfo=UTC)
    except ValueError:  # digits, but no date
        return None
    return VideoFile(
        camera_id=path.parent.name,
        run=int(match["run"]),
        epoch=int(match["epoch"]),
        starts_us=int(match["us"]),
        starts_at=at + timedelta(milliseconds=int(match["ms"])),
        path=path,
    )
