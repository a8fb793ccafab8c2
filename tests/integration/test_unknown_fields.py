"""What the centre is asked and does not know is refused with its name, never passed over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from central.asked import open_query
from central.auth.schemas import Role
from tests.centre import RunningCentre, running_centre
from tests.ways import EVERY, calls

if TYPE_CHECKING:
    from collections.abc import Iterator

SILENCE = {"reason": "sửa đường", "expires_at": "2026-03-03T00:00:00Z"}


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCentre]:
    """A centre in which nothing has happened."""
    with running_centre(tmp_path_factory.mktemp("unknown")) as running:
        yield running


@pytest.mark.parametrize(
    ("method", "path", "asked", "field"),
    [
        ("POST", "/silences", {"json": SILENCE | {"camera": "c1"}}, "body.camera"),
        (
            "POST", "/incidents/splits",
            {"json": {"parts": [{"incident_id": "i", "version": 1, "why": ""}]}},
            "body.parts.0.why",
        ),
        ("GET", "/quality", {"params": {"rules": "wrong_way"}}, "query.rules"),
        ("GET", "/map/incidents", {"params": {"hour": "3"}}, "query.hour"),
        ("GET", "/incidents", {"params": {"camera": "c1"}}, "query.camera"),
    ],
)  # fmt: skip
def test_a_misspelt_field_is_named(
    centre: RunningCentre, method: str, path: str, asked: dict[str, Any], field: str
) -> None:
    answer = centre.person(Role.ADMIN).request(method, path, **asked)

    told = answer.json()["detail"]
    assert answer.status_code == 422
    assert field in {each["field"] for each in told["fields"]}
    assert field.rpartition(".")[2] in told["message_vi"]
    assert field.rpartition(".")[2] in told["message_en"]


THINGS = {
    "incident_id": "i", "evidence_id": "e", "box_id": "b", "camera_id": "c", "alert_code": "A",
    "handover_id": "1",
}  # fmt: skip


def test_no_route_passes_over_a_parameter_that_it_does_not_know(centre: RunningCentre) -> None:
    nobody, asked = centre.client(), {"statuss": "new"}
    took = [
        str(way)
        for way in EVERY
        if nobody.request(way.method, centre.url + way.filled(THINGS), params=asked).status_code
        != 422
    ]

    assert took == ["GET /api/v1/session/provider/return"]
    assert [str(way) for way in EVERY if open_query in calls(way.route.dependant)] == took


@pytest.mark.parametrize(
    ("path", "vi", "en"),
    [
        (
            "/quality/samples?weeks=1",
            "không có trường weeks. Các trường có: week.",
            "there is no field weeks. Known are: week.",
        ),
        (
            "/boxes?a=1&b=2&a=3",
            "không có trường a, b. Địa chỉ này không nhận tham số nào.",
            "there is no field a, b. This address takes no parameters.",
        ),
        (
            "/deletions?cursor=1&From=1",
            "không có trường From. Các trường có: cursor.",
            "there is no field From. Known are: cursor.",
        ),
    ],
)
def test_a_misspelt_parameter_is_named_with_those_that_there_are(
    centre: RunningCentre, path: str, vi: str, en: str
) -> None:
    answer = centre.person(Role.ADMIN).get(path)
    told = answer.json()["detail"]

    assert (answer.status_code, told["code"]) == (422, "invalid_request")
    assert told["message_vi"].endswith(vi)
    assert told["message_en"].endswith(en)
