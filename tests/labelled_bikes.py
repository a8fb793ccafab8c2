"""32 frames of a dense queue of motorbikes in Hà Nội, each with its true boxes; evaluation only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from tests.assets import asset

if TYPE_CHECKING:
    from numpy.typing import NDArray


def labelled() -> list[tuple[NDArray[np.uint8], NDArray[np.float64]]]:
    """Return (picture, true boxes (n, 4) in its pixels) of every labelled frame."""
    folder = asset("labelled/hanoi_bikes_32")
    found = []
    for path in sorted((folder / "images").iterdir()):
        picture = cv2.imread(str(path))
        assert picture is not None
        rows = np.loadtxt(folder / "labels" / f"{path.stem}.txt", ndmin=2)
        half = rows[:, 3:5] / 2
        relative = np.concatenate([rows[:, 1:3] - half, rows[:, 1:3] + half], axis=1)
        height, width = picture.shape[:2]
        found.append((np.asarray(picture, np.uint8), relative * [width, height, width, height]))
    return found
