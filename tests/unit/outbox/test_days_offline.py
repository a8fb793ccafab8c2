"""How long a box lasts without its centre: computed from the configured limits at a stated rate.

The rate is a busy junction's: an incident every 30 s, day and night, over all cameras of the box.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from edge.config.box import EvidenceConfig, OutboxConfig, RetentionConfig, VideoConfig
from edge.contract.messages import EvidenceItem, EvidenceKind, IncidentMessage, Phase
from edge.counters import Counters
from edge.outbox import Outbox
from tests.builders import NOON, SHA256, ManualClock, incident_message

if TYPE_CHECKING:
    from pathlib import Path

DAY_S = 86_400.0
INCIDENTS_PER_DAY = DAY_S / 30
SAMPLE = 200
DISK_BYTES = 128e9
"""The smallest disk that a box is sold with."""
CLIP_BYTES_PER_S = 4e6 / 8
"""A 1080p camera at 4 Mbit/s."""
OTHER_BYTES = 4 * 250_000 + 20_000 + 30_000
"""Four stills, a thumbnail, overlay and manifest of one incident."""
LABELS = ("thumbnail", "wide", "before", "on", "past", "overlay", "clip", "manifest")


def life(number: int) -> list[IncidentMessage]:
    """Return the four revisions of one incident: opened, stills, clip, closed and sealed."""
    boxes = tuple((0.1 * n, 100.123 + n, 80.25, 160.75 + n, 140.5) for n in range(60))
    evidence = tuple(
        EvidenceItem(
            evidence_id=f"n1-gate-20260302T050000-{number:06}.{label}",
            kind=EvidenceKind.STILL,
            media_type="image/jpeg",
            sha256=SHA256,
            size_bytes=250_000,
            label=label,
            starts_at=NOON,
        )
        for label in LABELS
    )
    phases = (Phase.OPENED, Phase.UPDATED, Phase.UPDATED, Phase.CLOSED)
    return [
        incident_message(
            f"n1-gate-20260302T050000-{number:06}",
            revision,
            phase=phase,
            boxes=boxes,
            evidence=evidence[: 3 * (revision - 1)],
        )
        for revision, phase in enumerate(phases, start=1)
    ]


def test_the_outbox_holds_a_week_of_incidents_with_all_their_revisions(tmp_path: Path) -> None:
    """Bytes per incident are measured on a real outbox; its limit is the configured default."""
    outbox = Outbox(
        tmp_path / "o.sqlite3", config=OutboxConfig(), clock=ManualClock(), counters=Counters()
    )
    empty = outbox._used_bytes()
    for number in range(SAMPLE):
        assert all(outbox.put(message) for message in life(number))
    per_incident = (outbox._used_bytes() - empty) / SAMPLE
    outbox.close()
    days = OutboxConfig().max_bytes / (per_incident * INCIDENTS_PER_DAY)
    print(f"\n{per_incident / 1e3:.1f} kB per incident: {days:.1f} days")  # noqa: T201  # a figure
    assert per_incident > 10_000, "the sample is smaller than real incidents"
    assert days >= 7


def test_the_disk_holds_a_day_of_evidence_that_nobody_could_fetch() -> None:
    """Video gives way to evidence, so all but the reserves is there for it."""
    evidence = EvidenceConfig()
    clip = (evidence.before_s + evidence.after_s) * CLIP_BYTES_PER_S
    per_day = (clip + OTHER_BYTES) * INCIDENTS_PER_DAY
    room = DISK_BYTES - VideoConfig().reserve_bytes - OutboxConfig().max_bytes
    print(f"\n{per_day / 1e9:.1f} GB of evidence a day: {room / per_day:.1f} days")  # noqa: T201  # a figure
    assert room / per_day >= 1


def test_evidence_that_was_not_delivered_cannot_be_told_to_go_within_a_day() -> None:
    assert RetentionConfig().undelivered_s >= 7 * DAY_S
    with pytest.raises(ValidationError):
        RetentionConfig(undelivered_s=DAY_S - 1)


def test_a_week_offline_is_sent_as_historical_and_in_order(tmp_path: Path) -> None:
    """The clock stands for the week; what was put before it is late, what comes now is not."""
    clock = ManualClock()
    outbox = Outbox(tmp_path / "o.sqlite3", config=OutboxConfig(), clock=clock, counters=Counters())
    for number in range(7):
        outbox.put(incident_message(f"day{number}"))
        clock.advance(DAY_S)
    outbox.put(incident_message("now"))
    parcels = outbox.take_messages(window=10, retry_after_s=5)
    outbox.close()
    assert [p.message_id for p in parcels] == ["now:1", *(f"day{n}:1" for n in range(7))]
    assert [p.late for p in parcels] == [False, *([True] * 7)]
