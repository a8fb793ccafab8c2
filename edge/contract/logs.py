"""How both sides log: one structured line each, UTC times, on a stream that may refuse.

Invariants:
    * A log that cannot be written (a full disk behind it) costs its lines and nothing else: whoever
      logs goes on. How many were lost, at most, is told once the stream takes lines again.
    * A stream that blocks, blocks: the watchdog is there for that.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TextIO, cast

import structlog

if TYPE_CHECKING:
    from collections.abc import Sequence


class LossyStream:
    """A text stream whose refusals are counted instead of raised."""

    def __init__(self, stream: TextIO) -> None:
        """Write to ``stream``."""
        self._stream = stream
        self.lost = 0
        """Lines refused since the last one that was taken."""

    def write(self, line: str) -> int:
        """Write one line; before it, how many were lost."""
        try:
            if self.lost:
                self._stream.flush()  # first what was taken but never came out
                self._stream.write(_loss(self.lost))
            self._stream.write(line)
            self._stream.flush()
        except OSError:
            self.lost += 1
        else:
            self.lost = 0
        return len(line)

    def flush(self) -> None:
        """Do nothing: each line was flushed."""


def configure(rendering: Sequence[structlog.typing.Processor], stream: TextIO) -> None:
    """Send every line of this process to ``stream``.

    Args:
        rendering: What turns an event with its context, level and time into text; last ones first
            to last.
        stream: Usually standard error.
    """
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *rendering,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(cast("Any", LossyStream(stream))),
        cache_logger_on_first_use=False,
    )


def _loss(lines: int) -> str:
    """Return the line that tells how many are missing."""
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    told = {"count": lines, "event": "log_lines_lost", "level": "warning", "timestamp": now}
    return json.dumps(told) + "\n"
