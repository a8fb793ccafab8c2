"""What an upload request means: tus 1.0 core and creation, as far as boxes use it.

Source: https://tus.io/protocols/resumable-upload, version 1.0.0.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field, ValidationError

from central.problems import Problem
from edge.contract.messages import EvidenceKind, Identifier, Sha256

if TYPE_CHECKING:
    from collections.abc import Mapping

TUS_VERSION = "1.0.0"
TUS_HEADERS = {"Tus-Resumable": TUS_VERSION, "Cache-Control": "no-store"}
CHUNK_TYPE = "application/offset+octet-stream"
WRONG_HASH = 460
"""tus' status for a checksum mismatch."""


class UploadRequest(BaseModel):
    """What a box says when it begins an upload."""

    evidence_id: Identifier
    incident_id: Identifier
    kind: EvidenceKind
    media_type: str = Field(max_length=80)
    sha256: Sha256
    size_bytes: int = Field(ge=0)


def parse_creation(headers: Mapping[str, str], max_bytes: int) -> UploadRequest:
    """Return what the headers of a creation ask for.

    Raises:
        Problem: 412, another tus version; 413, too large; 422, anything missing or malformed.
    """
    check_version(headers)
    try:
        told = parse_metadata(headers.get("upload-metadata", ""))
        wanted = UploadRequest.model_validate(
            {**told, "size_bytes": headers.get("upload-length", "")}
        )
    except (ValueError, ValidationError) as error:
        raise Problem(
            422, "bad_upload", "Yêu cầu tải lên không hợp lệ.", f"Bad upload request: {error}"
        ) from error
    if wanted.size_bytes > max_bytes:
        raise Problem(
            413,
            "too_large",
            "Tệp quá lớn.",
            f"{wanted.size_bytes} bytes; at most {max_bytes} are accepted.",
        )
    return wanted


def check_version(headers: Mapping[str, str]) -> None:
    """Refuse another version of the protocol.

    Raises:
        Problem: 412, ``Tus-Resumable`` is not ours.
    """
    if headers.get("tus-resumable") != TUS_VERSION:
        problem = Problem(
            412, "tus_version", "Phiên bản tus không hỗ trợ.", f"Tus-Resumable: {TUS_VERSION} only."
        )
        problem.headers = {"Tus-Version": TUS_VERSION}
        raise problem


def parse_metadata(text: str) -> dict[str, str]:
    """Return the pairs of ``Upload-Metadata``: names, each with a base64 value.

    Raises:
        ValueError: A value is not base64 of UTF-8.
    """
    pairs = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, _, value = part.partition(" ")
        try:
            pairs[name] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise ValueError(f"Upload-Metadata: {name} is not base64 of UTF-8") from error
    return pairs


def parse_offset(headers: Mapping[str, str]) -> int:
    """Return ``Upload-Offset`` of a chunk.

    Raises:
        Problem: 412 or 415 or 422, the request is not a chunk of tus 1.0.0.
    """
    check_version(headers)
    if headers.get("content-type") != CHUNK_TYPE:
        raise Problem(415, "bad_type", "Sai kiểu nội dung.", f"Content-Type: {CHUNK_TYPE} only.")
    offset = headers.get("upload-offset", "")
    if not offset.isdecimal():
        raise Problem(
            422, "bad_offset", "Thiếu vị trí tải lên.", "Upload-Offset must be a whole number."
        )
    return int(offset)
