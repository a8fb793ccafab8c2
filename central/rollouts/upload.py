"""The form that brings a model version: read part by part, refused by its length before any of it.

The framework's own file parameters read the whole form before any check could run; a box of weights
must not fill the disk before someone looks at its size. Nothing here knows what a model is.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import BinaryIO

from fastapi import Request
from starlette.datastructures import UploadFile

from central.centre import CentreDep
from central.problems import Problem

TEXT_BYTES = 1_000_000
"""What manifest.json and the form around the files may take."""
_FILE = {"type": "string", "format": "binary"}
MODEL_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["manifest", "weights"],
                    "properties": {
                        "manifest": {
                            "type": "string",
                            "description": "manifest.json; hashes it states are checked",
                        },
                        "weights": {**_FILE, "description": "The ONNX file"},
                        "golden": {**_FILE, "description": "Short clip for the self-test"},
                    },
                }
            }
        },
    }
}
"""The form as the OpenAPI document describes it."""


@dataclass(frozen=True, slots=True)
class UploadedModel:
    """A form as the browser sent it; the files live until the request ends."""

    manifest: str
    weights: BinaryIO
    golden: BinaryIO | None


async def uploaded_model(request: Request, centre: CentreDep) -> AsyncIterator[UploadedModel]:
    """Give the parts of the form.

    Raises:
        Problem: 411 without a length, 413 when too large, 422 when a part is missing.
    """
    length = request.headers.get("content-length", "")
    if not length.isdigit():
        raise Problem(411, "length_required", "Thiếu Content-Length.", "Content-Length is needed.")
    limit_bytes = centre.settings.model_max_bytes
    if int(length) > limit_bytes + TEXT_BYTES:
        raise Problem(
            413,
            "too_large",
            f"Mô hình lớn hơn {limit_bytes} byte.",
            f"A model may have {limit_bytes} bytes (SONGLAM_MODEL_MAX_BYTES).",
        )
    async with request.form(max_files=2, max_fields=1, max_part_size=TEXT_BYTES) as form:
        manifest, weights, golden = (form.get(part) for part in ("manifest", "weights", "golden"))
        if not isinstance(manifest, str) or not isinstance(weights, UploadFile):
            raise Problem(
                422,
                "no_file",
                "Cần manifest.json và tệp trọng số.",
                "The form needs the text “manifest” and the file “weights”.",
            )
        clip = golden.file if isinstance(golden, UploadFile) else None
        yield UploadedModel(manifest, weights.file, clip)
