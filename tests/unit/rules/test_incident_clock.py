"""Incidents across a step of the box's clock: the newest revision is right on the new clock."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from edge.contract.messages import EvidenceItem, EvidenceKind, Phase, SignalChange
from edge.scene import TimeQuality
from tests.builders import NOON, SHA256
from tests.sightings import Story, sighting

if TYPE_CHECKING:
    from datetime import datetime

HOUR = timedelta(hours=1)
BEFORE = TimeQuality("arrival", None, "untrusted")
AFTER = TimeQuality("arrival", None, "trusted", stepped_s=3600.0)


def at(stream_s: float) -> datetime:
    """Return the wall time of a stream second before the step."""
    return NOON + timedelta(seconds=stream_s)


def clip(starts_at: datetime, start_clip_s: float) -> EvidenceItem:
    """Return a clip of three seconds."""
    return EvidenceItem(
        evidence_id="i1.clip",
        kind=EvidenceKind.CLIP,
        media_type="video/mp4",
        sha256=SHA256,
        size_bytes=1,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(seconds=3),
        start_clip_s=start_clip_s,
    )


def change(clip_s: float, when: datetime) -> SignalChange:
    """Return one entry of the signal log."""
    return SignalChange(signal_id="s", state="red", clip_s=clip_s, at=when)


def test_an_incident_says_what_its_time_rests_on() -> None:
    story = Story()
    story.tell(1.0, sighting(1.0), quality=TimeQuality("rtcp", -0.7, "doubtful"))

    (message,) = story.messages
    assert (message.time_source, message.clock_offset_s) == ("rtcp", -0.7)
    assert message.time_trust == "doubtful"


@pytest.mark.parametrize("step_s", [3600.0, -3600.0, -7 * 3600.0])
def test_an_incident_open_across_a_step_is_closed_on_the_new_clock(step_s: float) -> None:
    story, step = Story(), timedelta(seconds=step_s)
    story.tell(1.0, sighting(1.0), quality=BEFORE)
    after = TimeQuality("arrival", None, "trusted", stepped_s=step_s)
    story.tell(2.0, sighting(2.0), step=step, quality=after)
    story.tell(30.0, step=step, quality=after)

    opened, closed = story.messages[0], story.messages[-1]
    assert closed.phase is Phase.CLOSED
    assert opened.occurred_at == at(1.0)
    assert closed.occurred_at == at(1.0) + step
    assert closed.decided_at == opened.decided_at + step
    assert closed.ended_at == at(2.0) + step
    assert closed.incident_id == opened.incident_id
    assert (opened.time_trust, closed.time_trust) == ("untrusted", "trusted")
    assert (closed.clip_s, closed.decided_clip_s) == (opened.clip_s, opened.decided_clip_s)


def test_what_began_before_a_step_and_is_told_after_it_is_right_at_once() -> None:
    story = Story()
    story.tell(4.0, quality=BEFORE)
    story.tell(5.0, sighting(5.0, occurred_s=3.0), step=HOUR, quality=AFTER)

    (message,) = story.messages
    assert message.occurred_at == at(3.0) + HOUR
    assert message.time_trust == "trusted"


def test_the_signal_log_of_before_a_step_follows_the_incident() -> None:
    story = Story()
    log = (change(0.5, at(0.5)), change(5.0, at(5.0) + HOUR))
    story.tell(4.0, quality=BEFORE)
    story.tell(6.0, sighting(6.0, signal_log=log), step=HOUR, quality=AFTER)

    (message,) = story.messages
    assert [entry.at for entry in message.signal_log] == [at(0.5) + HOUR, at(5.0) + HOUR]


def test_evidence_cut_on_the_old_clock_follows_the_incident() -> None:
    story = Story()
    story.tell(1.0, sighting(1.0), quality=BEFORE)
    incident_id = story.messages[0].incident_id
    story.tell(2.0, sighting(2.0), step=HOUR, quality=AFTER)
    message = story.incidents.attach_evidence(incident_id, [clip(at(0.0), 0.0)])

    assert message is not None
    assert message.evidence[0].starts_at == at(0.0) + HOUR
    assert message.evidence[0].ends_at == at(3.0) + HOUR
    assert message.evidence[0].start_clip_s == 0.0


def test_evidence_that_was_told_before_a_step_is_moved_with_its_closed_incident() -> None:
    story = Story()
    story.tell(1.0, sighting(1.0), quality=BEFORE)
    incident_id = story.messages[0].incident_id
    story.incidents.attach_evidence(incident_id, [clip(at(0.0), 0.0)])
    story.tell(20.0, quality=BEFORE)
    story.tell(25.0, step=HOUR, quality=AFTER)
    still = clip(at(1.0), 1.0).model_copy(update={"evidence_id": "i1.wide"})
    message = story.incidents.attach_evidence(incident_id, [clip(at(0.0), 0.0), still])

    assert message is not None
    assert message.phase is Phase.CLOSED
    assert message.occurred_at == at(1.0) + HOUR
    assert message.ended_at is not None
    assert message.ended_at >= message.occurred_at
    assert [item.starts_at for item in message.evidence] == [at(0.0) + HOUR, at(1.0) + HOUR]


def test_a_camera_s_own_time_is_not_moved_by_a_small_step_of_the_box() -> None:
    story = Story()
    rtcp = TimeQuality("rtcp", 0.1, "trusted")
    story.tell(1.0, sighting(1.0), quality=rtcp)
    later = TimeQuality("rtcp", -0.9, "doubtful", stepped_s=1.0)
    story.tell(2.0, sighting(2.0), quality=later)
    story.tell(30.0, quality=later)

    assert {message.occurred_at for message in story.messages} == {at(1.0)}
    assert {message.time_trust for message in story.messages} == {"trusted"}


def test_an_incident_told_before_the_camera_s_first_report_learns_of_its_clock() -> None:
    story = Story()
    story.tell(1.0, sighting(1.0), quality=TimeQuality("arrival", None, "trusted"))
    story.tell(3.0, sighting(3.0), quality=TimeQuality("arrival", 25_200.0, "untrusted"))
    story.tell(9.0, quality=TimeQuality("arrival", 25_200.1, "untrusted"))

    opened, closed = story.messages[0], story.messages[-1]
    assert (opened.clock_offset_s, opened.time_trust) == (None, "trusted")
    assert (closed.clock_offset_s, closed.time_trust) == (25_200.1, "untrusted")
    assert (closed.time_source, closed.occurred_at) == ("arrival", at(1.0))


def test_without_a_step_nothing_moves_however_late_evidence_comes() -> None:
    story = Story()
    story.tell(1.0, sighting(1.0), quality=BEFORE)
    story.tell(9.0, quality=BEFORE)
    item = clip(at(0.2), 0.0)  # 0.2 s of network delay between two anchors
    message = story.incidents.attach_evidence(story.messages[0].incident_id, [item])

    assert message is not None
    assert message.evidence == (item,)
    assert message.occurred_at == at(1.0)
