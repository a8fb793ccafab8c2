"""How much evidence may go over which link today: limits per network interface and local day.

Invariants:
    * Bytes are charged, and that is on disk, before they are sent: a box that is killed or loses
      power never spends more than its budget.
    * Of a day's budget ``PICTURES_RATIO`` is kept for thumbnails and stills: clips alone cannot use
      it up, so what an officer sees first still comes on a day of many clips.
    * A day ends at midnight in Asia/Ho_Chi_Minh. A clock set back begins no new day.

Messages are not charged: they are small and always go. Models come down, not up.
"""

from __future__ import annotations

import json
import os
from datetime import timedelta, timezone
from typing import TYPE_CHECKING

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from edge.clock import Clock
    from edge.config.box import UploadConfig, UploadLimits

LOCAL = timezone(timedelta(hours=7))
"""Asia/Ho_Chi_Minh: seven hours ahead of UTC all year. Source: no daylight saving since 1975."""
PICTURES_RATIO = 0.2
"""Share of a day's budget that clips leave. Source: three stills and a thumbnail of a 1080p camera
are about 0.7 MB beside a clip of 5 MB."""
LOOK_AGAIN_S = 5.0
"""How old the answer may be which interface is in use."""
UNLIMITED = 2**62

log = structlog.get_logger(__name__)


class _Spent(BaseModel):
    """The file: bytes spent per link on one local day."""

    model_config = ConfigDict(extra="ignore")

    day: str = ""
    bytes_by_link: dict[str, int] = Field(default_factory=dict)


class UploadBudget:
    """What uploads may use; called by the one thread that uploads.

    Args:
        path: File that remembers what was spent; made when something is.
        config: The limits.
        clock: Tells the day.
        interface: Returns the name of the interface that leads to the centre.
    """

    def __init__(
        self, path: Path, config: UploadConfig, *, clock: Clock, interface: Callable[[], str]
    ) -> None:
        self._path = path
        self._config = config
        self._clock = clock
        self._interface = interface
        self._link = ""
        self._looked_s = 0.0
        self._spent = _load(path)

    @property
    def link(self) -> str:
        """Return the interface in use, as of at most ``LOOK_AGAIN_S`` ago."""
        now = self._clock.monotonic()
        if not self._link or now - self._looked_s > LOOK_AGAIN_S:
            self._link, self._looked_s = self._interface(), now
        return self._link

    @property
    def limits(self) -> UploadLimits:
        """Return the limits of the link in use: its own, or those of every link."""
        return self._config.links.get(self.link, self._config)

    def room_bytes(self, *, pictures: bool) -> int:
        """Return how much may still be sent over the link in use today.

        Args:
            pictures: Asked for a thumbnail or still, which may use the whole budget.
        """
        whole = self.limits.max_bytes_per_day
        if not whole:
            return UNLIMITED
        allowed = whole if pictures else int(whole * (1 - PICTURES_RATIO))
        return max(0, allowed - self._today().get(self.link, 0))

    def charge(self, size_bytes: int) -> None:
        """Note that so many bytes are about to be sent; on disk when this returns.

        A budget that cannot be written is not spent from: nothing may be sent then.

        Raises:
            OSError: The disk refuses.
        """
        if not self.limits.max_bytes_per_day:
            return
        today = self._today()
        today[self.link] = today.get(self.link, 0) + size_bytes
        fresh = self._path.with_name(f"{self._path.name}.new")
        with fresh.open("w", encoding="utf-8") as file:
            file.write(self._spent.model_dump_json())
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)

    def pause_s(self, size_bytes: int) -> float:
        """Return how long to rest after so many bytes to stay below the link's bandwidth."""
        rate = self.limits.max_bytes_per_s
        return size_bytes / rate if rate else 0.0

    def _today(self) -> dict[str, int]:
        """Return what was spent today by link, beginning anew at local midnight."""
        day = _local_day(self._clock.now())
        if day > self._spent.day:
            self._spent = _Spent(day=day)
        return self._spent.bytes_by_link


def _local_day(at: datetime) -> str:
    """Return the local date of a moment as YYYY-MM-DD."""
    return at.astimezone(LOCAL).date().isoformat()


def _load(path: Path) -> _Spent:
    """Return what was spent before; an unreadable file counts as nothing spent, and is logged."""
    try:
        return _Spent.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return _Spent()
    except (OSError, ValueError, ValidationError) as error:
        log.warning("upload_budget_unreadable", path=str(path), error=str(error)[:200])
        return _Spent()
