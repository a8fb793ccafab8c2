"""What is news enough to disturb somebody."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.alerts import policy
from central.alerts.policy import News, Silence, Standing, Verdict
from central.tables.incidents import INHIBITS
from edge.contract.catalogue import CATALOGUE
from edge.contract.catalogue_entry import IncidentClass, Severity
from tests.builders import NOON

CRASHES = [rule for rule in CATALOGUE if policy.is_crash(rule)]


def news(**given: Any) -> News:
    """Return an incident that is loud enough to be told."""
    fields: dict[str, Any] = {
        "incident_id": "i1",
        "rule": "wrong_way",
        "box_id": "box-1",
        "camera_id": "gate",
        "area_code": "16681",
        "level": 0,
        "occurred_at": NOON,
        "received_at": NOON + timedelta(seconds=1),
    }
    return News(**(fields | given))


def standing(**given: Any) -> Standing:
    """Return an alert that waits for an answer."""
    fields: dict[str, Any] = {
        "acknowledged": False,
        "level": 0,
        "camera_ids": frozenset({"gate"}),
    }
    return Standing(**(fields | given))


def verdict(
    incident: News,
    alert: Standing | None = None,
    silences: tuple[Silence, ...] = (),
    inhibited: frozenset[str] = frozenset(),
) -> Verdict:
    return policy.decide(incident, alert, silences, inhibited).verdict


def test_a_loud_incident_opens_an_alert_and_people_are_told() -> None:
    decision = policy.decide(news(), None, (), ())

    assert (decision.verdict, decision.tell) == (Verdict.OPENED, True)


def test_a_soft_one_disturbs_nobody() -> None:
    soft = next(rule for rule, e in CATALOGUE.items() if e.severity is Severity.LOW)

    assert verdict(news(rule=soft)) is Verdict.QUIET


def test_a_rule_that_only_a_newer_box_knows_is_quiet_and_not_lost() -> None:
    assert verdict(news(rule="from_the_future")) is Verdict.QUIET


def test_more_of_the_same_cause_joins_without_telling_again() -> None:
    decision = policy.decide(news(camera_id="other"), standing(), (), ())

    assert (decision.verdict, decision.tell) == (Verdict.JOINED, False)


@pytest.mark.parametrize(
    ("camera_id", "level", "told"),
    [("gate", 0, False), ("other", 0, True), ("gate", 1, True)],
)
def test_an_answered_alert_is_news_again_elsewhere_or_when_it_is_worse(
    camera_id: str, level: int, *, told: bool
) -> None:
    answered = standing(acknowledged=True)
    decision = policy.decide(news(camera_id=camera_id, level=level), answered, (), ())

    assert (decision.verdict, decision.tell) == (Verdict.JOINED, told)


@pytest.mark.parametrize(
    ("silence", "covered"),
    [
        (Silence(rule="wrong_way"), True),
        (Silence(camera_id="gate"), True),
        (Silence(area_code="16681", rule="wrong_way"), True),
        (Silence(area_code="16681", rule="red_light"), False),
        (Silence(camera_id="other"), False),
    ],
)
def test_a_silence_covers_what_all_its_fields_name(silence: Silence, *, covered: bool) -> None:
    assert (verdict(news(), silences=(silence,)) is Verdict.SILENCED) is covered


def test_a_camera_that_cannot_be_trusted_silences_its_own_rules_and_no_other_camera() -> None:
    blind = frozenset({"gate"})

    assert verdict(news(), inhibited=blind) is Verdict.INHIBITED
    assert verdict(news(camera_id="other"), inhibited=blind) is Verdict.OPENED


@pytest.mark.parametrize("rule", CRASHES)
def test_a_crash_is_told_whatever_was_silenced_or_cannot_be_trusted(rule: str) -> None:
    crash = news(rule=rule)

    assert verdict(crash, silences=(Silence(rule=rule),)) is Verdict.OPENED
    assert verdict(crash, inhibited=frozenset({"gate"})) is Verdict.OPENED


def test_what_comes_long_after_it_happened_is_late() -> None:
    late = news(received_at=NOON + policy.LATE_AFTER + timedelta(seconds=1))

    assert verdict(late) is Verdict.LATE
    assert verdict(news(historical=True)) is Verdict.LATE


def test_one_commune_is_one_cause_and_a_crash_is_its_cameras_own() -> None:
    assert policy.cause_of(news()) == policy.cause_of(news(camera_id="other"))
    assert policy.cause_of(news()) != policy.cause_of(news(area_code="1"))
    assert policy.cause_of(news(area_code="")) != policy.cause_of(
        news(area_code="", camera_id="other")
    )
    for rule in CRASHES:
        assert policy.cause_of(news(rule=rule)) != policy.cause_of(
            news(rule=rule, camera_id="other")
        )


def test_devices_of_one_box_are_one_cause() -> None:
    for rule, entry in CATALOGUE.items():
        if entry.incident_class is IncidentClass.DEVICE:
            here, there = news(rule=rule), news(rule=rule, camera_id="other", area_code="1")
            assert policy.cause_of(here) == policy.cause_of(there)


def test_an_unanswered_alert_goes_to_the_shift_lead_and_then_to_the_commander() -> None:
    assert policy.escalates_at(NOON, 0) == NOON + timedelta(seconds=60)
    assert policy.escalates_at(NOON, 1) == NOON + timedelta(minutes=5)
    assert policy.escalates_at(NOON, 2) is None


@given(
    st.sampled_from([*CATALOGUE, "from_the_future"]),
    st.integers(0, 3),
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, standing(), standing(acknowledged=True)]),
)
def test_whoever_is_told_is_told_of_something_loud(
    rule: str,
    level: int,
    historical: bool,  # noqa: FBT001 - drawn
    blind: bool,  # noqa: FBT001 - drawn
    alert: Standing | None,
) -> None:
    incident = news(rule=rule, level=level, historical=historical)
    decision = policy.decide(incident, alert, (), {"gate"} if blind else ())
    if decision.tell:
        assert decision.verdict in {Verdict.OPENED, Verdict.JOINED}
        assert policy.severity_of(rule) in {Severity.HIGH, Severity.CRITICAL}
        assert not historical


def test_the_index_of_what_inhibits_holds_the_rules_that_do() -> None:
    assert set(re.findall(r"'(\w+)'", INHIBITS)) == policy.INHIBITING
