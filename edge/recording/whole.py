"""How much of a video file is whole: a kill or a power cut may end it in the middle of a picture.

FFmpeg passes over half a picture, but refuses a whole file whose last fragment header is cut off.
So a growing file is read only as far as it is whole, and what a power cut tore is trimmed at start.

Source: ISO/IEC 14496-12, 4.2: a file is a row of boxes, each with its size (32 bits, big endian)
and type in front. Matroska needs none of this: its readers begin anew at every cluster.
"""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

HEADER_BYTES = 8
ENDS = (b"moov", b"mdat")
"""Boxes after which a file may end: the header, and the pictures of a fragment."""


def whole_bytes(path: Path) -> int:
    """Return up to where a file can be read; 0 when not even its header is whole.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        if path.suffix != ".mp4":
            return size
        at, whole = 0, 0
        while at + HEADER_BYTES <= size:
            header = os.pread(file.fileno(), HEADER_BYTES, at)
            box_bytes, kind = struct.unpack(">I4s", header)
            if box_bytes < HEADER_BYTES or at + box_bytes > size:
                break
            at += box_bytes
            if kind in ENDS:
                whole = at
        # What follows the last picture of a finished file (its index) is whole too.
        return at if at == size else whole


def readable_part(path: Path) -> str:
    """Return what FFmpeg opens to see the whole part of a file and nothing else.

    Raises:
        OSError: The file cannot be read.
    """
    return f"subfile,,start,0,end,{whole_bytes(path)},,:{path}"


def trim(path: Path) -> int:
    """Cut off what is not whole; return how many bytes.

    Raises:
        OSError: The file cannot be read or changed.
    """
    torn = path.stat().st_size - (whole := whole_bytes(path))
    if torn:
        os.truncate(path, whole)
    return torn
