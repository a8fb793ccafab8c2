"""How incidents are matched to the truth of a film, and how figures are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import incident_message
from tests.rendered import FILMS, RULES, Boxes, Tally, finds, is_borne_out, overlap, table

if TYPE_CHECKING:
    from edge.contract.messages import IncidentMessage

FPS = 10.0
BOX = (100.0, 100.0, 140.0, 200.0)
EVENT = {"rule": "wrong_way", "start_s": 5.0, "end_s": 9.0, "tracks": [7]}


def told(rule: str = "wrong_way", **given: Any) -> IncidentMessage:
    """Return an incident decided at 7 s whose box lies on track 7."""
    fields: dict[str, Any] = {"clip_s": 5.5, "decided_clip_s": 7.0, "boxes": ((6.0, *BOX),)}
    return incident_message(rule=rule, **(fields | given))


def truth(*tracks: int, moves_px: float = 0.0) -> Boxes:
    """Return boxes of tracks from 0 to 20 s, moving to the right every frame."""
    x1, y1, x2, y2 = BOX
    places = {n: (x1 + n * moves_px, y1, x2 + n * moves_px, y2) for n in range(1, 201)}
    return dict.fromkeys(tracks, places)


def test_an_incident_finds_an_event_of_its_rule_time_and_place() -> None:
    assert finds(told(), EVENT, truth(7), FPS)


@pytest.mark.parametrize(
    "message",
    [
        told("red_light"),
        told(clip_s=13.0, decided_clip_s=14.0),
        told(clip_s=0.5, decided_clip_s=1.5),
        told(boxes=((6.0, 300.0, 100.0, 340.0, 200.0),)),
        told(boxes=()),
    ],
    ids=["rule", "late", "early", "place", "nowhere"],
)
def test_another_rule_time_or_place_does_not_find_it(message: IncidentMessage) -> None:
    assert not finds(message, EVENT, truth(7), FPS)


def test_somebody_else_at_the_place_does_not_find_it() -> None:
    assert not finds(told(), EVENT, truth(8), FPS)


def test_a_jam_is_found_by_its_time() -> None:
    jam = {"rule": "congestion", "start_s": 0.0, "end_s": 20.0, "tracks": []}

    assert finds(told("congestion", boxes=()), jam, {}, FPS)


def test_who_really_stands_is_no_false_alarm_and_who_moves_is_one() -> None:
    message = told("stopped_vehicle", clip_s=1.0, decided_clip_s=11.0, boxes=((1.0, *BOX),))

    assert is_borne_out(message, set(), truth(3), FPS)
    assert not is_borne_out(message, set(), truth(3, moves_px=0.5), FPS)


def test_who_took_part_in_a_crash_may_be_told_to_stand_or_to_be_on_foot() -> None:
    fallen = told("pedestrian_on_carriageway")

    assert is_borne_out(fallen, {7}, truth(7), FPS)
    assert not is_borne_out(fallen, set(), truth(7), FPS)
    assert not is_borne_out(told("red_light"), {7}, truth(7), FPS)


def test_overlap_is_one_for_the_same_box_and_nothing_for_boxes_apart() -> None:
    assert overlap(BOX, BOX) == pytest.approx(1.0)
    assert overlap(BOX, (200.0, 100.0, 240.0, 200.0)) == 0.0
    assert overlap(BOX, (120.0, 100.0, 160.0, 200.0)) == pytest.approx(1 / 3)


def test_tallies_add_up_and_the_table_has_a_row_for_each_rule() -> None:
    tally = Tally(2, 1, 1, 0, [2.0])
    tally.add(Tally(1, 1, 0, 1, [4.0]))
    way = {rule: tally.as_dict() for rule in RULES}

    assert tally.as_dict() == {
        "events": 3, "found": 2, "false": 1, "unscripted": 1, "delay_s": 3.0,
    }  # fmt: skip
    assert table({"boxes": way, "pixels": way}).count("| 3 | 2 | 2 | 1 | 1 | 3.0 | 3.0 |") == 6


def test_the_seeds_are_ones_that_nothing_is_trained_on_and_each_once() -> None:
    seeds = [film[3] for film in FILMS]

    assert min(seeds) >= 900_000
    assert len(set(seeds)) == len(seeds)
