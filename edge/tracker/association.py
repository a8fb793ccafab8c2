"""Which detection is which track: gated costs, then the cheapest assignment.

Pure functions of columns. The cost of a pair is ``1 - overlap`` plus the distance of the foot point
in standard deviations, scaled so that the gate costs one half. Pairs outside the gate never meet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment

from edge.geometry import iou

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORBIDDEN = 1e6
GATE = 13.8
"""Squared distance in two dimensions. Source: chi-square, 2 degrees of freedom, 99.9 %."""
GATE_COST = 0.5
MAX_LOG_HEIGHT = 0.7
"""A detection more than twice or less than half as high is another road user."""


def costs(
    predicted: NDArray[np.float64],
    spread: NDArray[np.float64],
    xyxy: NDArray[np.float64],
    measured: NDArray[np.float64],
    detected: NDArray[np.float32],
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Return the cost and the overlap of every track with every detection, both (n, m).

    predicted, spread: (n, 4) foot x, foot y, width, height and their variance.
    xyxy: (n, 4) predicted boxes. measured, detected: (m, 4) the same of the detections.
    """
    overlap = iou(xyxy, detected)
    gap = (predicted[:, None, :2] - measured[None, :, :2]) ** 2
    distance = (gap / spread[:, None, :2]).sum(axis=2)
    log_height = np.abs(np.log(predicted[:, None, 3]) - np.log(measured[None, :, 3]))
    cost = (1 - overlap) + GATE_COST * distance / GATE
    cost[(distance > GATE) | (log_height > MAX_LOG_HEIGHT)] = FORBIDDEN
    return cost, overlap


def assign(cost: NDArray[np.float64], limit: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows and columns of the cheapest pairs, none dearer than ``limit``.

    Pairs that have no rival are taken at once; only the rest is solved. On a road most tracks have
    exactly one detection near them, which makes this several times faster with the same answer.
    """
    possible = cost <= limit
    rivals_row, rivals_column = possible.sum(axis=1), possible.sum(axis=0)
    rows, columns = np.nonzero(
        possible & (rivals_row == 1)[:, None] & (rivals_column == 1)[None, :]
    )
    open_rows = np.setdiff1d(np.flatnonzero(rivals_row), rows)
    open_columns = np.setdiff1d(np.flatnonzero(rivals_column), columns)
    if len(open_rows) and len(open_columns):
        block = np.where(possible, cost, FORBIDDEN)[np.ix_(open_rows, open_columns)]
        solved_rows, solved_columns = linear_sum_assignment(block)
        real = block[solved_rows, solved_columns] <= limit
        rows = np.concatenate([rows, open_rows[solved_rows[real]]])
        columns = np.concatenate([columns, open_columns[solved_columns[real]]])
    return rows, columns
