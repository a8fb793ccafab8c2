"""Whether the centre really said so: Ed25519 over the manifest's exact bytes.

The box pins the centre's public key in its box file; who holds a box's token or the broker can
still not make it run a model of theirs. The manifest names every file by SHA-256, so one signature
covers them all.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import ValidationError

from edge.contract.messages import ModelManifest
from edge.errors import ModelError

if TYPE_CHECKING:
    from edge.contract.messages import DesiredMessage


def verified_manifest(desired: DesiredMessage, public_key: str) -> ModelManifest:
    """Return the manifest of a desired model once its signature has been checked.

    Args:
        desired: The centre's wish.
        public_key: Base64 of the 32 raw bytes, as in the box file.

    Raises:
        ModelError: No key is pinned, the signature is missing or another's, or the signed text is
            no manifest.
    """
    if not public_key:
        raise ModelError("no key of the centre is pinned: set centre.public_key in the box file")
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
    except (binascii.Error, ValueError) as error:
        raise ModelError(f"centre.public_key is not a base64 Ed25519 key: {error}") from error
    text = desired.manifest_json.encode()
    try:
        key.verify(base64.b64decode(desired.signature, validate=True), text)
    except (binascii.Error, InvalidSignature) as error:
        raise ModelError("the manifest is not signed by the centre whose key is pinned") from error
    try:
        manifest = ModelManifest.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ModelError(f"the signed manifest is unusable: {where}: {first['msg']}") from error
    if manifest.weights not in {file.name for file in manifest.files}:
        raise ModelError(f"the manifest's weights {manifest.weights!r} are not among its files")
    return manifest
