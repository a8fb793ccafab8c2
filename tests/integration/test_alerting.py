"""Alerts from the stored incident to the sent text, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from central import migrations
from central.alerts import policy
from central.alerts.dispatch import GIVE_UP_TRIES, dispatch
from central.alerts.watch import watch
from central.auth.schemas import Role
from central.incidents import service as incidents
from central.incidents.case_schemas import StepKind
from central.incidents.schemas import Review
from central.tables.alerts import (
    AlertDeliveryRow,
    AlertEventRow,
    AlertIncidentRow,
    AlertRow,
    SilenceRow,
)
from central.tables.incidents import IncidentRow
from central.tables.users import UserRow
from edge.contract.catalogue import CATALOGUE
from tests.alerting import COMMANDER, LEAD, TEAM, AlertingCentre, on_call
from tests.builders import NOON
from tests.centre import add_person

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from central.db import Database

DAY_S = 24 * 3600


@pytest.fixture
def centre(database: Database, tmp_path: Path) -> AlertingCentre:
    """A centre with people on call."""
    return AlertingCentre(database, tmp_path)


def rows(centre: AlertingCentre, table: type[Any]) -> Sequence[Any]:
    """Return all rows of a table."""
    with centre.parts.database.read() as session:
        return session.scalars(select(table)).all()


def acknowledge(centre: AlertingCentre, incident_id: str) -> None:
    """Let an officer acknowledge an incident, as on its page."""
    with centre.parts.database.write() as session:
        version = session.get_one(IncidentRow, incident_id).version
        incidents.review(
            session,
            centre.parts,
            incident_id,
            StepKind.ACKNOWLEDGE,
            Review(version=version),
            session.get_one(UserRow, TEAM),
        )


def test_an_incident_reaches_the_team_within_a_tick(centre: AlertingCentre) -> None:
    centre.happen()
    centre.tick()

    assert centre.outbox.told == [TEAM]
    [alert] = rows(centre, AlertRow)
    assert f"[{alert.code}]" in centre.outbox.sent[0][1]


def test_unanswered_it_goes_to_the_shift_lead_and_the_commander_and_stays_open(
    centre: AlertingCentre,
) -> None:
    centre.happen()
    centre.run(59)
    assert centre.outbox.told == [TEAM]
    centre.run(15)
    assert centre.outbox.told == [TEAM, LEAD]
    centre.run(300)
    assert centre.outbox.told == [TEAM, LEAD, COMMANDER]
    centre.run(3600, 60)

    assert centre.outbox.told == [TEAM, LEAD, COMMANDER]
    assert [alert.status for alert in rows(centre, AlertRow)] == ["open"]


def test_an_alert_that_nobody_answers_for_a_day_ends_and_says_so(centre: AlertingCentre) -> None:
    centre.happen()
    centre.run(360, 60)
    centre.tick(policy.UNANSWERED_AFTER.total_seconds() + 60)

    [alert] = rows(centre, AlertRow)
    assert (alert.status, alert.acknowledged_by) == ("ended", None)
    assert centre.parts.metrics.registry.get_sample_value("songlam_alerts_unanswered_total") == 1
    centre.happen()
    centre.tick()
    assert centre.outbox.told == [TEAM, LEAD, COMMANDER, TEAM]


def test_an_acknowledged_incident_answers_its_alert(centre: AlertingCentre) -> None:
    incident = centre.happen()
    centre.tick()
    acknowledge(centre, incident)
    centre.run(600)

    assert centre.outbox.told == [TEAM]
    [alert] = rows(centre, AlertRow)
    assert (alert.status, alert.acknowledged_by) == ("acknowledged", TEAM)
    centre.run(600, 60)
    assert [alert.status for alert in rows(centre, AlertRow)] == ["ended"]


def test_a_storm_of_one_cause_tells_three_people_once(centre: AlertingCentre) -> None:
    for _ in range(10):
        centre.burst([{"camera_id": f"camera-{number}"} for number in range(100)])
        centre.tick(5)
    centre.run(600, 30)

    assert centre.outbox.told == [TEAM, LEAD, COMMANDER]
    [alert] = rows(centre, AlertRow)
    assert alert.incidents == 1_000


def test_what_a_box_brings_back_after_days_is_passed_over_at_once(centre: AlertingCentre) -> None:
    centre.burst(
        [{"camera_id": f"camera-{number % 7}", "historical": True} for number in range(450)]
    )
    centre.tick()

    assert centre.outbox.told == []
    assert {row.verdict for row in rows(centre, AlertIncidentRow)} == {"late"}
    assert len(rows(centre, AlertIncidentRow)) == 450
    assert rows(centre, AlertRow) == []


def test_an_answered_alert_is_told_again_from_another_camera_only(centre: AlertingCentre) -> None:
    first = centre.happen()
    centre.tick()
    acknowledge(centre, first)
    centre.tick()
    centre.happen()
    centre.tick()
    assert centre.outbox.told == [TEAM]

    centre.happen(camera_id="other")
    centre.tick()
    assert centre.outbox.told == [TEAM, TEAM]
    centre.run(120)
    assert centre.outbox.told == [TEAM, TEAM, LEAD]


def test_a_silenced_rule_disturbs_nobody_until_the_silence_is_over(centre: AlertingCentre) -> None:
    with centre.parts.database.write() as session:
        session.add(
            SilenceRow(
                rule="wrong_way",
                camera_id="",
                area_code="",
                author="lead",
                reason="roadworks",
                created_at=NOON,
                expires_at=NOON + timedelta(minutes=10),
            )
        )
    centre.happen()
    centre.run(300)
    assert centre.outbox.told == []
    centre.run(400)
    centre.happen()
    centre.tick()

    assert centre.outbox.told == [TEAM]
    assert [row.verdict for row in rows(centre, AlertIncidentRow)] == ["silenced", "opened"]


@pytest.mark.parametrize("rule", sorted(policy.INHIBITING & CATALOGUE.keys()))
def test_a_camera_out_of_order_silences_its_own_rules_until_it_is_back(
    centre: AlertingCentre, rule: str
) -> None:
    blind = centre.happen(rule=rule, camera_id="gate")
    centre.tick(10)
    centre.happen(camera_id="gate")
    centre.happen(camera_id="other", area_code="17000")
    centre.tick()
    assert centre.outbox.told == [TEAM]
    centre.close(blind, rule=rule, camera_id="gate", occurred_at=NOON)
    centre.tick(policy.SETTLING.total_seconds() + 1)
    centre.happen(camera_id="gate")
    centre.tick()

    assert centre.outbox.told == [TEAM, TEAM]


def test_an_incident_that_gets_worse_is_decided_again(centre: AlertingCentre) -> None:
    first = centre.happen(rule="pedestrian_on_carriageway", level=1)
    centre.tick()
    acknowledge(centre, first)
    centre.tick()
    centre.happen(incident_id=first, revision=2, rule="pedestrian_on_carriageway", level=2)
    centre.tick()

    assert centre.outbox.told == [TEAM, TEAM]
    [alert] = rows(centre, AlertRow)
    assert (alert.incidents, alert.incident_level) == (1, 2)


def test_a_step_without_anybody_on_call_passes_to_the_next_at_once(
    database: Database, tmp_path: Path
) -> None:
    centre = AlertingCentre(database, tmp_path)
    with database.write() as session:
        for shift in session.scalars(select(type(on_call("x", 0)))).all():
            if shift.step == 0:
                session.delete(shift)
    centre.happen()
    centre.tick()

    assert centre.outbox.told == [LEAD]


def test_a_shift_of_one_commune_hears_of_that_commune_only(centre: AlertingCentre) -> None:
    add_person(centre.parts.database, "commune", Role.OFFICER, centre.clock.now)
    with centre.parts.database.write() as session:
        session.add(on_call("commune", 0, "17000"))
        from central.tables.alerts import ContactRow  # noqa: PLC0415 - one use

        session.add(
            ContactRow(username="commune", channel="sms", address="commune", created_at=NOON)
        )
    centre.happen(area_code="16681")
    centre.happen(area_code="17000")
    centre.tick()

    assert sorted(centre.outbox.told) == ["commune", TEAM, TEAM]


def test_a_gateway_that_fails_is_tried_again_until_it_works(centre: AlertingCentre) -> None:
    centre.outbox.failures = 2
    centre.happen()
    centre.run(50)

    assert centre.outbox.told == [TEAM]
    delivery = next(row for row in rows(centre, AlertDeliveryRow) if row.step == 0)
    assert (delivery.state, delivery.tries, delivery.error) == ("sent", 3, "")


def test_a_refusal_for_good_and_too_many_tries_are_given_up_with_the_reason(
    centre: AlertingCentre,
) -> None:
    centre.outbox.failures, centre.outbox.final = 1, True
    centre.happen()
    centre.tick()
    [delivery] = rows(centre, AlertDeliveryRow)
    assert (delivery.state, delivery.tries) == ("given_up", 1)
    assert "down" in delivery.error

    centre.outbox.failures, centre.outbox.final = 10**6, False
    centre.happen(area_code="17000")
    centre.run(3 * 3600, 60)
    tried = [row for row in rows(centre, AlertDeliveryRow) if row.alert_id != delivery.alert_id]
    assert {(row.state, row.tries) for row in tried} == {("given_up", GIVE_UP_TRIES)}


def test_a_channel_that_is_no_longer_configured_is_said(centre: AlertingCentre) -> None:
    centre.happen()
    watch(centre.parts)
    dispatch(centre.parts, {})

    [delivery] = rows(centre, AlertDeliveryRow)
    assert delivery.state == "given_up"
    assert "sms is not configured" in delivery.error


def test_what_was_answered_before_it_was_sent_is_not_sent(centre: AlertingCentre) -> None:
    incident = centre.happen()
    watch(centre.parts)
    acknowledge(centre, incident)
    centre.clock.advance(1)
    watch(centre.parts)
    dispatch(centre.parts, {"sms": centre.outbox})

    assert centre.outbox.told == []


def test_a_centre_killed_while_sending_sends_again(centre: AlertingCentre) -> None:
    class Killed(BaseException):
        """What no error handling stops."""

    class Dying:
        def send(self, address: str, text: object, delivery_id: int) -> None:
            del address, text, delivery_id
            raise Killed

    centre.happen()
    watch(centre.parts)
    with pytest.raises(Killed):
        dispatch(centre.parts, {"sms": Dying()})
    centre.run(30)

    assert centre.outbox.told == [TEAM]


def test_a_day_of_queues_and_repeats_disturbs_people_a_tenth_as_often(
    centre: AlertingCentre,
) -> None:
    """Four cameras; each hour the same things are seen again and again."""
    burst = [
        {"camera_id": f"camera-{camera}", "rule": rule}
        for camera in range(4)
        for rule in ("wrong_way", "stop_line")
        for _ in range(5)
    ]
    for _ in range(24):
        centre.burst(burst)
        centre.tick(5)
        for row in rows(centre, AlertRow):
            if row.status == "open":
                with centre.parts.database.read() as session:
                    member = session.scalar(
                        select(AlertIncidentRow.incident_id).where(
                            AlertIncidentRow.alert_id == row.id
                        )
                    )
                assert member is not None
                acknowledge(centre, member)
        centre.run(DAY_S / 24 - 60, 600)

    assert len(centre.outbox.told) <= 24 * len(burst) * 0.1
    with centre.parts.database.read() as session:
        untold = session.scalar(
            select(func.count())
            .select_from(AlertIncidentRow)
            .join(IncidentRow, IncidentRow.incident_id == AlertIncidentRow.incident_id)
            .where(IncidentRow.rule == "wrong_way", AlertIncidentRow.alert_id.is_(None))
        )
    assert untold == 0


def test_the_history_says_when_each_step_was_told_to_whom_and_who_answered(
    centre: AlertingCentre,
) -> None:
    first = centre.happen()
    centre.tick()
    opened = centre.clock.now()
    centre.run(70, 10)
    acknowledge(centre, first)
    centre.tick()
    centre.happen(camera_id="other")
    centre.tick()
    centre.run(policy.UNANSWERED_AFTER.total_seconds() + 600, 600)

    events = rows(centre, AlertEventRow)
    assert [(each.kind, each.step, each.people, each.actor) for each in events] == [
        ("opened", 0, [TEAM], "system"),
        ("escalated", 1, [LEAD], "system"),
        ("acknowledged", 1, [], TEAM),
        ("told_again", 0, [TEAM], "system"),
        ("escalated", 1, [LEAD], "system"),
        ("escalated", 2, [COMMANDER], "system"),
        ("ended", 2, [], "system"),
    ]
    assert events[0].at == opened
    assert timedelta(seconds=60) <= events[1].at - opened <= timedelta(seconds=70)


def test_the_database_itself_refuses_to_change_a_history(centre: AlertingCentre) -> None:
    centre.happen()
    centre.tick()
    database = centre.parts.database
    for change in ("UPDATE alert_events SET actor = 'x'", "DELETE FROM alert_events"):
        with pytest.raises(DBAPIError, match="never changed"), database.write() as session:
            session.execute(text(change))


def test_of_alerts_of_before_opening_and_answer_are_known(centre: AlertingCentre) -> None:
    first = centre.happen()
    centre.tick()
    acknowledge(centre, first)
    centre.tick()
    migrations.downgrade(centre.parts.database, "0008")
    migrations.upgrade(centre.parts.database)

    events = rows(centre, AlertEventRow)
    [alert] = rows(centre, AlertRow)
    assert [(each.kind, each.at, each.actor, each.people) for each in events] == [
        ("opened", alert.opened_at, "system", []),
        ("acknowledged", alert.acknowledged_at, TEAM, []),
    ]
