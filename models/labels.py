"""Pictures with boxes on disk: one text file beside each picture, a line a box.

``class x y w h``, class numbers of :data:`models.classes.CLASSES`, centre and size as shares of the
picture. Class ``-1`` marks a place where something is that must not be counted.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

IGNORED = -1
PICTURES = (".jpg", ".jpeg", ".png")


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One labelled picture.

    classes: int64 (n,), ``IGNORED`` or a class number.
    shares: float32 (n, 4), left, top, right, bottom as shares of width and height, 0..1.
    """

    picture: Path
    classes: NDArray[np.int64]
    shares: NDArray[np.float32]

    def boxes_px(self, size_px: tuple[int, int]) -> NDArray[np.float32]:
        """Return boxes (n, 4) left, top, right, bottom in pixels of a (width, height) picture."""
        return self.shares * np.array([*size_px, *size_px], np.float32)


def write_labels(
    path: Path, classes: NDArray[np.int64], xyxy_px: NDArray[Any], size_px: tuple[int, int]
) -> None:
    """Write boxes (n, 4), left, top, right, bottom in pixels, beside their picture."""
    xyxy = xyxy_px.reshape(-1, 4) / np.array([*size_px, *size_px], np.float64)
    rows = [
        f"{kind} {(x1 + x2) / 2:.6f} {(y1 + y2) / 2:.6f} {x2 - x1:.6f} {y2 - y1:.6f}\n"
        for kind, (x1, y1, x2, y2) in zip(classes.tolist(), xyxy.tolist(), strict=True)
    ]
    path.write_text("".join(rows), "utf-8")


def read_labels(
    path: Path, mapping: Mapping[int, int] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return classes (n,) and shares (n, 4); ``mapping`` renames classes, others are left out.

    Raises:
        ValueError: A line is not five numbers.
    """
    kinds, shares = [], []
    for line in path.read_text("utf-8").splitlines():
        if not line.strip():
            continue
        kind, x, y, w, h = (float(part) for part in line.split())
        named = int(kind) if mapping is None else mapping.get(int(kind))
        if named is not None:
            kinds.append(named)
            shares.append((x - w / 2, y - h / 2, x + w / 2, y + h / 2))
    return np.array(kinds, np.int64), np.array(shares, np.float32).reshape(-1, 4).clip(0, 1)


def read_folder(folder: Path, mapping: Mapping[int, int] | None = None) -> list[Sample]:
    """Return the samples of a folder in the order of their names.

    Labels lie beside the pictures, or in ``labels`` when the pictures are in ``images``.

    Raises:
        ValueError: A label file is malformed.
    """
    pictures = folder / "images" if (folder / "images").is_dir() else folder
    labels = folder / "labels" if pictures != folder else folder
    found = []
    for picture in sorted(pictures.iterdir()):
        text = labels / f"{picture.stem}.txt"
        if picture.suffix.lower() in PICTURES and text.is_file():
            found.append(Sample(picture, *read_labels(text, mapping)))
    return found


def digest(samples: list[Sample]) -> str:
    """Return one SHA-256 over names, pictures and labels: which data it was."""
    total = hashlib.sha256()
    for sample in samples:
        total.update(sample.picture.name.encode())
        total.update(hashlib.sha256(sample.picture.read_bytes()).digest())
        total.update(sample.classes.tobytes() + sample.shares.tobytes())
    return total.hexdigest()
