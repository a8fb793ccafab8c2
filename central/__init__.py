"""The centre: stores what the boxes saw, shows it, and rolls out what they run.

Invariant: of :mod:`edge` it imports :mod:`edge.contract` and nothing else.
"""

__version__ = "0.1.0"
