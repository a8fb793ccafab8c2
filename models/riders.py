"""Labels of others that hold bike and rider apart, made into ours: one box for both.

The box's own rule decides who sits on what, so labels and detections are merged alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edge.detector.select import with_riders
from edge.scene import Detections
from models.classes import CLASSES, number

if TYPE_CHECKING:
    from numpy.typing import NDArray


def merged(
    classes: NDArray[np.int64], xyxy: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return class numbers (n,) and boxes (n, 4) with riders in their bikes' boxes."""
    names = tuple(CLASSES[kind] for kind in classes.tolist())
    found = with_riders(Detections(xyxy, np.ones(len(names), np.float32), names))
    return np.array([number(name) for name in found.class_names], np.int64), found.xyxy
