"""Which incidents are one event: found among few neighbours as among all."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from central.incidents.merging import Occurrence, _pairs, is_same_event
from tests.builders import NOON

RULES = ("crash", "stopped_vehicle", "congestion", "obstacle", "pedestrian_on_carriageway")
VINH = (18.67, 105.68)


def incident(incident_id: str, **given: Any) -> Occurrence:
    """Return when and where an incident was."""
    fields: dict[str, Any] = {
        "rule": "stopped_vehicle",
        "box_id": "n1",
        "camera_id": "gate",
        "occurred_at": NOON,
        "decided_at": NOON,
        "ended_at": None,
        "latitude": VINH[0],
        "longitude": VINH[1],
    }
    return Occurrence(incident_id=incident_id, **(fields | given))


def pairs_among_all(rows: list[Occurrence]) -> list[tuple[str, str]]:
    """Return what :func:`_pairs` must find, by asking each about each."""
    found: dict[str, str] = {}
    for part in rows:
        for whole in rows:
            if whole.incident_id not in found and whole is not part and is_same_event(whole, part):
                found[part.incident_id] = whole.incident_id
                break
    return [(whole, part) for part, whole in found.items() if whole not in found]


incidents = st.builds(
    lambda number, rule, camera, second, metres, located: incident(
        f"i{number}",
        rule=rule,
        camera_id=camera,
        occurred_at=NOON + timedelta(seconds=second),
        decided_at=NOON + timedelta(seconds=second + 5),
        latitude=VINH[0] + metres / 111_320 if located else None,
        longitude=VINH[1] if located else None,
    ),
    st.integers(0, 10**6),
    st.sampled_from(RULES),
    st.sampled_from(["a", "b", "c"]),
    st.integers(0, 900),
    st.integers(-600, 600),
    st.booleans(),
)


@given(st.lists(incidents, max_size=20, unique_by=lambda row: row.incident_id))
def test_neighbours_are_found_as_if_each_were_compared_with_each(rows: list[Occurrence]) -> None:
    rows.sort(key=lambda row: (row.occurred_at, row.incident_id))

    assert _pairs(rows) == pairs_among_all(rows)


def test_a_storm_at_one_place_is_looked_through_in_a_moment() -> None:
    """Each with each would be four million comparisons."""
    rows = [
        incident(f"i{number:05}", camera_id=f"c{number % 7}", rule=RULES[number % 5])
        for number in range(2_000)
    ]
    began_s = time.process_time()
    _pairs(rows)

    assert time.process_time() - began_s < 10
