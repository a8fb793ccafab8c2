"""The console's contract: the OpenAPI document says what every route takes, gives and refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from central.app import create_app
from central.asked import names_of
from central.settings import Settings
from tests.ways import EVERY

AGREED = {
    "post /api/v1/session", "get /api/v1/session", "delete /api/v1/session",
    "post /api/v1/session/password",
    "get /api/v1/incidents", "get /api/v1/incidents/{incident_id}",
    "post /api/v1/incidents/{incident_id}/acknowledge",
    "post /api/v1/incidents/{incident_id}/confirm",
    "post /api/v1/incidents/{incident_id}/reject",
    "post /api/v1/incidents/{incident_id}/reopen",
    "post /api/v1/incidents/{incident_id}/steps/{kind}",
    "post /api/v1/incidents/{incident_id}/merge", "post /api/v1/incidents/{incident_id}/split",
    "post /api/v1/incidents/merges", "post /api/v1/incidents/splits",
    "get /api/v1/quality", "get /api/v1/quality/weeks", "get /api/v1/quality/samples",
    "post /api/v1/quality/samples", "post /api/v1/quality/samples/{incident_id}/look",
    "get /api/v1/quality/verdicts",
    "get /api/v1/life-cycles", "get /api/v1/saved-filters",
    "get /api/v1/incidents/reject-reasons", "get /api/v1/catalogue",
    "post /api/v1/incidents/{incident_id}/exception",
    "delete /api/v1/incidents/{incident_id}/exception",
    "get /api/v1/evidence/{evidence_id}",
    "post /api/v1/incidents/{incident_id}/hold", "delete /api/v1/incidents/{incident_id}/hold",
    "get /api/v1/incidents/{incident_id}/export", "get /api/v1/incidents/{incident_id}/sheet",
    "get /api/v1/retention",
    "get /api/v1/deletions", "get /api/v1/deletions/{seq}", "get /api/v1/losses",
    "post /api/v1/boxes/{box_id}/chain/accept",
    "post /api/v1/uploads", "head /api/v1/uploads/{evidence_id}",
    "patch /api/v1/uploads/{evidence_id}",
    "get /api/v1/live",
    "get /api/v1/boxes", "post /api/v1/boxes", "get /api/v1/boxes/{box_id}",
    "delete /api/v1/boxes/{box_id}", "post /api/v1/boxes/{box_id}/token",
    "get /api/v1/alerts", "get /api/v1/alerts/{alert_code}",
    "post /api/v1/alerts/{alert_code}/acknowledge",
    "get /api/v1/incidents/{incident_id}/alert",
    "get /api/v1/contacts", "get /api/v1/shifts", "get /api/v1/silences", "get /api/v1/people",
    "get /api/v1/handovers", "post /api/v1/handovers", "get /api/v1/handovers/waiting",
    "get /api/v1/handovers/open-items", "get /api/v1/handovers/{handover_id}",
    "post /api/v1/handovers/{handover_id}/accept",
    "get /api/v1/cameras", "get /api/v1/map/incidents",
    "get /api/v1/quarantine", "post /api/v1/quarantine/{row_id}/dismiss",
    "get /api/v1/quarantine/{row_id}/payload",
    "get /api/v1/users", "post /api/v1/users",
    "get /api/v1/push", "put /api/v1/push/subscription", "delete /api/v1/push/subscription",
    "get /api/v1/field/board", "put /api/v1/incidents/{incident_id}/reports/{report_key}",
    "put /api/v1/incidents/{incident_id}/photos/{report_key}",
    "get /api/v1/walls", "post /api/v1/walls", "delete /api/v1/walls/{wall_id}",
    "get /healthz", "get /readyz", "get /metrics",
}  # fmt: skip
"""Routes that boxes and the console rely on; one that disappears breaks an older one of them."""


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The OpenAPI document of this release."""
    return create_app(Settings(data_dir=str(tmp_path_factory.mktemp("data")))).openapi()


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def test_every_agreed_route_is_there(document: dict[str, Any]) -> None:
    assert set(operations(document)) >= AGREED


def test_every_route_says_what_it_does(document: dict[str, Any]) -> None:
    silent = [name for name, told in operations(document).items() if not told.get("description")]

    assert silent == []


def test_every_refusal_has_the_one_shape(document: dict[str, Any]) -> None:
    shape = {"$ref": "#/components/schemas/ProblemBody"}
    for name, told in operations(document).items():
        if name.partition(" ")[2].startswith("/api/v1/"):
            described = told["responses"]["4XX"]["content"].values()
            assert [each["schema"] for each in described] == [shape], name


def test_times_and_nullable_fields_are_typed_for_the_console(document: dict[str, Any]) -> None:
    item = document["components"]["schemas"]["IncidentItem"]

    assert item["properties"]["occurred_at"]["format"] == "date-time"
    assert {"type": "null"} in item["properties"]["ended_at"]["anyOf"]
    assert set(item["required"]) == set(item["properties"])


def test_the_document_is_json_and_names_no_host(document: dict[str, Any]) -> None:
    assert "servers" not in json.loads(json.dumps(document))


def test_the_document_names_every_parameter_that_is_taken_and_no_other(
    document: dict[str, Any],
) -> None:
    described = {
        name: {each["name"] for each in told.get("parameters", []) if each["in"] == "query"}
        for name, told in operations(document).items()
    }

    assert described == {
        f"{way.method.lower()} {way.path}": names_of(way.route)
        for way in EVERY
        if way.route.include_in_schema
    }


def reached(document: dict[str, Any], schema: Any) -> dict[str, dict[str, Any]]:
    """Return every named schema that a schema leads to."""
    found: dict[str, dict[str, Any]] = {}
    waiting = [schema]
    while waiting:
        here = waiting.pop()
        name = here.get("$ref", "").rpartition("/")[2] if isinstance(here, dict) else ""
        if name and name not in found:
            found[name] = document["components"]["schemas"][name]
            waiting.append(found[name])
        waiting += (
            here.values() if isinstance(here, dict) else here if isinstance(here, list) else ()
        )
    return found


def test_every_body_and_every_part_of_one_refuses_unknown_fields(document: dict[str, Any]) -> None:
    bodies = {
        name: each
        for told in operations(document).values()
        for kind, body in told.get("requestBody", {"content": {}})["content"].items()
        if kind == "application/json"
        for name, each in reached(document, body["schema"]).items()
        if each["type"] == "object"
    }

    assert len(bodies) > 30
    assert [name for name, each in bodies.items() if each.get("additionalProperties", True)] == []
