"""What somebody should see to on this box, by code: raised and cleared by whoever notices.

Invariants:
    * Every code stands in :data:`ALARMS` with what it means; another one is a programming mistake.
    * An alarm stands until the part that raised it clears it; it starts cleared with the process.
      They reach the centre in the heartbeat (``StateMessage.alarms``), in the order of the table.

An alarm is a state, a counter a sum: what raised an alarm usually counts something too.
"""

from __future__ import annotations

import threading

ALARMS: dict[str, str] = {
    "disk_low": "Free space fell below the mark; the oldest video makes room.",
    "video_refused_disk_held": "Only held things fill the disk: new video is not recorded.",
    "evidence_refused_disk_full": "The space left is kept for incidents: no clips or stills.",
    "chain_broken": "The signed chain on disk is not what was written; see python -m edge verify.",
    "holds_unreadable": "The list of legal holds cannot be read: nothing is deleted.",
    "clock_unsynchronised": "No time server holds the box's clock: times are not to be trusted.",
    "camera_clock_off": "A camera's clock is more than 0.5 s off the box's: set its time server.",
    "clock_stepped": "The box's clock was set less than an hour ago; no video goes by age.",
    "upload_budget_spent": "The day's upload budget of this link is used up; clips wait.",
    "video_unwritable": "The disk refuses video; see the box's log.",
}


class Alarms:
    """The alarms of one box, safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._raised: set[str] = set()

    def set(self, code: str, *, on: bool) -> bool:
        """Raise or clear an alarm; return whether that changed anything.

        Raises:
            KeyError: The code is not in :data:`ALARMS`.
        """
        if code not in ALARMS:
            raise KeyError(code)
        with self._lock:
            changed = on != (code in self._raised)
            (self._raised.add if on else self._raised.discard)(code)
        return changed

    def raised(self) -> tuple[str, ...]:
        """Return the codes of the alarms that stand now."""
        with self._lock:
            return tuple(code for code in ALARMS if code in self._raised)
