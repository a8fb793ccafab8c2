"""Model files from the centre: resumed where they broke off, checked, whole or not at all.

Invariants:
    * A file stands under its own name only when size and SHA-256 are those of the manifest; until
      then it is ``<name>.part`` and the next attempt goes on from its length.
    * A file that proves wrong is deleted, so that a second attempt begins anew.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import httpx

from edge.errors import BrokerError, ModelError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge.contract.messages import ModelFile

TRY_LATER = frozenset({401, 403, 408, 425, 429})


def fetch_file(
    http: httpx.Client,
    url_path: str,
    file: ModelFile,
    folder: Path,
    on_bytes: Callable[[int], bool],
) -> None:
    """Make ``folder/file.name`` exist with the right content.

    Args:
        http: Client with the centre's address and the box's token.
        url_path: Path of the file at the centre.
        file: Name, size and hash wanted.
        folder: Where it goes; must exist.
        on_bytes: Told how many more bytes are here; returns False to stop.

    Raises:
        BrokerError: The centre cannot be reached now, broke off, or the caller stopped it.
        ModelError: The centre does not have the file, or what it has is not what was signed.
        OSError: The disk is full or cannot be written.
    """
    path = folder / file.name
    if path.exists():
        if _matches(path, file):
            on_bytes(file.size_bytes)
            return
        path.unlink()
    part = folder / f"{file.name}.part"
    have = part.stat().st_size if part.exists() else 0
    if have > file.size_bytes:
        part.unlink()
        have = 0
    go_on = on_bytes(have)
    if have < file.size_bytes:
        _fetch_rest(http, url_path, part, have, on_bytes if go_on else lambda _: False)
    _complete(part, path, file)


def _fetch_rest(
    http: httpx.Client, url_path: str, part: Path, have: int, on_bytes: Callable[[int], bool]
) -> None:
    """Append what is missing to ``part``.

    Raises:
        BrokerError: It broke off.
        ModelError: The centre refuses for good.
    """
    try:
        with http.stream("GET", url_path, headers={"Range": f"bytes={have}-"}) as answer:
            _check_answer(answer, url_path)
            # A server without ranges sends everything once more: begin anew.
            mode = "ab" if answer.status_code == httpx.codes.PARTIAL_CONTENT else "wb"
            with part.open(mode) as out:
                # In the pieces that arrive: collecting larger ones would lose them at a break.
                for chunk in answer.iter_bytes():
                    out.write(chunk)
                    if not on_bytes(len(chunk)):
                        raise BrokerError("stopped")
                out.flush()
                os.fsync(out.fileno())
    except httpx.HTTPError as error:
        raise BrokerError(f"download broke off: {error}") from error


def _check_answer(answer: httpx.Response, url_path: str) -> None:
    """Let a success pass.

    Raises:
        BrokerError: Worth another attempt.
        ModelError: The centre will not change its mind.
    """
    status = answer.status_code
    if answer.is_success:
        return
    if answer.is_client_error and status not in TRY_LATER:
        raise ModelError(f"the centre does not serve {url_path}: HTTP {status}")
    raise BrokerError(f"the centre cannot serve {url_path} now: HTTP {status}")


def _complete(part: Path, path: Path, file: ModelFile) -> None:
    """Give a complete download its name.

    Raises:
        BrokerError: It is still too short.
        ModelError: It is not what was signed.
    """
    size = part.stat().st_size if part.exists() else 0
    if size < file.size_bytes:
        raise BrokerError(f"{file.name}: {size} of {file.size_bytes} bytes came")
    if not _matches(part, file):
        part.unlink()
        raise ModelError(f"{file.name} is not the signed file: size or SHA-256 differs")
    part.replace(path)


def _matches(path: Path, file: ModelFile) -> bool:
    """Tell whether a file has the size and SHA-256 of the manifest."""
    if path.stat().st_size != file.size_bytes:
        return False
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest() == file.sha256
