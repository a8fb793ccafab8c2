"""What a camera's view usually looks like, and how the present picture differs from it.

Invariants:
    * Judged on small patches that have structure and stood still while the reference was learnt;
      traffic, trees and sky have little or no say.
    * Structure is compared without its light: dusk, a cloud or a headlight is no difference.
    * The reference is replaced, never blended: what the view had moved by is carried on, so a mast
      that leans slowly is noticed too.

Blind: a view without structure (an empty wall of asphalt) cannot be said to have moved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge.view.picture import FULL_PX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

PATCH_PX, NEAR_PX, REACH_PX = 24, 4, 16
"""Side of a patch; how far it is sought around its place as a rule (24 px at 1080p), and how far
where that finds nothing (96 px at 1080p)."""
COLUMNS, ROWS = 8, 5
MIN_STD = 1.2
"""Least structure of a patch, standard deviation of the relief. Source: stains of asphalt 1–3,
markings, kerbs, trees and houses 5–40 on the tuning clips."""
MIN_STEADY = 0.5
"""Least correlation with the reference while it is learnt; less is traffic or leaves in the wind.
Source: as above."""
MIN_PATCHES = 4
FOUND = 0.5
"""Likeness from which it need not be sought further away. Source: 0.63 and more on the clips."""
LOST = 0.3
"""Correlation below which a patch shows something else."""
FLAT = 0.35
"""Share of a patch's usual structure below which it shows nothing."""
LEARNS = 0.1
"""Share of a new correlation in a patch's weight."""
STRONG, MIN_EDGES = 0.98, 5.0
"""A patch has edges where the step that this share of its steps is smaller than is so many times
its common one. Source: normal noise has 3.4, whatever smooth shade lies under it; patches of other
views 6 and more by the median on the tuning clips, covers 4 at most, compressed ones as well."""
OUTVOTES = 2.0
"""Before a cover so many patches are bare for one that shows another structure. Source: 2.7 and
more under covers, 1.4 at most after turns, tuning clips."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How a picture differs from the reference.

    Attributes:
        likeness: Correlation with the reference at the best place, -1..1, by the patches that are
            usually steady.
        shift_px: By how far it has moved, 1080p pixels; None where no place fits.
        detail: Fine over coarse structure, by the median of the patches that show what they should;
            None where those are too few or no place fits.
        covered: Share of the patches, 0..1, before which something without structure stands: they
            are flat, or show something else that has no edges. 0 where half as many show another
            structure: that is another view, of the bare road for the most part.
    """

    likeness: float
    shift_px: float | None
    detail: float | None
    covered: float


class Reference:
    """The structure of one view."""

    def __init__(
        self,
        reliefs: Sequence[NDArray[np.float32]],
        offset_px: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        """Learn from a few pictures of the last seconds.

        Args:
            reliefs: float32 (180, 320) each, see :func:`edge.view.picture.relief`.
            offset_px: By how much the view had moved already, small pixels.
        """
        self._offset_px = offset_px
        self.moved_px = offset_px
        """By how much the view has moved in all, small pixels."""
        usual = np.median(np.stack(reliefs), axis=0).astype(np.float32)
        self._places = [
            place
            for place in _grid(usual.shape[0], usual.shape[1])
            if _cut(usual, place).std() >= MIN_STD
            and _steadiness(usual, reliefs, place) > MIN_STEADY
        ]
        self._patches = [_cut(usual, place) for place in self._places]
        self._pixels = _pixels(self._places, usual.shape[1])
        self._std = np.array([patch.std() for patch in self._patches])
        self._weight = np.full(len(self._places), 0.5)

    @property
    def is_usable(self) -> bool:
        """Say whether the view has enough structure to be compared."""
        return len(self._places) >= MIN_PATCHES

    def compare(self, relief: NDArray[np.float32], *, learn: bool) -> Difference:
        """Return how a picture differs.

        Args:
            relief: float32 (180, 320).
            learn: Let it teach which patches are steady; False while something is wrong.
        """
        likeness, shift, at_best = self._seek(relief, NEAR_PX)
        if likeness < FOUND or self._is_at_rim(NEAR_PX):
            likeness, shift, at_best = self._seek(relief, REACH_PX)
        if learn:
            self._weight += LEARNS * (at_best.clip(0.05, 1.0) - self._weight)
        now = relief.take(self._pixels)
        std, lost = now.std(axis=(1, 2)), at_best < LOST
        bare = std < FLAT * self._std
        bare[lost] |= _edges(now[lost]) < MIN_EDGES
        is_outvoted = np.count_nonzero(bare) < OUTVOTES * np.count_nonzero(lost & ~bare)
        return Difference(
            likeness=likeness,
            shift_px=shift,
            detail=None if shift is None else _detail(now[~lost], std[~lost]),
            covered=0.0 if is_outvoted else float(bare.mean()),
        )

    def _is_at_rim(self, reach_px: int) -> bool:
        """Say whether the place found last may lie beyond where it was sought."""
        steps = zip(self.moved_px, self._offset_px, strict=True)
        return max(abs(moved - offset) for moved, offset in steps) > reach_px - 1

    def _seek(
        self, relief: NDArray[np.float32], reach_px: int
    ) -> tuple[float, float | None, NDArray[np.float64]]:
        """Return likeness, shift in 1080p pixels, and each patch's correlation at the best place.

        Each patch's correlations around its place are a map; their weighted mean peaks where most
        of them agree, however many of them something stands before.
        """
        surfaces: NDArray[np.float64] = np.array(
            [
                cv2.matchTemplate(_cut(relief, place, reach_px), patch, cv2.TM_CCOEFF_NORMED)
                for place, patch in zip(self._places, self._patches, strict=True)
            ],
            np.float64,
        )
        mean = np.tensordot(self._weight / self._weight.sum(), surfaces, axes=1)
        row, column = (int(i) for i in np.unravel_index(int(mean.argmax()), mean.shape))
        likeness = float(mean[row, column])
        shift = None
        if likeness >= LOST:
            across = column + _vertex(mean[row], column) - reach_px
            along = row + _vertex(mean[:, column], row) - reach_px
            self.moved_px = (self._offset_px[0] + across, self._offset_px[1] + along)
            shift = float(np.hypot(*self.moved_px)) * FULL_PX
        return likeness, shift, surfaces[:, row, column]


def _grid(height: int, width: int) -> list[tuple[int, int]]:
    """Return (top, left) of the patches, far enough from the rim to be sought around."""
    tops = np.linspace(REACH_PX, height - REACH_PX - PATCH_PX, ROWS).astype(int)
    lefts = np.linspace(REACH_PX, width - REACH_PX - PATCH_PX, COLUMNS).astype(int)
    return [(int(top), int(left)) for top in tops for left in lefts]


def _pixels(places: Sequence[tuple[int, int]], width: int) -> NDArray[np.intp]:
    """Return int (n, 24, 24): where the pixels of each patch lie in a picture of that width."""
    side = np.arange(PATCH_PX)
    within = side[:, None] * width + side
    return np.array([top * width + left for top, left in places], np.intp)[:, None, None] + within


def _cut(
    relief: NDArray[np.float32], place: tuple[int, int], margin: int = 0
) -> NDArray[np.float32]:
    top, left = place[0] - margin, place[1] - margin
    side = PATCH_PX + 2 * margin
    return relief[top : top + side, left : left + side]


def _steadiness(
    usual: NDArray[np.float32], reliefs: Sequence[NDArray[np.float32]], place: tuple[int, int]
) -> float:
    """Return the median correlation of a patch with what it usually shows; 0 with no structure."""
    patch = _cut(usual, place)
    return float(np.median([correlation(_cut(relief, place), patch) for relief in reliefs]))


def correlation(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return the correlation of two patches of a size, -1..1; 0 where one has no structure."""
    first, second = one - one.mean(), other - other.mean()
    spread = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum()) / spread if spread > 0 else 0.0


def _detail(patches: NDArray[np.float32], std: NDArray[np.float32]) -> float | None:
    """Return the median of fine over all structure; None of fewer than ``MIN_PATCHES``."""
    if len(patches) < MIN_PATCHES:
        return None
    fine = np.abs(np.diff(patches, axis=2)).mean(axis=(1, 2))
    fine += np.abs(np.diff(patches, axis=1)).mean(axis=(1, 2))
    return float(np.median(fine / np.maximum(std, MIN_STD * FLAT)))


def _edges(patches: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return float32 (n,): how many common steps of brightness a strong one is, in each patch.

    A step of less than ``MIN_STD``, one grey level in the shade, is no measure: a codec leaves
    whole surfaces without any.
    """
    steps = np.abs(np.diff(patches, axis=2)).reshape(len(patches), PATCH_PX * (PATCH_PX - 1))
    common, strong = (round(share * (steps.shape[1] - 1)) for share in (0.5, STRONG))
    ranked = np.partition(steps, (common, strong), axis=1)
    return np.asarray(ranked[:, strong] / np.maximum(ranked[:, common], MIN_STD), np.float32)


def _vertex(values: NDArray[np.float64], at: int) -> float:
    """Return where between the neighbours a parabola through three values peaks, -0.5..0.5."""
    if not 0 < at < len(values) - 1:
        return 0.0
    left, mid, right = values[at - 1 : at + 2]
    bend = left - 2 * mid + right
    return 0.0 if bend >= 0 else float(np.clip((left - right) / (2 * bend), -0.5, 0.5))
