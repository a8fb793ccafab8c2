"""The whole interface against its own document, with generated requests, on the real application.

Asked by somebody with every right, a box's token included, and by somebody who may look only. What
the document allows may be refused, but breaks nothing and is answered as the document says; what it
forbids is refused in the one shape. Every second request names things that exist.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from pydantic import ValidationError
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from central.auth.guard import COOKIE
from central.auth.schemas import Role
from central.auth.tokens import new_token
from central.problems import ProblemBody
from tests.centre import RunningCentre, add_box, add_person, running_centre
from tests.integration.test_scope_matrix import furnish

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemathesis import Case
    from schemathesis.core.transport import Response
    from schemathesis.schemas import APIOperation

SKIPPED = {"GET /api/v1/live": "never ends", "DELETE /api/v1/session": "ends the asking log-in"}
KNOWN = {
    "incident_id": "own-incident", "evidence_id": "own-clip", "box_id": "own-box",
    "code": "traffic", "kind": "dispatch", "username": "leader", "alert_code": "OWN", "seq": 1,
}  # fmt: skip
"""Parameter of a path → something that exists."""
EXAMPLES = 2
"""Of each operation and person: a few seconds in all; a change of the document changes them."""
NARROW = ("integer", "number", "boolean")
"""Types that not every text is one of."""


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCentre]:
    """A centre with an incident, a violation, a clip, a box, a camera and an alert."""
    with running_centre(tmp_path_factory.mktemp("fuzz")) as running:
        furnish(running, "16681", "own")
        yield running


@pytest.fixture(scope="module")
def document(centre: RunningCentre) -> dict[str, Any]:
    """The document as the running centre gives it out."""
    given_out: dict[str, Any] = centre.client().get(f"{centre.url}/api/openapi.json").json()
    return given_out


def person_of(centre: RunningCentre, role: Role) -> requests.Session:
    """Return the session of somebody with a role; an administrator holds a box's token too."""
    person = requests.Session()
    person.cookies.set(COOKIE, add_person(centre.parts.database, role, role))
    person.headers["X-Songlam"] = "1"
    if role is Role.ADMIN:
        token = add_box(centre.parts.database, new_token())
        person.headers["Authorization"] = f"Bearer {token}"
    return person


def asked(
    person: requests.Session, base_url: str, operation: APIOperation[Any, Any, Any, Any]
) -> list[tuple[Case[Any], Response]]:
    """Send generated requests of one operation; return each with its answer."""
    answers: list[tuple[Case[Any], Response]] = []
    numbers = count()

    @given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
    @settings(
        max_examples=EXAMPLES, phases=[Phase.generate], derandomize=True, database=None,
        deadline=None, suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def send(case: Case[Any]) -> None:
        if next(numbers) % 2:
            known = {name: KNOWN[name] for name in case.path_parameters if name in KNOWN}
            case.path_parameters = {**case.path_parameters, **known}
        answers.append((case, case.call(base_url=base_url, session=person)))

    send()
    return answers


def refusal_complaint(answer: Response | requests.Response) -> str | None:
    """Return what is wrong with a refusal, or None."""
    if answer.status_code >= 500:
        return f"{answer.status_code}: {answer.content[:200]!r}"
    try:
        ProblemBody.model_validate_json(answer.content)
    except ValidationError:
        return f"{answer.status_code} in another shape: {answer.content[:200]!r}"
    return None


def complaint(document: dict[str, Any], case: Case[Any], answer: Response) -> str | None:
    """Return what is wrong with an answer, or None."""
    if answer.status_code >= 400:
        if case.method.upper() == "HEAD" and answer.status_code < 500:
            return None  # has no body, by definition
        said = refusal_complaint(answer)
        return f"{said} to {case!r}" if said else None
    responses = document["paths"][case.path][case.method.lower()]["responses"]
    if str(answer.status_code) not in responses:
        return f"{answer.status_code} is not documented"
    content = responses[str(answer.status_code)].get("content", {})
    if "application/json" not in content or not answer.content:
        return None
    schema = content["application/json"]["schema"] | {"components": document["components"]}
    fault = next(jsonschema_rs.Draft202012Validator(schema).iter_errors(answer.json()), None)
    return f"{answer.status_code}: {fault.message} at {fault.instance_path}" if fault else None


@pytest.mark.parametrize("role", [Role.ADMIN, Role.LEADER])
def test_nothing_the_document_allows_breaks_the_centre(
    centre: RunningCentre, document: dict[str, Any], role: Role
) -> None:
    person, found, taken = person_of(centre, role), set(), 0
    for each in schemathesis.openapi.from_dict(document).get_all_operations():
        assert isinstance(each, Ok), each
        operation = each.ok()
        if operation.label in SKIPPED:
            continue
        for case, answer in asked(person, centre.url, operation):
            taken += answer.status_code < 400
            said = complaint(document, case, answer)
            found |= {f"{operation.label}: {said}"} if said else set()

    assert sorted(found) == []
    assert taken > 30


def forbidden(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what the document forbids of one operation, as arguments of a request."""
    body = operation.get("requestBody", {})
    if "application/json" in body.get("content", {}):
        for content in ("{", "[]", '"x"', "1e999"):
            yield {"data": content, "headers": {"Content-Type": "application/json"}}
    for parameter in operation.get("parameters", []):
        kinds = [parameter["schema"], *parameter["schema"].get("anyOf", [])]
        narrow = any("format" in kind or kind.get("type") in NARROW for kind in kinds)
        if parameter["in"] == "query" and narrow:
            yield {"params": {parameter["name"]: "nonsense"}}


def test_what_the_document_forbids_is_refused_in_the_one_shape(
    centre: RunningCentre, document: dict[str, Any]
) -> None:
    person, found, refused = person_of(centre, Role.ADMIN), [], 0
    for path, methods in document["paths"].items():
        filled = path
        for name, value in {**KNOWN, "row_id": 1}.items():
            filled = filled.replace(f"{{{name}}}", str(value))
        for method, operation in methods.items():
            for wrong in forbidden(operation):
                answer = person.request(method, centre.url + filled, timeout=20, **wrong)
                said = refusal_complaint(answer) if answer.status_code >= 400 else "taken"
                refused += answer.status_code >= 400
                found += [f"{method} {path} {wrong}: {said}"] if said else []

    assert found == []
    assert refused > 100
