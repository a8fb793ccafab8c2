"""The whole interface against its own document, with generated requests, on the real application.

Asked by somebody with every right, a box's token included, and by somebody who may look only. What
the document allows may be refused, but breaks nothing and is answered as the document says; what it
forbids is refused in the one shape. Every second request names things that exist.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from pydantic import ValidationError
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import response_schema_conformance

from central.auth.schemas import Role
from central.problems import ProblemBody
from tests.centre import RunningCentre, add_box, running_centre
from tests.integration.test_scope_matrix import furnish

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx
    from schemathesis import Case
    from schemathesis.schemas import APIOperation

SKIPPED = {
    "GET /api/v1/live": "never ends",
    "DELETE /api/v1/session": "ends the log-in that asks",
}
KNOWN = {
    "incident_id": "own-incident", "evidence_id": "own-clip", "box_id": "own-box",
    "code": "traffic", "kind": "dispatch", "username": "leader", "alert_code": "OWN", "seq": 1,
}  # fmt: skip
"""Parameter of a path → something that exists."""
EXAMPLES = 6


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCentre]:
    """A centre with an incident, a violation, a clip, a box, a camera and an alert."""
    with running_centre(tmp_path_factory.mktemp("fuzz")) as running:
        furnish(running, "16681", "own")
        yield running


@pytest.fixture(scope="module")
def operations(centre: RunningCentre) -> list[APIOperation[Any, Any, Any, Any]]:
    """Every operation of the document that can be asked for."""
    with centre.client() as client:
        document = client.get(f"{centre.url}/api/openapi.json").json()
    schema = schemathesis.openapi.from_dict(document)
    return [each.ok() for each in schema.get_all_operations() if each.ok().label not in SKIPPED]


def asked(
    person: httpx.Client,
    base_url: str,
    operation: APIOperation[Any, Any, Any, Any],
    mode: GenerationMode,
) -> list[tuple[Case, httpx.Response]]:
    """Send generated requests of one operation; return each with its answer."""
    answers: list[tuple[Case, httpx.Response]] = []
    numbers = count()

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES, phases=[Phase.generate], derandomize=True, database=None,
        deadline=None, suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def send(case: Case) -> None:
        if mode is GenerationMode.POSITIVE and next(numbers) % 2:
            known = {name: KNOWN[name] for name in case.path_parameters if name in KNOWN}
            case.path_parameters = {**case.path_parameters, **known}
        request = case.as_transport_kwargs(base_url=base_url)
        request.pop("cookies", None)
        if isinstance(request.get("data"), bytes | str):
            request["content"] = request.pop("data")
        answers.append((case, person.request(**request)))

    try:
        send()
    except Unsatisfiable:  # nothing can be wrong about a request without parameters
        assert mode is GenerationMode.NEGATIVE
    return answers


def complaint(case: Case, answer: httpx.Response, mode: GenerationMode) -> str | None:
    """Return what is wrong with an answer, or None."""
    if answer.status_code >= 500:
        return f"{answer.status_code} to {case!r}"
    if answer.status_code >= 400:
        try:
            ProblemBody.model_validate_json(answer.content)
        except ValidationError:
            return f"{answer.status_code} in another shape: {answer.text[:200]}"
        return None
    if mode is GenerationMode.NEGATIVE:
        return f"{answer.status_code} to what the document forbids: {case!r}"
    try:
        case.validate_response(answer, checks=[response_schema_conformance])
    except FailureGroup as group:
        return f"{answer.status_code} and not as documented: {group.exceptions[0]}"
    return None


def person_of(centre: RunningCentre, role: Role) -> httpx.Client:
    """Return the client of somebody with a role; an administrator holds a box's token too."""
    person = centre.person(role)
    if role is Role.ADMIN:
        token = add_box(centre.parts.database, f"fuzz-{len(centre.url)}-{id(person)}")
        person.headers["Authorization"] = f"Bearer {token}"
    return person


@pytest.mark.parametrize("role", [Role.ADMIN, Role.LEADER])
def test_nothing_the_document_allows_breaks_the_centre(
    centre: RunningCentre, operations: list[APIOperation[Any, Any, Any, Any]], role: Role
) -> None:
    person, found, taken = person_of(centre, role), set(), 0
    for operation in operations:
        for case, answer in asked(person, centre.url, operation, GenerationMode.POSITIVE):
            taken += answer.status_code < 400
            said = complaint(case, answer, GenerationMode.POSITIVE)
            found |= {f"{operation.label}: {said}"} if said else set()

    assert sorted(found) == []
    assert taken > 100


def test_what_the_document_forbids_is_refused_in_the_one_shape(
    centre: RunningCentre, operations: list[APIOperation[Any, Any, Any, Any]]
) -> None:
    person, found, refused = person_of(centre, Role.ADMIN), set(), 0
    for operation in operations:
        for case, answer in asked(person, centre.url, operation, GenerationMode.NEGATIVE):
            refused += answer.status_code >= 400
            said = complaint(case, answer, GenerationMode.NEGATIVE)
            found |= {f"{operation.label}: {said}"} if said else set()

    assert sorted(found) == []
    assert refused > 100
