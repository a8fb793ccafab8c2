"""A field that the centre does not know is refused with its name, never passed over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from central.auth.schemas import Role
from tests.centre import RunningCentre, running_centre

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
