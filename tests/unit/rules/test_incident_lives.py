"""Incidents over their whole lives: evidence, size of messages, order of revisions, memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.contract.messages import EvidenceItem, EvidenceKind, IncidentMessage, Phase
from edge.episodes import rounded, thin_out
from edge.incidents import KEPT_CLOSED, Incidents
from edge.rules.base import IncidentPolicy
from tests.builders import NOON, SHA256
from tests.sightings import BOX, PATIENT, Story, sighting

if TYPE_CHECKING:
    from collections.abc import Iterable


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
