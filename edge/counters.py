"""Everything a box counts, by name: what was dropped, refused, resent or lost, and how often.

Invariants:
    * Every counter stands in :data:`COUNTERS` with what it means; counting under another name is a
      programming mistake.
    * Counters only grow and start at zero with the process; they reach the centre in the heartbeat
      and Prometheus through :mod:`edge.health`.
"""

from __future__ import annotations

import threading

COUNTERS: dict[str, str] = {
    "frames_processed": "Frames that went through detector, tracker and rules.",
    "frames_dropped": "Decoded frames replaced by a newer one before anybody looked at them.",
    "camera_reconnects": "Times a network or USB camera was connected again.",
    "camera_failures": "Times a camera's thread died of a programming mistake and was begun anew.",
    "camera_decode_errors": "Packets of a camera that could not be decoded.",
    "camera_ring_overflows": "Times one group of pictures alone outgrew a camera's packet ring.",
    "place_book_failures": "Times the memory of places told could not be read or written.",
    "clock_steps": "Times the box's clock was set while it ran.",
    "pipeline_errors": "Frames lost to a programming mistake in one camera's pipeline.",
    "rule_errors": "Times a rule failed on a scene by a programming mistake; the others went on.",
    "rules_suspended": "Rules that rest by order of the centre: an officer directs the traffic.",
    "incidents_opened": "Incidents that became news.",
    "sightings_merged": "Sightings under a new track that belonged to a known incident.",
    "sightings_cooled_down": "Sightings of an incident that was closed a short while ago.",
    "sightings_repeated": "Sightings of what was told before and has not changed since.",
    "sightings_excepted": "Sightings at a place where a person said that the rule is wrong.",
    "sightings_too_short": "Events gone before they had lasted long enough to be an incident.",
    "incidents_queued": "Incident messages (all revisions) written to the outbox.",
    "telemetry_queued": "Telemetry messages written to the outbox.",
    "telemetry_dropped": "Telemetry thrown out, oldest first, because the outbox was full.",
    "outbox_refused": "Messages the outbox could not take: disk full, or its limit reached.",
    "outbox_oversize": "Messages larger than a broker should carry, refused before they were kept.",
    "outbox_rebuilt": "Times the outbox file was unreadable, put aside and begun anew.",
    "messages_sent": "Messages handed to the broker for the first time.",
    "messages_resent": "Messages sent again because no receipt came in time.",
    "messages_historical": "Incident messages sent late and marked so.",
    "receipts_stored": "Receipts that said stored or duplicate.",
    "receipts_quarantined": "Receipts that said the centre could not use the message.",
    "receipts_unknown": "Receipts for a message that had already left the outbox.",
    "downward_invalid": "Messages from the centre that could not be understood.",
    "broker_connects": "Times the broker accepted the box.",
    "broker_disconnects": "Times an accepted connection was lost.",
    "broker_refusals": "Times the broker refused the box: wrong name, token or branch.",
    "uploads_completed": "Evidence files the centre has checked and kept.",
    "uploads_retried": "Uploads interrupted or put off, to be resumed.",
    "uploads_rejected": "Uploads whose hash the centre found wrong; begun anew.",
    "uploads_yielded": "Clips put aside in mid-upload because thumbnails or stills had come.",
    "uploads_budget_spent": "Times a link's upload budget of the day was used up.",
    "uploads_missing": "Evidence files that were gone or altered before they were uploaded.",
    "uploads_refused": "Evidence files the centre will never take, removed from the queue.",
    "evidence_stills": "Stills written.",
    "evidence_clips": "Clips written.",
    "evidence_copies": "Playback copies written beside clips that browsers do not play.",
    "evidence_copies_dropped": "Playback copies not begun when the box stopped.",
    "evidence_failures": "Stills, clips or copies that could not be made; the incident says why.",
    "evidence_unfinished": "Half-written evidence files of a killed process, removed at start.",
    "evidence_thumbnails": "Thumbnails written.",
    "evidence_manifests": "Manifests signed and entered into the chain.",
    "evidence_unsealed": "Manifests that could not be written or signed; the log says why.",
    "evidence_removed": "Evidence files deleted from the box by retention or for room.",
    "video_removed": "Files of recorded video deleted by retention or for room.",
    "deletions_refused": "Files that somebody wanted deleted and a legal hold kept.",
    "deletions_unrecorded": "Deletions given up because they could not be recorded first.",
    "deletions_failed": "Files that the disk refused to delete.",
    "chain_entries": "Entries written to the signed chain.",
    "chain_repairs": "Torn last lines of the chain put aside after a power loss.",
    "evidence_unclaimed": "Evidence that came for an incident nobody remembers.",
    "evidence_recovered": "Evidence files of a killed process, cut from the recorded video.",
    "register_refused": "Requests for evidence that the disk refused to remember over a restart.",
    "register_rebuilt": "Times the register of requests was unreadable, put aside and begun anew.",
    "video_bytes_written": "Bytes of video written to the box's disk.",
    "video_packets_dropped": "Packets not recorded because the disk did not keep up.",
    "video_packets_refused": "Packets not recorded because only held things filled the disk.",
    "video_packets_lost": "Packets not recorded after a failed file, up to the next key frame.",
    "video_packets_retimed": "Recorded packets whose time was moved: the camera's had gone back.",
    "video_torn_bytes": "Bytes of video cut off at start: a kill or power cut had torn a picture.",
    "video_failures": "Video files that could not be begun or were given up: disk or codec.",
    "rollouts_activated": "Models that replaced the running one.",
    "rollouts_refused": "Models that were refused, the running one kept.",
    "commands_refused": "Commands from the centre that came too late or are not known.",
}


class Counters:
    """Named counts, safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts = dict.fromkeys(COUNTERS, 0)

    def increment(self, name: str, by: int = 1) -> None:
        """Add ``by`` to a counter.

        Raises:
            KeyError: The name is not in :data:`COUNTERS`.
        """
        with self._lock:
            self._counts[name] += by

    def increment_and_mark(self, name: str) -> bool:
        """Add one to a counter of mistakes; say whether to log it: the 1st, 2nd, 4th, 8th."""
        with self._lock:
            self._counts[name] += 1
            return self._counts[name] & (self._counts[name] - 1) == 0

    def get(self, name: str) -> int:
        """Return one count.

        Raises:
            KeyError: The name is not in :data:`COUNTERS`.
        """
        with self._lock:
            return self._counts[name]

    def snapshot(self) -> dict[str, int]:
        """Return all counts as they are now."""
        with self._lock:
            return dict(self._counts)
