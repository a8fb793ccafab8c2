"""Several incidents at once over HTTP: merged as duplicates, a result for each, and undone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from central.auth.audit_check import check
from central.auth.schemas import Role
from central.signing import load_signing_key
from central.tables.incidents import IncidentEventRow, IncidentRow
from central.tables.users import UserRow
from tests.builders import NOON, incident_message
from tests.centre import RunningCentre, running_centre, take_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import httpx

VINH, ELSEWHERE = "16681", "16690"
WHY = "Trùng lặp: cùng một vụ việc"


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCentre]:
    """A running centre that all tests of this file share; each uses its own incidents."""
    with running_centre(tmp_path_factory.mktemp("sorting")) as running:
        yield running


def store(centre: RunningCentre, *names: str, **given: Any) -> None:
    """Store stopped vehicles far apart in time, so that the centre merges none by itself."""
    fields: dict[str, Any] = {"rule": "stopped_vehicle", "area_code": VINH, "sent_at": NOON}
    with centre.parts.database.write() as session:
        for name in names:
            message = incident_message(name, camera_id=f"cam-{name}", **(fields | given))
            take_in(session, message, NOON)


def seen(centre: RunningCentre, *names: str) -> list[dict[str, Any]]:
    """Return what was seen of incidents, as a request names it."""
    with centre.parts.database.read() as session:
        rows = {name: session.get_one(IncidentRow, name) for name in names}
    return [{"incident_id": name, "version": row.version} for name, row in rows.items()]


def merge(
    person: httpx.Client, into: str, parts: list[dict[str, Any]], note: str = WHY
) -> httpx.Response:
    return person.post("/incidents/merges", json={"into": into, "parts": parts, "note": note})


def split(person: httpx.Client, parts: list[dict[str, Any]]) -> httpx.Response:
    return person.post("/incidents/splits", json={"parts": parts})


def outcomes(answer: httpx.Response) -> list[tuple[str, str | None, str]]:
    """Return (incident, merged into, refusal) of each result."""
    return [
        (
            each["item"]["incident_id"],
            each["item"]["merged_into"],
            each["problem"]["code"] if each["problem"] else "",
        )
        for each in answer.json()["items"]
    ]


def whole_of(centre: RunningCentre, names: Sequence[str]) -> list[str | None]:
    with centre.parts.database.read() as session:
        return [session.get_one(IncidentRow, name).merged_into for name in names]


def kinds(centre: RunningCentre, name: str) -> list[tuple[str, str, str]]:
    """Return (kind, other, side) of an incident's events."""
    with centre.parts.database.read() as session:
        events = session.scalars(
            select(IncidentEventRow)
            .where(IncidentEventRow.incident_id == name)
            .order_by(IncidentEventRow.id)
        )
        return [(each.kind, each.detail["other"], each.detail["side"]) for each in events]


def test_duplicates_become_one_in_one_request_and_the_stale_one_is_left(
    centre: RunningCentre,
) -> None:
    store(centre, "a1", "a2", "a3", "a4")
    duty = centre.person(Role.OPERATOR, "truc")
    parts = seen(centre, "a2", "a3", "a4")
    duty.post("/incidents/a3/acknowledge", json={"version": 1})
    answer = merge(duty, "a1", parts)

    assert answer.status_code == 200
    assert outcomes(answer) == [
        ("a2", "a1", ""),
        ("a3", None, "stale_version"),
        ("a4", "a1", ""),
    ]
    assert kinds(centre, "a1") == [("merge", "a2", "whole"), ("merge", "a4", "whole")]
    assert kinds(centre, "a2") == [("merge", "a1", "part")]
    detail = duty.get("/incidents/a1").json()
    assert [each["incident_id"] for each in detail["merged"]] == ["a2", "a4"]
    assert [event["note"] for event in detail["events"]] == [WHY, WHY]
    assert [event["version"] for event in detail["events"]] == [2, 3]


def test_what_was_merged_is_split_again_with_the_versions_of_the_answer(
    centre: RunningCentre,
) -> None:
    store(centre, "b1", "b2", "b3")
    duty = centre.person(Role.OPERATOR, "truc")
    done = merge(duty, "b1", seen(centre, "b2", "b3")).json()["items"]
    undo = [
        {"incident_id": each["item"]["incident_id"], "version": each["item"]["version"]}
        for each in done
    ]
    again = split(duty, undo)

    assert outcomes(again) == [("b2", None, ""), ("b3", None, "")]
    assert kinds(centre, "b2") == [("merge", "b1", "part"), ("split", "b1", "part")]
    twice = split(duty, seen(centre, "b2"))
    assert outcomes(twice) == [("b2", None, "not_merged")]


def test_parts_of_a_part_go_with_it_and_come_back_with_it(centre: RunningCentre) -> None:
    store(centre, "c1", "c2", "c3", "c4")
    duty = centre.person(Role.OPERATOR, "truc")
    merge(duty, "c2", seen(centre, "c3"))
    merge(duty, "c1", seen(centre, "c2", "c4"))
    along = whole_of(centre, ["c2", "c3", "c4"])
    split(duty, seen(centre, "c2"))

    assert along == ["c1", "c1", "c1"]
    assert whole_of(centre, ["c2", "c3", "c4"]) == [None, "c2", "c1"]
    assert [kind for kind, _, _ in kinds(centre, "c3")] == ["merge", "merge", "merge"]


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("another class", {"rule": "wrong_way"}),
        ("another commune", {"area_code": ELSEWHERE}),
        ("itself", {}),
    ],
)
def test_what_cannot_be_one_is_left_with_the_reason(
    centre: RunningCentre, name: str, given: dict[str, Any]
) -> None:
    key = name.replace(" ", "-")
    store(centre, f"{key}-1")
    part = f"{key}-1" if name == "itself" else f"{key}-2"
    if given:
        store(centre, part, **given)
    officer = centre.person(Role.OFFICER, "chien")

    answer = merge(officer, f"{key}-1", seen(centre, part))
    assert outcomes(answer) == [(part, None, "cannot_merge")]


def test_only_the_police_sort_violations(centre: RunningCentre) -> None:
    store(centre, "v1", "v2", rule="wrong_way")
    parts = seen(centre, "v2")

    assert outcomes(merge(centre.person(Role.OPERATOR), "v1", parts)) == [("v2", None, "forbidden")]
    assert outcomes(merge(centre.person(Role.OFFICER), "v1", parts)) == [("v2", "v1", "")]


@pytest.mark.parametrize("foreign", ["into", "part", "nowhere"])
def test_one_that_is_foreign_or_not_there_leaves_all_as_they_are(
    centre: RunningCentre, foreign: str
) -> None:
    mine = (f"{foreign}-1", f"{foreign}-2")
    store(centre, *mine)
    store(centre, f"{foreign}-3", area_code=ELSEWHERE)
    local = centre.person(Role.COMMUNE_POLICE, "xa")
    with centre.parts.database.write() as session:
        session.get_one(UserRow, "xa").areas = [VINH]
    parts = seen(centre, mine[1])
    into = mine[0]
    if foreign == "into":
        into = f"{foreign}-3"
    elif foreign == "part":
        parts += seen(centre, f"{foreign}-3")
    else:
        parts += [{"incident_id": "nowhere", "version": 1}]
    answer = merge(local, into, parts)

    assert (answer.status_code, answer.json()["detail"]["code"]) == (404, "no_such_incident")
    assert whole_of(centre, mine) == [None, None]
    assert split(local, parts).status_code == (200 if foreign == "into" else 404)


@pytest.mark.parametrize(
    "wanted",
    [
        {"into": "a1", "parts": [], "note": WHY},
        {"into": "a1", "parts": [{"incident_id": "a2", "version": 1}] * 201, "note": WHY},
        {"into": "a1", "parts": [{"incident_id": "a2", "version": 1}], "note": " "},
        {"into": "a1", "parts": [{"incident_id": "a2"}], "note": WHY},
    ],
)
def test_some_parts_their_versions_and_a_reason_are_wanted(
    centre: RunningCentre, wanted: dict[str, Any]
) -> None:
    answer = centre.person(Role.OPERATOR).post("/incidents/merges", json=wanted)

    assert answer.status_code == 422


def test_who_comes_second_with_the_same_list_changes_nothing(tmp_path: Path) -> None:
    with running_centre(tmp_path) as centre:
        names = [f"x{number}" for number in range(12)]
        store(centre, *names)
        one, other = centre.person(Role.OPERATOR, "mot"), centre.person(Role.OPERATOR, "hai")
        parts = seen(centre, *names[2:])
        first = outcomes(merge(one, names[0], parts))
        second = outcomes(merge(other, names[1], parts))
        with centre.parts.database.read() as session:
            key = load_signing_key(centre.parts.data_dir).public_base64
            found = check(session, key)

    assert {why for _, _, why in first} == {""}
    assert {why for _, _, why in second} == {"stale_version"}
    assert found.faults == []
    assert found.events == 20
