"""The map's files: where they are, and each one whole with its tag and its compressed form.

Invariants:
    * A file is read and compressed once per version (path, size, time of change); the memory of it
      holds at most the three files that exist.
    * Boundaries come from the assets folder and may be absent; roads and a coarse outline are ours.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

OWN = Path(__file__).parent
CACHE = OWN.parents[1] / ".cache" / "geo"
"""Where ``scripts/fetch_assets`` puts the boundaries."""
COMMUNES = "nghe_an_communes.geojson"
PROVINCE = "nghe_an_province.geojson"
ROADS = OWN / "roads.geojson"
OUTLINE = OWN / "outline.geojson"


@dataclass(frozen=True, slots=True)
class MapFile:
    """A GeoJSON file in memory."""

    plain: bytes
    packed: bytes
    """The same, gzip."""
    tag: str
    """ETag, with its quotes; the same for both forms is weak by RFC 9110, so it begins with W/."""


def find_boundaries(geo_dir: str, name: str) -> Path | None:
    """Return a file of boundaries, or None when it has not been fetched."""
    path = (Path(geo_dir) if geo_dir else CACHE) / name
    return path if path.is_file() else None


def load(path: Path) -> MapFile:
    """Return a file, from memory when it has not changed.

    Raises:
        OSError: It cannot be read.
    """
    state = path.stat()
    return _load(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=3)
def _load(path: Path, _size: int, _changed: int) -> MapFile:
    """Read and compress one version of a file."""
    plain = path.read_bytes()
    digest = hashlib.sha256(plain).hexdigest()[:32]
    return MapFile(plain, gzip.compress(plain, mtime=0), f'W/"{digest}"')
