"""Small draws from a generator that many shapes need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.simulation.mesh import srgb

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from edge.simulation.mesh import Rgb


def chance(rng: np.random.Generator, share: float) -> bool:
    """Return True in a share of all draws."""
    return bool(rng.random() < share)


def tone(rng: np.random.Generator, codes: Sequence[int]) -> Rgb:
    """Return one of some 0xRRGGBB as a linear colour."""
    return srgb(codes[int(rng.integers(len(codes)))])
