"""What the traffic component counts, and when it has nothing to say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.indicators.catalogue import Quality
from central.indicators.traffic import (
    MEASURES,
    CameraFacts,
    Facts,
    FlowFact,
    IncidentFact,
    quality,
    total_flow,
)
from edge.contract.catalogue import CATALOGUE as RULES
from edge.contract.catalogue_entry import IncidentClass

EVERY_RULE = CameraFacts(known=2, online=1, rules=frozenset(RULES))
WATCHED = FlowFact(passes=120, timed_passes=100, speed_sum_kmh=4_000.0, observed_s=7_000, cameras=2)


def incident(rule: str = "red_light", status: str = "new", **given: Any) -> IncidentFact:
    """Return an incident of a rule; ``given`` replaces fields."""
    fields: dict[str, Any] = {
        "rule": rule,
        "incident_class": RULES[rule].incident_class.value,
        "status": status,
        "historical": False,
    }
    return IncidentFact(**(fields | given))


def facts(*incidents: IncidentFact, **given: Any) -> Facts:
    """Return an hour that two cameras watched nearly all the time."""
    fields: dict[str, Any] = {
        "flow": WATCHED,
        "incidents": incidents,
        "elapsed_s": 3_600.0,
        "cameras": EVERY_RULE,
    }
    return Facts(**(fields | given))


def value(code: str, seen: Facts) -> float | None:
    """Return the value of a traffic indicator."""
    return MEASURES[f"traffic.{code}"].value(seen)


def test_a_watched_road_where_nothing_happened_counts_zero() -> None:
    assert value("violations", facts()) == 0
    assert value("red_light", facts()) == 0


def test_a_road_that_nobody_watched_has_no_figure() -> None:
    blind = facts(flow=FlowFact())

    assert value("violations", blind) is None
    assert value("red_light", blind) is None
    assert value("vehicle_passes", blind) is None
    assert value("vehicle_flow", blind) is None


def test_a_rule_that_no_camera_runs_has_no_figure() -> None:
    red_light_only = facts(cameras=CameraFacts(known=1, rules=frozenset({"red_light"})))

    assert value("red_light", red_light_only) == 0
    assert value("wrong_way", red_light_only) is None
    assert value("violations", red_light_only) == 0
    assert value("road_incidents", red_light_only) is None


def test_an_incident_counts_even_where_telemetry_is_missing() -> None:
    seen = facts(incident("wrong_way"), flow=FlowFact(), cameras=CameraFacts())

    assert value("wrong_way", seen) == 1
    assert value("violations", seen) == 1


def test_violations_and_road_incidents_are_counted_apart() -> None:
    seen = facts(incident("red_light"), incident("congestion"), incident("stopped_vehicle"))

    assert value("violations", seen) == 1
    assert value("road_incidents", seen) == 2
    assert value("congestion", seen) == 1


def test_what_an_officer_rejected_is_not_counted() -> None:
    seen = facts(incident(status="rejected"), incident(status="confirmed"), incident())

    assert value("violations", seen) == 2
    assert value("red_light", seen) == 2


def test_the_share_confirmed_is_of_those_reviewed() -> None:
    seen = facts(
        incident(status="confirmed"),
        incident(status="confirmed"),
        incident(status="confirmed"),
        incident(status="rejected"),
        incident(status="acknowledged"),
        incident(status="new"),
    )

    assert value("confirmed_share", seen) == 75.0


def test_incidents_that_are_alike_count_as_many_as_they_are() -> None:
    seen = facts(
        incident(status="confirmed", count=3), incident(status="rejected"), incident(count=5)
    )

    assert value("confirmed_share", seen) == 75.0
    assert value("violations", seen) == 8


def test_with_nothing_reviewed_there_is_no_share() -> None:
    assert value("confirmed_share", facts(incident())) is None


def test_the_response_time_is_the_mean_wait_in_minutes() -> None:
    seen = facts(
        incident(answered_after_s=120.0),
        incident(answered_after_s=300.0),
        incident(),
    )

    assert value("response_time", seen) == 3.5


def test_a_message_that_came_late_does_not_lengthen_the_response() -> None:
    late = incident(historical=True, answered_after_s=9 * 3_600.0)

    assert value("response_time", facts(late)) is None


def test_the_flow_is_per_hour_of_camera_time() -> None:
    half_seen = facts(flow=FlowFact(passes=300, observed_s=1_800, cameras=1))

    assert value("vehicle_passes", half_seen) == 300
    assert value("vehicle_flow", half_seen) == 600


def test_a_few_seconds_of_camera_time_give_no_hourly_rate() -> None:
    glimpse = facts(flow=FlowFact(passes=3, observed_s=20, cameras=1))

    assert value("vehicle_flow", glimpse) is None


def test_the_mean_speed_is_over_vehicles_with_a_speed() -> None:
    assert value("mean_speed", facts()) == 40.0
    assert value("mean_speed", facts(flow=replace(WATCHED, timed_passes=0))) is None


def test_cameras_operating_is_a_share_of_those_known() -> None:
    assert value("cameras_online", facts()) == 50.0
    assert value("cameras_online", facts(cameras=CameraFacts())) is None


@pytest.mark.parametrize(
    ("observed_s", "expected"),
    [(7_200.0, Quality.OK), (6_480.0, Quality.OK), (6_479.0, Quality.ESTIMATED)],
)
def test_a_count_is_estimated_when_a_tenth_of_the_camera_time_is_missing(
    observed_s: float, expected: Quality
) -> None:
    seen = facts(flow=replace(WATCHED, observed_s=observed_s))

    assert quality(MEASURES["traffic.violations"], seen) is expected


def test_a_count_without_telemetry_is_estimated() -> None:
    seen = facts(incident(), flow=FlowFact())

    assert quality(MEASURES["traffic.violations"], seen) is Quality.ESTIMATED


def test_figures_about_people_do_not_depend_on_what_cameras_saw() -> None:
    blind = facts(incident(status="confirmed"), flow=FlowFact())

    assert quality(MEASURES["traffic.confirmed_share"], blind) is Quality.OK
    assert quality(MEASURES["traffic.response_time"], blind) is Quality.OK


flows = st.builds(
    FlowFact,
    passes=st.integers(0, 1_000),
    timed_passes=st.integers(0, 1_000),
    speed_sum_kmh=st.floats(0, 1e5),
    observed_s=st.floats(0, 3_600),
    cameras=st.integers(0, 20),
)


@given(st.lists(flows))
def test_adding_hours_loses_no_vehicle(hours: list[FlowFact]) -> None:
    total = total_flow(hours)

    assert total.passes == sum(hour.passes for hour in hours)
    assert total.observed_s == pytest.approx(sum(hour.observed_s for hour in hours))
    assert total.cameras == max((hour.cameras for hour in hours), default=0)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(sorted(RULES)),
            st.sampled_from(["new", "acknowledged", "confirmed", "rejected"]),
        )
    )
)
def test_the_counts_per_rule_add_up_to_the_counts_per_class(seen: list[tuple[str, str]]) -> None:
    hour = facts(*(incident(rule, status) for rule, status in seen))
    counted = {IncidentClass.VIOLATION, IncidentClass.INCIDENT}
    on_the_road = [rule for rule in RULES if RULES[rule].incident_class in counted]
    per_rule = sum(value(rule, hour) or 0 for rule in on_the_road)

    assert per_rule == (value("violations", hour) or 0) + (value("road_incidents", hour) or 0)
