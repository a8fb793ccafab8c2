"""From sightings to news: opening, merging, cooling down, revisions, memory."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.config.camera import CameraConfig, Location
from edge.contract.messages import EvidenceItem, EvidenceKind, IncidentMessage, ModelRef, Phase
from edge.counters import Counters
from edge.incidents import KEPT_CLOSED, IncidentChange, Incidents, Origin, rounded, thin_out
from edge.rules.base import IncidentPolicy
from edge.scene import Moment, Scene, Sighting
from tests.builders import NOON, SHA256, ManualClock

if TYPE_CHECKING:
    from collections.abc import Iterable

CAMERA = CameraConfig(
    id="gate",
    name="Gate",
    frame_size_px=(640, 480),
    location=Location(lat=18.67, lon=105.68),
    area_code="16681",
    legal_source="B",
)
AT_ONCE = IncidentPolicy(clear_after_s=2.0, merge_gap_s=1.0, merge_iou=0.5, cool_down_s=5.0)
PATIENT = IncidentPolicy(min_duration_s=3.0, clear_after_s=2.0, cool_down_s=5.0)
BOX = (100.0, 100.0, 200.0, 200.0)
ASIDE = (110.0, 100.0, 210.0, 200.0)
FAR = (400.0, 100.0, 500.0, 200.0)
Box = tuple[float, float, float, float]


class Story:
    """Sightings told second by second to one camera's incidents."""

    def __init__(self, policy: IncidentPolicy = AT_ONCE, **given: Any) -> None:
        self.counters = Counters()
        self.incidents = Incidents(
            Origin(box_id="n1", camera=CAMERA, software_version="0.1", scene_version="abc"),
            {"red_light": policy, "stop_line": policy},
            self.counters,
            **given,
        )
        self.changes: list[IncidentChange] = []

    def tell(self, now_s: float, *sightings: Sighting, model: ModelRef | None = None) -> None:
        """Let one scene with these sightings pass."""
        self.changes += self.incidents.update(scene(now_s), sightings, model)

    @property
    def phases(self) -> list[tuple[Phase, int]]:
        """Return phase and revision of every message so far."""
        return [(change.message.phase, change.message.revision) for change in self.changes]

    @property
    def messages(self) -> list[IncidentMessage]:
        """Return every message so far."""
        return [change.message for change in self.changes]


def scene(now_s: float) -> Scene:
    """Return an empty scene at a second."""
    return Scene(
        camera_id="gate",
        captured_at=NOON + timedelta(seconds=now_s),
        stream_s=now_s,
        frame_size_px=(640, 480),
    )


def sighting(now_s: float, key: str = "a", box: Box = BOX, **given: Any) -> Sighting:
    """Return a sighting of one vehicle at a second."""
    fields: dict[str, Any] = {
        "rule": "red_light",
        "key": key,
        "occurred_s": now_s,
        "seen_s": now_s,
        "confidence": 0.5,
        "place": "line",
        "object_class": "motorbike",
        "track_ids": (1,),
        "boxes": ((now_s, *box),),
    }
    return Sighting(**(fields | given))


def opened(story: Story) -> int:
    """Return how many incidents were opened."""
    return sum(message.phase is Phase.OPENED for message in story.messages)


def test_a_sure_rule_is_heard_in_the_same_scene() -> None:
    story = Story()

    story.tell(7.0, sighting(7.0, occurred_s=5.5, moments=(Moment(label="on_line", stream_s=5.5),)))

    (change,) = story.changes
    message = change.message
    assert (message.phase, message.revision, message.rule) == (Phase.OPENED, 1, "red_light")
    assert message.message_id == f"{message.incident_id}:1"
    assert (message.clip_s, message.decided_clip_s) == (5.5, 7.0)
    assert message.occurred_at == NOON + timedelta(seconds=5.5)
    assert message.decided_at == message.sent_at == NOON + timedelta(seconds=7)
    assert message.boxes == ((7.0, *BOX),)
    assert (change.occurred_s, change.until_s) == (5.5, 7.0)
    assert change.moments == (Moment(label="on_line", stream_s=5.5),)


def test_a_message_says_where_it_comes_from() -> None:
    story = Story()

    story.tell(1.0, sighting(1.0), model=ModelRef(name="m", version="1"))

    (message,) = story.messages
    assert (message.box_id, message.camera_id, message.area_code) == ("n1", "gate", "16681")
    assert message.location == (18.67, 105.68)
    assert (message.software_version, message.scene_version) == ("0.1", "abc")
    assert message.model == ModelRef(name="m", version="1")
    assert (message.legal_source, message.frame_size_px) == ("B", (640, 480))


def test_an_incident_keeps_the_model_that_opened_it() -> None:
    story = Story()
    old, new = ModelRef(name="m", version="1"), ModelRef(name="m", version="2")

    story.tell(1.0, sighting(1.0), model=old)
    story.tell(9.0, model=new)

    assert [message.model for message in story.messages] == [old, old]


def test_an_incident_is_closed_when_nobody_has_seen_it_for_a_while() -> None:
    story = Story()
    story.tell(1.0, sighting(1.0))
    story.tell(3.0)
    assert story.phases == [(Phase.OPENED, 1)]

    story.tell(3.1)

    assert story.phases == [(Phase.OPENED, 1), (Phase.CLOSED, 2)]
    assert story.messages[-1].ended_at == NOON + timedelta(seconds=1)
    assert story.messages[0].ended_at is None


def test_a_patient_policy_waits_until_the_event_has_lasted() -> None:
    story = Story(PATIENT)
    for tenth in range(40):
        story.tell(tenth / 10, sighting(tenth / 10, occurred_s=0.0))

    (message,) = story.messages
    assert (message.clip_s, message.decided_clip_s) == (0.0, 3.0)


def test_an_event_that_ends_too_soon_is_counted_and_never_told() -> None:
    story = Story(PATIENT)
    story.tell(0.0, sighting(0.0))
    story.tell(1.0, sighting(1.0))
    for second in range(2, 8):
        story.tell(float(second))

    assert story.changes == []
    assert story.counters.get("sightings_too_short") == 1


def test_a_flicker_does_not_close_and_open_again() -> None:
    story = Story()
    for second in (0.0, 1.0, 2.5, 4.0, 5.9):
        story.tell(second, sighting(second))

    assert opened(story) == 1
    assert Phase.CLOSED not in [phase for phase, _ in story.phases]


def test_a_new_track_in_the_place_of_the_lost_one_is_the_same_incident() -> None:
    story = Story()
    story.tell(0.0, sighting(0.0, "a"))
    story.tell(0.8, sighting(0.8, "b", ASIDE, track_ids=(2,)))

    assert opened(story) == 1
    assert story.counters.get("sightings_merged") == 1
    story.tell(5.0)
    assert story.messages[-1].track_ids == (1, 2)


def test_a_key_that_comes_back_after_a_merge_is_still_known() -> None:
    """Two tracks flicker over one vehicle: neither of their keys may open a second incident."""
    story = Story()
    for tenth in range(30):
        key, box = ("a", BOX) if tenth % 2 else ("b", ASIDE)
        story.tell(tenth / 10, sighting(tenth / 10, key, box))

    assert opened(story) == 1
    assert story.counters.get("sightings_merged") == 1


@pytest.mark.parametrize(
    "other",
    [
        {"box": FAR},
        {"place": "other-line"},
        {"rule": "stop_line"},
        {"boxes": ()},
    ],
    ids=["elsewhere", "other place", "other rule", "no boxes"],
)
def test_another_event_is_another_incident(other: dict[str, Any]) -> None:
    story = Story()
    story.tell(0.0, sighting(0.0, "a"))
    story.tell(0.5, sighting(0.5, "b", **other))

    assert opened(story) == 2


def test_two_vehicles_side_by_side_in_one_scene_are_two_incidents() -> None:
    story = Story()
    story.tell(0.0, sighting(0.0, "a"), sighting(0.0, "b", (150.0, 100.0, 250.0, 200.0)))

    assert opened(story) == 2


def test_two_boxes_on_one_vehicle_in_one_scene_are_one_incident() -> None:
    """A detector that boxes the rider and the bike with the rider."""
    story = Story()
    story.tell(0.0, sighting(0.0, "a"), sighting(0.0, "b", (110.0, 100.0, 190.0, 160.0)))

    assert opened(story) == 1


def test_merging_can_be_turned_off() -> None:
    story = Story(IncidentPolicy(merge_iou=1.1))
    story.tell(0.0, sighting(0.0, "a"))
    story.tell(0.5, sighting(0.5, "b"))

    assert opened(story) == 2


def test_a_closed_event_seen_again_soon_raises_nothing() -> None:
    story = Story()
    story.tell(0.0, sighting(0.0))
    story.tell(3.0)
    story.tell(4.0, sighting(4.0))
    story.tell(6.0, sighting(6.0, "b", ASIDE))

    assert story.phases == [(Phase.OPENED, 1), (Phase.CLOSED, 2)]
    assert story.counters.get("sightings_cooled_down") == 2


def test_an_event_that_has_been_away_for_long_is_a_new_one() -> None:
    story = Story()
    story.tell(0.0, sighting(0.0))
    story.tell(3.0)
    story.tell(5.1)
    story.tell(5.2, sighting(5.2))

    assert opened(story) == 2
    first, *_, last = story.messages
    assert first.incident_id != last.incident_id


def test_a_long_event_is_sent_again_when_its_age_has_doubled() -> None:
    """A wreck that stands for an hour costs few messages."""
    story = Story(IncidentPolicy(update_every_s=10.0))
    for second in range(3_600):
        story.tell(float(second), sighting(float(second), occurred_s=0.0))

    sent = [message.sent_at for message in story.messages]
    assert [round((at - NOON).total_seconds()) for at in sent[:5]] == [0, 10, 20, 40, 80]
    assert len(sent) <= 11
    assert {phase for phase, _ in story.phases[1:]} == {Phase.UPDATED}


def test_the_end_of_the_stream_closes_what_is_open() -> None:
    story = Story()
    story.tell(0.0, sighting(0.0, "a"), sighting(0.0, "b", FAR))
    story.tell(3.0, sighting(3.0, "b", FAR))

    closed = story.incidents.finish()

    assert [change.message.phase for change in closed] == [Phase.CLOSED]
    assert story.incidents.finish() == []


def test_the_same_story_has_the_same_ids_and_another_time_has_others() -> None:
    def ids(offset_s: float) -> list[str]:
        story = Story()
        story.tell(offset_s, sighting(offset_s, "a"), sighting(offset_s, "b", FAR))
        return [message.incident_id for message in story.messages]

    assert ids(0.0) == ids(0.0)
    assert not set(ids(0.0)) & set(ids(1.0))
    assert len(set(ids(0.0))) == 2


def test_sent_at_is_the_clock_where_there_is_one() -> None:
    clock = ManualClock()
    clock.advance(100)
    story = Story(now=clock.now)

    story.tell(1.0, sighting(1.0))

    assert story.messages[0].sent_at == NOON + timedelta(seconds=100)


def evidence(name: str) -> EvidenceItem:
    """Return one still."""
    return EvidenceItem(
        evidence_id=name,
        kind=EvidenceKind.STILL,
        media_type="image/jpeg",
        sha256=SHA256,
        size_bytes=1,
        starts_at=NOON,
    )


def test_evidence_of_an_open_incident_makes_an_updated_revision() -> None:
    story = Story()
    story.tell(0.0, sighting(0.0))
    incident_id = story.messages[0].incident_id

    message = story.incidents.attach_evidence(incident_id, [evidence("e1")])

    assert message is not None
    assert (message.phase, message.revision) == (Phase.UPDATED, 2)
    assert message.evidence == (evidence("e1"),)
    story.tell(5.0)
    assert (story.messages[-1].revision, story.messages[-1].phase) == (3, Phase.CLOSED)
    assert story.messages[-1].evidence == (evidence("e1"),)


def test_evidence_of_a_closed_incident_leaves_it_closed() -> None:
    story = Story()
    story.tell(0.0, sighting(0.0))
    for second in (5.0, 20.0, 40.0):
        story.tell(second)
    incident_id = story.messages[0].incident_id

    first = story.incidents.attach_evidence(incident_id, [evidence("e1")])
    second_ = story.incidents.attach_evidence(incident_id, [], "the disk is full")

    assert first is not None
    assert second_ is not None
    assert [(m.phase, m.revision) for m in (first, second_)] == [
        (Phase.CLOSED, 3),
        (Phase.CLOSED, 4),
    ]
    assert (second_.evidence, second_.evidence_missing) == ((), "the disk is full")


def test_evidence_between_closing_and_the_end_of_the_cool_down_is_not_forgotten_later() -> None:
    story = Story()
    story.tell(0.0, sighting(0.0))
    story.tell(3.0)
    incident_id = story.messages[0].incident_id
    story.incidents.attach_evidence(incident_id, [evidence("e1")])
    story.tell(30.0)

    message = story.incidents.attach_evidence(incident_id, [evidence("e1"), evidence("e2")])

    assert message is not None
    assert message.revision == 4


def test_evidence_for_an_unknown_incident_is_refused() -> None:
    assert Story().incidents.attach_evidence("nobody", []) is None


def test_late_evidence_is_waited_for_by_a_bounded_number_of_incidents() -> None:
    story = Story(IncidentPolicy(clear_after_s=0.1, cool_down_s=0.1))
    for number in range(KEPT_CLOSED + 10):
        story.tell(number * 2.0, sighting(number * 2.0, f"k{number}"))
        story.tell(number * 2.0 + 1)

    first, last = story.messages[0], story.messages[-1]
    assert story.incidents.attach_evidence(first.incident_id, []) is None
    assert story.incidents.attach_evidence(last.incident_id, []) is not None


def test_boxes_are_thinned_evenly_and_keep_both_ends() -> None:
    story = Story(IncidentPolicy(update_every_s=1e6), max_boxes=60)
    for tenth in range(3_000):
        story.tell(tenth / 10, sighting(tenth / 10))
    (closed,) = story.incidents.finish()

    boxes = closed.message.boxes
    assert len(boxes) == 60
    assert boxes[0][0] == 0.0
    assert boxes[-1][0] == 299.9
    assert list(boxes) == sorted(boxes)


def test_a_box_is_told_once_although_the_rule_repeats_it() -> None:
    story = Story()
    story.tell(1.0, sighting(1.0, boxes=((0.5, *BOX), (1.0, *BOX))))
    story.tell(2.0, sighting(2.0, boxes=((0.5, *BOX), (1.0, *BOX), (2.0, *BOX))))
    (closed,) = story.incidents.finish()

    assert [box[0] for box in closed.message.boxes] == [0.5, 1.0, 2.0]


def test_a_message_stays_small_enough_for_a_radio_link() -> None:
    story = Story(IncidentPolicy(update_every_s=1e6))
    for tenth in range(6_000):
        box = (100.123456, 100.123456, 200.123456, 200.123456 + tenth / 100)
        story.tell(tenth / 10, sighting(tenth / 10, box=box, track_ids=(tenth,)))
    (closed,) = story.incidents.finish()

    assert len(closed.message.model_dump_json()) < 6_000


def test_confidence_is_the_best_seen() -> None:
    story = Story()
    for second, confidence in ((0.0, 0.4), (1.0, 0.9), (2.0, 0.3)):
        story.tell(second, sighting(second, confidence=confidence))
    (closed,) = story.incidents.finish()

    assert closed.message.confidence == 0.9


def test_rounding_keeps_milliseconds_and_tenths_of_a_pixel() -> None:
    assert rounded((1.23456, 1.04, 2.06, 3.0, 4.0)) == (1.235, 1.0, 2.1, 3.0, 4.0)


@given(count=st.integers(0, 300), limit=st.integers(2, 80))
def test_thinning_never_exceeds_its_limit_nor_loses_the_ends(count: int, limit: int) -> None:
    boxes = [(float(number), 0.0, 0.0, 1.0, 1.0) for number in range(count)]

    kept = thin_out(boxes, limit)

    assert len(kept) == min(count, limit)
    if kept:
        assert (kept[0], kept[-1]) == (boxes[0], boxes[-1])
    assert kept == sorted(set(kept))


sightings_by_scene = st.lists(
    st.lists(
        st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 500)),
        max_size=4,
        unique_by=lambda k: k[0],
    ),
    min_size=1,
    max_size=60,
)


@settings(deadline=None)
@given(told=sightings_by_scene)
def test_whatever_is_sighted_every_incident_lives_one_orderly_life(
    told: list[list[tuple[str, int]]],
) -> None:
    """Opened once at revision 1, revisions without a gap, closed once and last; nothing is kept."""
    story = Story()
    for number, seen in enumerate(told):
        now_s = number * 0.5
        boxes = [(float(x), 0.0, float(x) + 60, 60.0) for _, x in seen]
        story.tell(
            now_s, *(sighting(now_s, k, box) for (k, _), box in zip(seen, boxes, strict=True))
        )
    story.changes += story.incidents.finish()

    lives: dict[str, list[IncidentMessage]] = {}
    for message in story.messages:
        lives.setdefault(message.incident_id, []).append(message)
    for life in lives.values():
        assert [message.revision for message in life] == list(range(1, len(life) + 1))
        phases = [message.phase for message in life]
        assert phases[0] is Phase.OPENED
        assert phases[-1] is Phase.CLOSED
        assert set(phases[1:-1]) <= {Phase.UPDATED}


@given(told=sightings_by_scene)
@settings(deadline=None)
def test_memory_of_events_ends_with_their_cool_down(
    told: list[list[tuple[str, int]]],
) -> None:
    story = Story()
    for number, seen in enumerate(told):
        story.tell(number * 0.5, *(sighting(number * 0.5, key) for key, _ in seen))
    end_s = len(told) * 0.5 + 20
    story.tell(end_s)
    story.tell(end_s + 20)

    assert remembered(story.incidents) == 0


def remembered(incidents: Incidents) -> int:
    """Return how many events are in memory."""
    return len(incidents._episodes)


def test_halving_the_frame_rate_moves_times_by_at_most_one_frame() -> None:
    def times(step_s: float) -> Iterable[float]:
        story = Story(PATIENT)
        for number in range(round(12 / step_s)):
            now_s = number * step_s
            seen = [sighting(now_s, occurred_s=1.0)] if 1.0 <= now_s <= 6.0 else []
            story.tell(now_s, *seen)
        return [(message.sent_at - NOON).total_seconds() for message in story.messages]

    for fine, coarse in zip(times(0.1), times(0.2), strict=True):
        assert abs(fine - coarse) <= 0.2 + 1e-9
