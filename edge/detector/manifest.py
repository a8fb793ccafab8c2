"""Find a model's manifest and weights on disk and make sure they are the ones meant.

A manifest is JSON (:class:`edge.contract.messages.ModelManifest`). Its weights lie beside it, or
under ``$SONGLAM_MODELS``, or where ``scripts/fetch_assets`` put them (``.cache/models``). Nothing
is run here: a file is either exactly what the manifest says, or refused.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from pydantic import ValidationError

from edge.contract.messages import ModelFile, ModelManifest
from edge.errors import ModelError

CACHE = Path(".cache/models")


def load_manifest(path: Path) -> ModelManifest:
    """Read and check a manifest.

    Raises:
        ModelError: The file cannot be read or is not a manifest.
    """
    try:
        return ModelManifest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ModelError(f"{path}: cannot read the model's manifest: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "file"
        raise ModelError(f"{path}: not a model manifest: {where}: {first['msg']}") from error


def find_weights(manifest: ModelManifest, folder: Path) -> Path:
    """Return the path of the manifest's weights, verified by size and SHA-256.

    Raises:
        ModelError: The weights are nowhere, or differ from the manifest.
    """
    wanted = [file for file in manifest.files if file.name == manifest.weights]
    if not wanted:
        raise ModelError(f"model {manifest.name}: weights {manifest.weights!r} not among its files")
    places = [folder, Path(os.environ.get("SONGLAM_MODELS", CACHE)), CACHE]
    for place in places:
        path = place / manifest.weights
        if path.is_file():
            verify(path, wanted[0])
            return path
    looked = ", ".join(dict.fromkeys(str(place) for place in places))
    raise ModelError(
        f"model {manifest.name}: {manifest.weights} not found in {looked}; "
        "run scripts/fetch_assets --only models, or set SONGLAM_MODELS to its folder"
    )


def verify(path: Path, file: ModelFile) -> None:
    """Refuse a file that differs in size or hash.

    Raises:
        ModelError: Says which of the two differs.
    """
    try:
        size_bytes = path.stat().st_size
        if size_bytes != file.size_bytes:
            raise ModelError(
                f"{path}: {size_bytes} bytes, the manifest says {file.size_bytes}: "
                "truncated or another file"
            )
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"{path}: cannot read weights: {error.strerror}") from error
    if digest != file.sha256:
        raise ModelError(f"{path}: SHA-256 {digest[:12]}…, the manifest says {file.sha256[:12]}…")
