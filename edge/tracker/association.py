"""Which detection is which track: gated costs, then the cheapest assignment.

Pure functions of columns. The cost of a pair is ``1 - overlap`` plus the distance of the foot point
in standard deviations, scaled so that the gate costs one half. Pairs outside the gate never meet,
unless the track's kind needs more room than two could share and the boxes overlap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment

from edge.geometry import iou

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORBIDDEN = 1e6
GATE = 20.0
"""Squared distance in two dimensions. Source: chi-square, 2 degrees of freedom, 99.995 %; wide,
because the cost decides among rivals and a track lost is worse than one borrowed."""
GATE_COST = 0.5
MAX_LOG_HEIGHT = 0.7
"""A detection more than twice or less than half as high is another road user."""


WITNESSES, SURE = 4, 3.0
"""Tracks from which on they may say that the picture moved, and how many standard errors it must
have moved by what most of them say."""
SHIFT_MIN_IOU = 0.3
MEDIAN_ERROR = 1.4826 * 1.2533
"""Standard error of a median from the median deviation, times the root of their number.
Source: F. Hampel, "The influence curve and its role in robust estimation", JASA 69, 1974; the
median of a normal sample scatters by sqrt(pi / 2) of what its mean does."""


def common_shift(
    overlap: NDArray[np.float32], predicted: NDArray[np.float64], measured: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return by how much the whole picture moved more than all expected, (2,) pixels; mostly zero.

    A pole in the wind or a bump of the road moves everybody at once. Told by those whose best
    partner has them for its best.

    overlap: (n, m). predicted: (n, 4) foot x, foot y, ... measured: (m, 4) the same.
    """
    if min(overlap.shape) < WITNESSES:
        return np.zeros(2)
    rows, best = np.arange(len(overlap)), overlap.argmax(axis=1)
    mutual = (overlap.argmax(axis=0)[best] == rows) & (overlap[rows, best] >= SHIFT_MIN_IOU)
    if mutual.sum() < WITNESSES:
        return np.zeros(2)
    gaps = measured[best[mutual], :2] - predicted[mutual, :2]
    middle = _medians(gaps)
    error = MEDIAN_ERROR * _medians(np.abs(gaps - middle)) / np.sqrt(len(gaps))
    return np.where(np.abs(middle) > SURE * error, middle, 0.0)


def _medians(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median of each column; NumPy's own takes four times as long on so few rows."""
    ordered, half = np.sort(values, axis=0), len(values) // 2
    middle: NDArray[np.float64] = (ordered[-half - 1] + ordered[half]) / 2
    return middle


def costs(
    predicted: NDArray[np.float64],
    spread: NDArray[np.float64],
    xyxy: NDArray[np.float64],
    measured: NDArray[np.float64],
    detected: NDArray[np.float32],
    same_place_iou: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the cost and the overlap of every track with every detection, both (n, m).

    predicted, spread: (n, 4) foot x, foot y, width, height and their variance.
    xyxy: (n, 4) predicted boxes. measured, detected: (m, 4) the same of the detections.
    same_place_iou: (n,) overlap from which a pair may meet outside the gate, at the gate's price.
    """
    overlap = iou(xyxy, detected)
    # One column after the other in single precision: three times as fast as (n, m, 4) at once.
    here, there = predicted.astype(np.float32), measured.astype(np.float32)
    weight = (1 / spread[:, :2]).astype(np.float32)
    distance = np.subtract.outer(here[:, 0], there[:, 0])
    distance *= distance
    distance *= weight[:, :1]
    along = np.subtract.outer(here[:, 1], there[:, 1])
    along *= along
    along *= weight[:, 1:]
    distance += along
    log_height = np.subtract.outer(np.log(here[:, 3]), np.log(there[:, 3]))
    np.abs(log_height, out=log_height)
    apart = (distance > GATE) & (overlap < same_place_iou[:, None])
    cost = np.minimum(distance, GATE, out=distance)
    cost *= np.float32(GATE_COST / GATE)
    cost += 1 - overlap
    np.copyto(cost, np.float32(FORBIDDEN), where=apart | (log_height > MAX_LOG_HEIGHT))
    return cost, overlap


def assign(
    cost: NDArray[np.float32], allowed: NDArray[np.bool_], limit: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows and columns of the cheapest of the pairs that are allowed, both (n, m).

    To leave two alone costs ``limit``, and no allowed pair more. Pairs that have no rival are taken
    at once; only the rest is solved. On a road most tracks have exactly one detection near them,
    which makes this several times faster with the same answer.
    """
    pairs_row, pairs_column = np.divmod(np.flatnonzero(allowed), allowed.shape[1])
    rivals_row = np.bincount(pairs_row, minlength=cost.shape[0])
    rivals_column = np.bincount(pairs_column, minlength=cost.shape[1])
    alone = (rivals_row[pairs_row] == 1) & (rivals_column[pairs_column] == 1)
    rows, columns = pairs_row[alone], pairs_column[alone]
    rivals_row[rows], rivals_column[columns] = 0, 0
    open_rows, open_columns = np.flatnonzero(rivals_row), np.flatnonzero(rivals_column)
    if len(open_rows) and len(open_columns):
        # Below zero is the gain over leaving both alone. Without this the solver would rather shift
        # a whole queue by one place than leave one track and one detection unmatched.
        those = np.ix_(open_rows, open_columns)
        gain = np.where(allowed[those], np.minimum(cost[those] - limit, 0), 0)
        solved_rows, solved_columns = linear_sum_assignment(gain)
        real = gain[solved_rows, solved_columns] < 0
        rows = np.concatenate([rows, open_rows[solved_rows[real]]])
        columns = np.concatenate([columns, open_columns[solved_columns[real]]])
    return rows, columns
