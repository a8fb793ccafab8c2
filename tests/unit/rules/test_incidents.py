"""From sightings to news: opening, merging, cooling down, closing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from edge.contract.messages import ModelRef, Phase
from edge.rules.base import IncidentPolicy
from edge.scene import Moment
from tests.builders import NOON, ManualClock
from tests.sightings import ASIDE, BOX, FAR, PATIENT, Story, opened, sighting


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
