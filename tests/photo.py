"""Photos as phones make them: as small as can be, plain or telling more than they should."""

from __future__ import annotations

PICTURE = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x12\x34\xff\x00\x56\xff\xd9"
"""The beginning of the scan, some entropy-coded bytes, the end."""


def segment(marker: int, body: bytes) -> bytes:
    """Return one segment of a JPEG."""
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2) + body


JFIF = segment(0xE0, b"JFIF\x00\x01\x02\x00\x00\x01\x00\x01\x00\x00")
TABLE = segment(0xDB, b"\x00" + bytes(64))


def jpeg(*more: bytes, name: str = "") -> bytes:
    """Return a JPEG with ``more`` segments; another ``name`` makes another photo."""
    other = segment(0xE2, b"ICC_PROFILE\x00" + name.encode())
    return b"\xff\xd8" + JFIF + other + b"".join(more) + TABLE + PICTURE


EXIF = segment(0xE1, b"Exif\x00\x00MM\x00*GPS")
XMP = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\x00<x/>")
IPTC = segment(0xED, b"Photoshop 3.0\x008BIM")
FILM = segment(0xE2, b"MPF\x00II*\x00")
COMMENT = segment(0xFE, b"taken by")
