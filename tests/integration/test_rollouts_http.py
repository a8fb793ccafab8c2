"""Models over HTTP: upload, assign, download; who may, and what a bad upload is told."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from central.auth.schemas import Role
from central.rollouts import service
from edge.contract.messages import DesiredMessage, ModelManifest
from tests.centre import RunningCentre, running_centre

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import httpx

    from central.db import Database

WEIGHTS = b"\x08\x07" + bytes(range(256)) * 40
MANIFEST = {
    "name": "deim-femto",
    "version": "2",
    "family": "deim",
    "input_size_px": [416, 416],
    "classes": ["person", "car"],
    "licence": "Apache-2.0",
}


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[RunningCentre]:
    """A running centre with an empty database."""
    with running_centre(tmp_path) as running:
        yield running


def upload(
    client: httpx.Client,
    weights: bytes = WEIGHTS,
    golden: bytes = b"",
    stated: Mapping[str, object] | None = None,
) -> httpx.Response:
    """Upload a model as the console does."""
    files = {"weights": ("weights.onnx", weights)}
    if golden:
        files["golden"] = ("clip.mp4", golden)
    manifest = json.dumps({**MANIFEST, **(stated or {})})
    return client.post("/models", data={"manifest": manifest}, files=files)


def desired_of(centre: RunningCentre, box_id: str) -> DesiredMessage:
    """Return what a box is told when the centre (re)connects."""
    database: Database = centre.parts.database
    with database.read() as session:
        told = service.all_desired(session, centre.parts.clock())
    return next(
        DesiredMessage.model_validate_json(order.payload)
        for order in told
        if f"/{box_id}/" in order.topic
    )


def test_an_uploaded_model_is_listed_with_its_hash_and_who_brought_it(
    centre: RunningCentre,
) -> None:
    technician = centre.person(Role.TECHNICIAN)

    answer = upload(technician)

    assert answer.status_code == 201, answer.text
    listed = technician.get("/models").json()["items"]
    assert [(m["name"], m["version"], m["uploaded_by"]) for m in listed] == [
        ("deim-femto", "2", "technician")
    ]
    assert listed[0]["sha256"] == hashlib.sha256(WEIGHTS).hexdigest()
    assert listed[0]["size_bytes"] == len(WEIGHTS)


def test_a_version_never_changes(centre: RunningCentre) -> None:
    technician = centre.person(Role.TECHNICIAN)
    upload(technician)

    again = upload(technician, weights=b"\x08other")

    assert again.status_code == 409
    assert technician.get("/models").json()["items"][0]["size_bytes"] == len(WEIGHTS)


def test_a_truncated_upload_is_refused_and_leaves_nothing(
    centre: RunningCentre, tmp_path: Path
) -> None:
    technician = centre.person(Role.TECHNICIAN)
    whole = hashlib.sha256(WEIGHTS).hexdigest()

    answer = upload(
        technician,
        WEIGHTS[:1000],
        stated={"files": [{"name": "model.onnx", "sha256": whole}]},
    )

    assert answer.status_code == 422
    assert "truncated" in answer.json()["detail"]["message_en"]
    assert technician.get("/models").json()["items"] == []
    assert list((tmp_path / "models").iterdir()) == []


def test_the_manifest_that_came_with_a_model_is_taken_with_its_own_file_names(
    centre: RunningCentre,
) -> None:
    """A manifest as it lies in ``models/``: hashes stated, weights under their own name."""
    technician = centre.person(Role.TECHNICIAN)
    listed = {"name": "femto.onnx", "sha256": hashlib.sha256(WEIGHTS).hexdigest()}

    answer = upload(technician, stated={"files": [listed], "weights": "femto.onnx"})

    assert answer.status_code == 201, answer.text
    centre.box("box-1")
    technician.put("/boxes/box-1/assignment", json={"name": "deim-femto", "version": "2"})
    manifest = ModelManifest.model_validate_json(desired_of(centre, "box-1").manifest_json)
    assert (manifest.weights, manifest.files[0].name) == ("femto.onnx", "femto.onnx")


def test_a_form_larger_than_allowed_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with running_centre(tmp_path, model_max_bytes=1_000_000) as centre:
        technician = centre.person(Role.TECHNICIAN)

        answer = upload(technician, weights=b"\x08" * 2_100_000)

        assert answer.status_code == 413
        assert "SONGLAM_MODEL_MAX_BYTES" in answer.json()["detail"]["message_en"]
        assert not (tmp_path / "models").exists()


def test_a_form_without_weights_says_what_is_missing(centre: RunningCentre) -> None:
    technician = centre.person(Role.TECHNICIAN)

    answer = technician.post("/models", data={"manifest": "{}"}, files={"golden": ("a", b"b")})

    assert answer.status_code == 422
    assert "weights" in answer.json()["detail"]["message_en"]


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.OFFICER, Role.LEADER])
def test_only_technicians_and_administrators_bring_and_assign_models(
    centre: RunningCentre, role: Role
) -> None:
    upload(centre.person(Role.ADMIN))
    centre.box("box-1")
    person = centre.person(role)

    assert upload(person, stated={"version": "3"}).status_code == 403
    order = {"name": "deim-femto", "version": "2"}
    assert person.put("/boxes/box-1/assignment", json=order).status_code == 403


def test_an_assigned_box_is_told_a_manifest_that_the_public_key_verifies(
    centre: RunningCentre,
) -> None:
    technician = centre.person(Role.TECHNICIAN)
    upload(technician, golden=b"a golden clip")
    centre.box("box-1")

    order = {"name": "deim-femto", "version": "2"}
    answer = technician.put("/boxes/box-1/assignment", json=order)

    assert answer.status_code == 200, answer.text
    message = desired_of(centre, "box-1")
    key = base64.b64decode(technician.get("/trust").json()["public_key"])
    signature = base64.b64decode(message.signature)
    Ed25519PublicKey.from_public_bytes(key).verify(signature, message.manifest_json.encode())
    manifest = ModelManifest.model_validate_json(message.manifest_json)
    assert [file.name for file in manifest.files] == ["model.onnx", "golden.mp4"]


def test_a_box_downloads_in_ranges_what_its_order_names(centre: RunningCentre) -> None:
    technician = centre.person(Role.TECHNICIAN)
    upload(technician)
    box = centre.box("box-1")
    technician.put("/boxes/box-1/assignment", json={"name": "deim-femto", "version": "2"})
    path = desired_of(centre, "box-1").download_path.removeprefix("/api/v1")

    first = box.get(f"{path}/model.onnx", headers={"Range": "bytes=0-999"})
    rest = box.get(f"{path}/model.onnx", headers={"Range": "bytes=1000-"})

    assert (first.status_code, rest.status_code) == (206, 206)
    assert first.content + rest.content == WEIGHTS


@pytest.mark.parametrize("path", ["/../../songlam.sqlite3", "/..%2f..%2fcentre-ed25519.key"])
def test_a_download_never_leaves_the_folder_of_its_version(
    centre: RunningCentre, path: str
) -> None:
    upload(centre.person(Role.TECHNICIAN))

    answer = centre.box("box-1").get(f"/box/models/deim-femto/2{path}")

    assert answer.status_code == 404


def test_a_person_without_a_box_token_gets_no_model_file(centre: RunningCentre) -> None:
    technician = centre.person(Role.TECHNICIAN)
    upload(technician)

    assert technician.get("/box/models/deim-femto/2/model.onnx").status_code == 401


def test_an_unassigned_box_is_told_nothing(centre: RunningCentre) -> None:
    technician = centre.person(Role.TECHNICIAN)
    upload(technician)
    centre.box("box-1")
    technician.put("/boxes/box-1/assignment", json={"name": "deim-femto", "version": "2"})

    assert technician.delete("/boxes/box-1/assignment").status_code == 204

    with centre.parts.database.read() as session:
        assert service.all_desired(session, centre.parts.clock()) == []


@pytest.mark.parametrize(
    ("box", "version", "code"), [("box-9", "2", "unknown_box"), ("box-1", "9", "unknown_model")]
)
def test_assigning_what_is_not_there_says_so(
    centre: RunningCentre, box: str, version: str, code: str
) -> None:
    technician = centre.person(Role.TECHNICIAN)
    upload(technician)
    centre.box("box-1")

    order = {"name": "deim-femto", "version": version}
    answer = technician.put(f"/boxes/{box}/assignment", json=order)

    assert (answer.status_code, answer.json()["detail"]["code"]) == (404, code)
