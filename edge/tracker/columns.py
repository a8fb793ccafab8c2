"""Arrays that belong together: one row per track in each of them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(slots=True, eq=False)
class Columns:
    """A dataclass whose fields are arrays of equal length; rows come and go in all at once."""

    def keep(self, rows: NDArray[np.bool_]) -> None:
        """Drop every row but those marked in ``rows`` (n,)."""
        for column in fields(self):
            setattr(self, column.name, getattr(self, column.name)[rows])

    def extend(self, other: Self) -> None:
        """Append the rows of ``other``."""
        for column in fields(self):
            mine, theirs = getattr(self, column.name), getattr(other, column.name)
            setattr(self, column.name, np.concatenate([mine, theirs]))
