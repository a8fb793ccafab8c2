"""Manifests and weights: found, verified, or refused with words that help."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from edge.contract.messages import ModelManifest
from edge.detector.classes import road_user
from edge.detector.manifest import find_weights, load_manifest
from edge.errors import ModelError

ROOT = Path(__file__).resolve().parents[3]
WEIGHTS = b"not really a network"


def manifest(**given: Any) -> dict[str, Any]:
    """Return a valid manifest of ``WEIGHTS``; ``given`` replaces fields."""
    file = {
        "name": "tiny.onnx",
        "sha256": hashlib.sha256(WEIGHTS).hexdigest(),
        "size_bytes": len(WEIGHTS),
    }
    fields = {
        "name": "tiny",
        "version": "1",
        "family": "deim",
        "input_size_px": (32, 32),
        "classes": ["car"],
        "files": [file],
        "weights": "tiny.onnx",
    }
    return fields | given


def parsed(**given: Any) -> ModelManifest:
    """Return it as the message type."""
    return ModelManifest.model_validate(manifest(**given))


def test_a_manifest_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(manifest()))

    assert load_manifest(path) == parsed()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "Invalid JSON"),
        (json.dumps(manifest(family="ssd")), "family"),
        (json.dumps(manifest(input_size_px=[32])), "input_size_px"),
        ("[]", "not a model manifest"),
    ],
)
def test_a_wrong_manifest_names_file_and_field(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(text)

    with pytest.raises(ModelError, match=words) as caught:
        load_manifest(path)
    assert str(path) in str(caught.value)


def test_a_missing_manifest_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="No such file"):
        load_manifest(tmp_path / "manifest.json")


def test_weights_beside_the_manifest_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONGLAM_MODELS", str(tmp_path / "elsewhere"))
    (tmp_path / "tiny.onnx").write_bytes(WEIGHTS)

    assert find_weights(parsed(), tmp_path) == tmp_path / "tiny.onnx"


def test_weights_are_found_in_the_folder_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "store"
    store.mkdir()
    (store / "tiny.onnx").write_bytes(WEIGHTS)
    monkeypatch.setenv("SONGLAM_MODELS", str(store))

    assert find_weights(parsed(), tmp_path) == store / "tiny.onnx"


def test_weights_that_are_nowhere_say_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"tiny\.onnx not found in .*scripts/fetch_assets"):
        find_weights(parsed(), tmp_path)


def test_truncated_weights_are_refused_by_size(tmp_path: Path) -> None:
    (tmp_path / "tiny.onnx").write_bytes(WEIGHTS[:-1])

    with pytest.raises(ModelError, match="19 bytes, the manifest says 20"):
        find_weights(parsed(), tmp_path)


def test_altered_weights_are_refused_by_hash(tmp_path: Path) -> None:
    (tmp_path / "tiny.onnx").write_bytes(WEIGHTS[::-1])

    with pytest.raises(ModelError, match="SHA-256"):
        find_weights(parsed(), tmp_path)


def test_weights_must_be_among_the_files(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not among its files"):
        find_weights(parsed(weights="other.onnx"), tmp_path)


@pytest.mark.parametrize("path", sorted((ROOT / "models").glob("*/*/manifest.json")), ids=str)
def test_every_manifest_of_the_repository_is_valid_and_stands_in_its_place(path: Path) -> None:
    shipped = load_manifest(path)

    assert (shipped.name, shipped.version) == (path.parent.parent.name, path.parent.name)
    assert [file.name for file in shipped.files] == [shipped.weights]
    assert {road_user(name) for name in shipped.classes} >= {"person", "motorbike", "car"}
    assert shipped.licence
    assert shipped.source.startswith("https://")
