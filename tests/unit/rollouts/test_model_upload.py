"""What may be uploaded, how it is signed, and where its files lie."""

from __future__ import annotations

import base64
import io
import json
import stat
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from central.problems import Problem
from central.rollouts.files import MANIFEST, ModelFiles, StagedFile, receive
from central.rollouts.service import check_weights, complete_manifest, read_manifest
from central.signing import KEY_FILE, load_signing_key

if TYPE_CHECKING:
    from pathlib import Path

WEIGHTS = b"\x08\x07" + b"weights" * 100


def stated(**changes: Any) -> str:
    """Return a technician's manifest."""
    whole: dict[str, Any] = {
        "name": "deim-femto",
        "version": "2",
        "family": "deim",
        "input_size_px": [416, 416],
        "classes": ["person", "car"],
    }
    return json.dumps({**whole, **changes})


@pytest.fixture
def staged(tmp_path: Path) -> StagedFile:
    """Weights as received into a staging folder."""
    folder = ModelFiles(tmp_path).stage()
    return receive(io.BytesIO(WEIGHTS), folder, "model.onnx")


def test_the_manifest_is_completed_from_what_was_received(staged: StagedFile) -> None:
    manifest = complete_manifest(read_manifest(stated()), [staged])

    assert [(f.name, f.size_bytes) for f in manifest.files] == [("model.onnx", len(WEIGHTS))]
    assert manifest.weights == "model.onnx"


def test_a_truncated_upload_is_refused_when_the_manifest_states_its_hash(
    staged: StagedFile,
) -> None:
    text = stated(files=[{"name": "model.onnx", "sha256": "0" * 64}])

    with pytest.raises(Problem, match="unfit_model") as refused:
        complete_manifest(read_manifest(text), [staged])

    assert "truncated" in str(refused.value.detail)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "Invalid JSON"),
        ("[]", "manifest.json: Input should be"),
        (stated(weights="manifest.json"), "weights"),
        (stated(weights="../model.onnx"), "weights"),
        (stated(files=["model.onnx"]), "files.0"),
        (stated(files=[{"name": "model.onnx", "sha256": "abc"}]), "files.0.sha256"),
        (stated(family="resnet"), "family"),
        (stated(name="../../etc"), "name"),
        (stated(input_size_px="large"), "input_size_px"),
        (stated(files=[{"name": "absent.bin"}]), "did not come along"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused_with_the_reason(
    staged: StagedFile, text: str, says: str
) -> None:
    with pytest.raises(Problem) as refused:
        complete_manifest(read_manifest(text), [staged])

    assert refused.value.status_code == 422
    assert says in str(refused.value.detail)


def test_the_files_keep_the_names_that_the_manifest_gives_them() -> None:
    named = read_manifest(stated(weights="femto.onnx", files=[{"name": "golden.webm"}]))

    assert (named.weights, named.golden) == ("femto.onnx", "golden.webm")
    assert (read_manifest(stated()).weights, read_manifest(stated()).golden) == (
        "model.onnx",
        "golden.mp4",
    )


@pytest.mark.parametrize("start", [b"", b"P", b"\x89PNG"])
def test_what_cannot_be_onnx_is_refused(start: bytes) -> None:
    with pytest.raises(Problem):
        check_weights(start)


def test_the_signature_verifies_with_the_public_key_and_with_nothing_else(tmp_path: Path) -> None:
    key = load_signing_key(tmp_path)
    signature = base64.b64decode(key.sign(b"manifest"))
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key.public_base64))

    public.verify(signature, b"manifest")
    with pytest.raises(InvalidSignature):
        public.verify(signature, b"manifesT")


def test_the_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    first = load_signing_key(tmp_path).public_base64

    assert load_signing_key(tmp_path).public_base64 == first
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir()] == [KEY_FILE]


def test_a_version_appears_whole_with_its_manifest(tmp_path: Path) -> None:
    files = ModelFiles(tmp_path)
    folder = files.stage()
    receive(io.BytesIO(WEIGHTS), folder, "model.onnx")

    files.publish(folder, "deim-femto", "2", b"{}")

    found = files.find("deim-femto", "2", "model.onnx")
    manifest = files.find("deim-femto", "2", MANIFEST)
    assert found is not None
    assert found.read_bytes() == WEIGHTS
    assert manifest is not None
    assert files.find("deim-femto", "3", "model.onnx") is None


def test_a_folder_left_by_a_failed_transaction_is_replaced(tmp_path: Path) -> None:
    files = ModelFiles(tmp_path)
    for content in (b"\x08old", b"\x08new"):
        folder = files.stage()
        receive(io.BytesIO(content), folder, "model.onnx")
        files.publish(folder, "deim-femto", "2", b"{}")

    found = files.find("deim-femto", "2", "model.onnx")
    assert found is not None
    assert found.read_bytes() == b"\x08new"


def test_a_discarded_staging_folder_leaves_nothing(tmp_path: Path) -> None:
    files = ModelFiles(tmp_path)
    folder = files.stage()
    receive(io.BytesIO(WEIGHTS), folder, "model.onnx")

    files.discard(folder)

    assert list((tmp_path / "models").iterdir()) == []
