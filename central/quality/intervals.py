"""How sure a share is that was counted on few: Wilson's interval. Pure."""

from __future__ import annotations

from math import sqrt

Z_95 = 1.959963984540054
"""The normal deviate that 95 % lie within, on both sides. Source: Φ⁻¹(0.975)."""


def wilson(hits: int, trials: int) -> tuple[float, float] | None:
    """Return the 95 % score interval of a share; None where nothing was counted.

    Unlike the textbook interval it stays within 0 and 1 and is honest about 3 of 3.
    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    Journal of the American Statistical Association 22 (1927), 209-212.
    """
    if trials == 0:
        return None
    share, spread = hits / trials, Z_95 * Z_95 / trials
    middle = (share + spread / 2) / (1 + spread)
    half = sqrt(share * (1 - share) * spread + spread * spread / 4) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)
